use std::fmt;

use crate::{Name, RelationId};

/// One thing that Juju tells one unit by running a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The kind of hook.
    pub kind: HookKind,
    /// The relation of a relation hook.
    pub relation: Option<RelationId>,
    /// This unit's endpoint of that relation.
    pub endpoint: Option<String>,
    /// `JUJU_REMOTE_UNIT`, where it isn't empty.
    pub remote_unit: Option<Name>,
    /// `JUJU_REMOTE_APP`.
    pub remote_app: Option<Name>,
    /// `JUJU_DEPARTING_UNIT` of a departed hook.
    pub departing: Option<Name>,
    /// `JUJU_SECRET_ID` of a secret hook, as `secret:ID`.
    pub secret: Option<String>,
    /// `JUJU_SECRET_LABEL`.
    pub secret_label: String,
    /// `JUJU_SECRET_REVISION`, 0 where there is none.
    pub secret_revision: u32,
    /// The version of the remote data that this event tells of.
    pub(crate) version: u64,
}

/// The kinds of hook that this model runs, in Juju's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Juju's own")]
pub enum HookKind {
    Install,
    Start,
    Stop,
    Remove,
    ConfigChanged,
    UpgradeCharm,
    UpdateStatus,
    LeaderElected,
    LeaderSettingsChanged,
    RelationCreated,
    RelationJoined,
    RelationChanged,
    RelationDeparted,
    RelationBroken,
    SecretChanged,
    SecretExpired,
    SecretRemove,
    SecretRotate,
}

impl HookKind {
    fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Remove => "remove",
            Self::ConfigChanged => "config-changed",
            Self::UpgradeCharm => "upgrade-charm",
            Self::UpdateStatus => "update-status",
            Self::LeaderElected => "leader-elected",
            Self::LeaderSettingsChanged => "leader-settings-changed",
            Self::RelationCreated => "relation-created",
            Self::RelationJoined => "relation-joined",
            Self::RelationChanged => "relation-changed",
            Self::RelationDeparted => "relation-departed",
            Self::RelationBroken => "relation-broken",
            Self::SecretChanged => "secret-changed",
            Self::SecretExpired => "secret-expired",
            Self::SecretRemove => "secret-remove",
            Self::SecretRotate => "secret-rotate",
        }
    }
}

impl Event {
    /// An event that has nothing to do with a relation.
    pub(crate) fn of(kind: HookKind) -> Self {
        Self {
            kind,
            relation: None,
            endpoint: None,
            remote_unit: None,
            remote_app: None,
            departing: None,
            secret: None,
            secret_label: String::new(),
            secret_revision: 0,
            version: 0,
        }
    }

    /// The hook's name, as in `hooks/NAME`.
    pub fn hook(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}-{}", self.kind.name()),
            None => self.kind.name().to_owned(),
        }
    }

    /// Whether both are the same hook about the same unit, perhaps about different versions of its data.
    pub(crate) fn is_same_hook(&self, other: &Self) -> bool {
        let whom =
            |event: &Self| (event.kind, event.relation, event.remote_unit.clone(), event.remote_app.clone());
        whom(self) == whom(other)
            && (&self.secret, self.secret_revision) == (&other.secret, other.secret_revision)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hook())?;
        if let Some(relation) = self.relation {
            write!(f, " ({relation}")?;
            if let Some(remote) = self.remote_unit.as_ref().or(self.remote_app.as_ref()) {
                write!(f, ", {remote}")?;
            }
            f.write_str(")")?;
        }
        if let Some(secret) = &self.secret {
            write!(f, " ({secret})")?;
        }
        Ok(())
    }
}
