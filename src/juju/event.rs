use std::fmt;

use super::{RelationId, UnitName};
use crate::wire::SecretUri;

/// What Juju tells the unit with this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The unit itself: installed, configured, started …
    Lifecycle(Lifecycle),
    /// A relation.
    Relation(RelationEvent),
    /// A secret that we read or own.
    Secret(SecretEvent),
    /// A person's action, by its name.
    Action(String),
    /// Any other hook, by its name: storage, and what Juju may add.
    Other(String),
    /// No hook at all: `juju exec`, a command line.
    None,
}

/// A step in a unit's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the hook of the same name in Juju's documentation")]
pub enum Lifecycle {
    Install,
    ConfigChanged,
    Start,
    Stop,
    Remove,
    UpgradeCharm,
    UpdateStatus,
    LeaderElected,
    LeaderSettingsChanged,
}

impl Lifecycle {
    const NAMES: [(&'static str, Self); 9] = [
        ("install", Self::Install),
        ("config-changed", Self::ConfigChanged),
        ("start", Self::Start),
        ("stop", Self::Stop),
        ("remove", Self::Remove),
        ("upgrade-charm", Self::UpgradeCharm),
        ("update-status", Self::UpdateStatus),
        ("leader-elected", Self::LeaderElected),
        ("leader-settings-changed", Self::LeaderSettingsChanged),
    ];
}

/// Something happened to a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationEvent {
    /// What happened.
    pub kind: RelationKind,
    /// The relation.
    pub relation: RelationId,
    /// The unit it is about; none in created and broken, and when an application's databag changed.
    pub remote_unit: Option<UnitName>,
    /// The application at the other side.
    pub remote_app: String,
    /// In departed: the unit that leaves, which may be our own.
    pub departing: Option<UnitName>,
}

/// What can happen to a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the hook of the same ending in Juju's documentation")]
pub enum RelationKind {
    Created,
    Joined,
    Changed,
    Departed,
    Broken,
}

impl RelationKind {
    const SUFFIXES: [(&'static str, Self); 5] = [
        ("-relation-created", Self::Created),
        ("-relation-joined", Self::Joined),
        ("-relation-changed", Self::Changed),
        ("-relation-departed", Self::Departed),
        ("-relation-broken", Self::Broken),
    ];

    /// Splits a relation hook's name into the endpoint and what happened.
    pub fn of_hook(hook: &str) -> Option<(&str, Self)> {
        Self::SUFFIXES.iter().find_map(|(suffix, kind)| Some((hook.strip_suffix(suffix)?, *kind)))
    }

    fn suffix(self) -> &'static str {
        Self::SUFFIXES.iter().find(|(_, kind)| *kind == self).map_or("", |(suffix, _)| suffix)
    }
}

/// Something happened to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretEvent {
    /// What happened.
    pub kind: SecretKind,
    /// The secret.
    pub secret: SecretUri,
    /// In remove and expired: the revision it is about.
    pub revision: Option<u32>,
}

/// What can happen to a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// One that we have read has another content.
    Changed,
    /// Nobody reads a revision of ours any more.
    Remove,
    /// It is time to give ours another content.
    Rotate,
    /// A revision of ours has reached its end.
    Expired,
}

impl SecretKind {
    const NAMES: [(&'static str, Self); 4] = [
        ("secret-changed", Self::Changed),
        ("secret-remove", Self::Remove),
        ("secret-rotate", Self::Rotate),
        ("secret-expired", Self::Expired),
    ];

    /// What the hook of this name is about.
    pub fn of_hook(hook: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == hook).map(|(_, kind)| *kind)
    }

    /// The hook's name.
    pub fn hook(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl Event {
    /// The hooks in which Juju allows next to nothing; we do nothing in them.
    pub fn is_restricted(hook: &str) -> bool {
        matches!(hook, "collect-metrics" | "meter-status-changed")
    }

    /// The event of a hook that is neither a relation's nor a secret's.
    pub(super) fn of_hook(hook: &str) -> Self {
        let lifecycle = Lifecycle::NAMES.iter().find(|(name, _)| *name == hook);
        lifecycle.map_or_else(|| Self::Other(hook.to_owned()), |(_, step)| Self::Lifecycle(*step))
    }

    /// Whether this is the given step of the unit's life.
    pub fn is(&self, step: Lifecycle) -> bool {
        *self == Self::Lifecycle(step)
    }

    /// The secret of which Juju says that it has another content.
    pub fn changed_secret(&self) -> Option<&SecretUri> {
        match self {
            Self::Secret(SecretEvent { kind: SecretKind::Changed, secret, .. }) => Some(secret),
            _ => None,
        }
    }

    /// Whether Juju runs this in its order of events; actions and `juju exec` come in between.
    pub fn is_hook(&self) -> bool {
        !matches!(self, Self::Action(_) | Self::None)
    }
}

/// The hook's name, and what it is about: `web-relation-changed web:3 blog/0`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lifecycle(step) => {
                let name = Lifecycle::NAMES.iter().find(|(_, named)| named == step);
                f.write_str(name.map_or("", |(name, _)| name))
            }
            Self::Relation(event) => {
                write!(f, "{}{} {}", event.relation.endpoint(), event.kind.suffix(), event.relation)?;
                event.remote_unit.iter().try_for_each(|unit| write!(f, " {unit}"))
            }
            Self::Secret(event) => write!(f, "{} {}", event.kind.hook(), event.secret),
            Self::Action(name) => write!(f, "action {name}"),
            Self::Other(name) => f.write_str(name),
            Self::None => f.write_str("juju exec"),
        }
    }
}
