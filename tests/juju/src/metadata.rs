use std::collections::BTreeMap;

use serde::Deserialize;

/// What a charm says about itself: the part of `metadata.yaml` that Juju acts on.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) subordinate: bool,
    #[serde(default)]
    provides: BTreeMap<String, Declared>,
    #[serde(default)]
    requires: BTreeMap<String, Declared>,
    #[serde(default)]
    peers: BTreeMap<String, Declared>,
    #[serde(default, rename = "extra-bindings")]
    extra_bindings: BTreeMap<String, Option<serde_json::Value>>,
}

/// One endpoint of a charm, its name looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) interface: String,
    pub(crate) scope: Scope,
}

/// Which part an endpoint plays in its relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Requirer,
    Provider,
    Peer,
}

/// Whom a unit sees: everyone on the other side, or its counterpart on the same machine only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    #[default]
    Global,
    Container,
}

/// An endpoint as written: `website: http` is short for `website: {interface: http}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Declared {
    Short(String),
    Long {
        interface: String,
        #[serde(default)]
        scope: Scope,
    },
}

impl Metadata {
    /// The endpoint of that name. Every charm provides `juju-info`.
    pub(crate) fn endpoint(&self, name: &str) -> Option<Endpoint> {
        let declared =
            [(&self.requires, Role::Requirer), (&self.provides, Role::Provider), (&self.peers, Role::Peer)]
                .into_iter()
                .find_map(|(endpoints, role)| Some((endpoints.get(name)?, role)));
        let (interface, role, scope) = match declared {
            Some((Declared::Short(interface), role)) => (interface.clone(), role, Scope::Global),
            Some((Declared::Long { interface, scope }, role)) => (interface.clone(), role, *scope),
            None if name == "juju-info" => (name.to_owned(), Role::Provider, Scope::Global),
            None => return None,
        };
        Some(Endpoint { name: name.to_owned(), role, interface, scope })
    }

    /// The names of the peer endpoints.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &str> {
        self.peers.keys().map(String::as_str)
    }

    /// Whether `network-get` knows the name: an endpoint or an extra binding.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.endpoint(name).is_some() || self.extra_bindings.contains_key(name)
    }
}

impl Endpoint {
    /// Whether Juju made the endpoint up: no hooks run for it.
    pub(crate) fn is_implicit(&self) -> bool {
        self.name == "juju-info" && self.role == Role::Provider
    }
}
