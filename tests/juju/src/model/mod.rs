//! The model: what the controller knows, and what each unit's agent has been told. No processes, no files.

mod agent;
mod application;
mod commit;
mod done;
mod lifecycle;
mod membership;
mod network;
mod next;
mod relation;
mod scopes;
mod secret;
mod secret_writes;
mod secrets;
mod suspension;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use agent::Agent;
pub(crate) use application::Application;
pub(crate) use commit::Writes;
pub(crate) use membership::Membership;
pub(crate) use network::Network;
pub(crate) use next::Next;
pub use relation::RelationId;
pub(crate) use relation::{End, Relation};
pub(crate) use secret::{About, Consumer, Grant, Owner, Secret};
pub(crate) use secret_writes::{NewSecret, SecretWrites};
pub use unit::Status;
pub(crate) use unit::Unit;

use crate::Name;
use crate::tree::Tree;
use crate::version::Version;

/// A model and everything in it.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) applications: BTreeMap<Name, Application>,
    pub(crate) units: BTreeMap<Name, Unit>,
    pub(crate) relations: BTreeMap<RelationId, Relation>,
    /// The units on each machine; machines are never removed.
    pub(crate) machines: Vec<BTreeSet<Name>>,
    /// Units that may have something to run. All others have nothing.
    pub(crate) busy: BTreeSet<Name>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) version: Version,
    /// `automatically-retry-hooks`
    pub(crate) retries_hooks: bool,
    /// The others are told of a unit's departure as soon as it is dying, not when it is gone.
    pub(crate) departs_early: bool,
    /// Every status that a unit's charm has set, in the order of time.
    pub(crate) status_log: Vec<(Name, Status)>,
    /// What the clock shows: it stands still.
    pub(crate) now: String,
    /// What `goal-state` prints instead of what follows from the model.
    pub(crate) goal_state: Option<Tree>,
    /// What `network-get` prints for each binding, instead of what follows from the model.
    pub(crate) networks: Option<BTreeMap<String, Network>>,
    next_relation: u32,
    next_secret: u32,
}

impl Model {
    pub(crate) fn new(name: &str, uuid: &str) -> Self {
        Self {
            name: name.to_owned(),
            uuid: uuid.to_owned(),
            applications: BTreeMap::new(),
            units: BTreeMap::new(),
            relations: BTreeMap::new(),
            machines: Vec::new(),
            busy: BTreeSet::new(),
            secrets: BTreeMap::new(),
            version: Version::new("3.6.9"),
            retries_hooks: true,
            departs_early: false,
            status_log: Vec::new(),
            now: "2024-01-02 03:04:05Z".to_owned(),
            goal_state: None,
            networks: None,
            next_relation: 0,
            next_secret: 0,
        }
    }

    pub(crate) fn application(&self, name: &str) -> &Application {
        self.applications.get(name).unwrap_or_else(|| panic!("no application {name:?} in the model"))
    }

    pub(crate) fn application_mut(&mut self, name: &str) -> &mut Application {
        self.applications.get_mut(name).unwrap_or_else(|| panic!("no application {name:?} in the model"))
    }

    pub(crate) fn unit(&self, name: &str) -> &Unit {
        self.units.get(name).unwrap_or_else(|| panic!("no unit {name:?} in the model"))
    }

    pub(crate) fn unit_mut(&mut self, name: &str) -> &mut Unit {
        self.units.get_mut(name).unwrap_or_else(|| panic!("no unit {name:?} in the model"))
    }

    pub(crate) fn is_leader(&self, unit: &str) -> bool {
        let application = self.application(&self.unit(unit).application);
        application.leader.as_deref() == Some(unit)
    }
}
