use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::host::Host;

/// What metadata.yaml says about the charm's endpoints.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    provides: BTreeMap<String, Declared>,
    requires: BTreeMap<String, Declared>,
    peers: BTreeMap<String, Declared>,
}

#[derive(Debug, Clone, Deserialize)]
struct Declared {
    interface: String,
}

/// Which side of a relation an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It offers the interface.
    Provides,
    /// It asks for it.
    Requires,
    /// It relates the application to itself.
    Peers,
}

/// One endpoint of the charm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its side.
    pub role: Role,
    /// What is spoken over it.
    pub interface: &'a str,
}

impl Metadata {
    /// Reads the metadata.yaml in the charm's folder.
    pub fn read(host: &Host, charm_dir: &Path) -> Result<Self> {
        let path = charm_dir.join("metadata.yaml");
        let text = host.read(&path)?.with_context(|| {
            format!(
                "{} is missing, which says what endpoints the charm has: run this in the charm's folder, or set JUJU_CHARM_DIR to it",
                path.display()
            )
        })?;
        Self::parse(&String::from_utf8_lossy(&text))
            .with_context(|| format!("cannot read {}", path.display()))
    }

    /// Reads the text of a metadata.yaml.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(serde_saphyr::from_str(text)?)
    }

    /// All endpoints.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint<'_>> {
        [(Role::Provides, &self.provides), (Role::Requires, &self.requires), (Role::Peers, &self.peers)]
            .into_iter()
            .flat_map(|(role, declared)| {
                declared.iter().map(move |(name, declared)| Endpoint {
                    name,
                    role,
                    interface: &declared.interface,
                })
            })
    }

    /// The endpoint of that name.
    pub fn endpoint(&self, name: &str) -> Option<Endpoint<'_>> {
        self.endpoints().find(|endpoint| endpoint.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_any_name_have_a_role_and_an_interface() {
        let metadata = Metadata::parse(
            "name: x\nsummary: y\nprovides:\n  front: {interface: ssl-termination}\nrequires:\n  back:\n    interface: http\n    optional: true\n",
        )
        .unwrap();
        let front = metadata.endpoint("front").unwrap();
        assert_eq!((front.role, front.interface), (Role::Provides, "ssl-termination"));
        assert_eq!(metadata.endpoint("back").unwrap().role, Role::Requires);
        assert_eq!(metadata.endpoint("none"), None);
        assert_eq!(metadata.endpoints().count(), 2);
    }
}
