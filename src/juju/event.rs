use std::fmt;

use super::{RelationId, UnitName};

/// What Juju tells the unit with this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The unit itself: installed, configured, started …
    Lifecycle(Lifecycle),
    /// A relation.
    Relation(RelationEvent),
    /// A person's action, by its name.
    Action(String),
    /// Any other hook, by its name: secrets, storage, and what Juju may add.
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

impl Event {
    /// The hooks in which Juju allows next to nothing; we do nothing in them.
    pub fn is_restricted(hook: &str) -> bool {
        matches!(hook, "collect-metrics" | "meter-status-changed")
    }

    /// The event of a hook that is not a relation's.
    pub(super) fn of_hook(hook: &str) -> Self {
        let lifecycle = Lifecycle::NAMES.iter().find(|(name, _)| *name == hook);
        lifecycle.map_or_else(|| Self::Other(hook.to_owned()), |(_, step)| Self::Lifecycle(*step))
    }

    /// Whether this is the given step of the unit's life.
    pub fn is(&self, step: Lifecycle) -> bool {
        *self == Self::Lifecycle(step)
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
            Self::Action(name) => write!(f, "action {name}"),
            Self::Other(name) => f.write_str(name),
            Self::None => f.write_str("juju exec"),
        }
    }
}
