use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Name;
use crate::settings::Bag;

/// One relation as a unit's agent sees it.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) endpoint: String,
    pub(crate) remote_application: Name,
    pub(crate) created: bool,
    /// The relation or this unit is going away: everybody departs, then it breaks.
    pub(crate) breaking: bool,
    /// The agent knows that the relation is dying.
    pub(crate) dying: bool,
    /// The units that have joined, with the versions that this unit was told of.
    pub(crate) told: BTreeMap<Name, u64>,
    changed_pending: Option<Name>,
    /// The version of the remote application's databag: told and current.
    pub(crate) told_application: u64,
    pub(crate) application: u64,
    departs: BTreeSet<Name>,
    joins: BTreeSet<Name>,
    changes: BTreeSet<Name>,
    /// Databags of joined units as last read.
    pub(crate) cache: BTreeMap<Name, Arc<Bag>>,
}

/// What a relation has to tell next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Created,
    ApplicationChanged,
    Joined(Name),
    Changed(Name),
    Departed(Name),
    Broken,
}

impl Membership {
    pub(crate) fn new(endpoint: String, remote_application: Name, application: u64) -> Self {
        Self {
            endpoint,
            remote_application,
            created: false,
            breaking: false,
            dying: false,
            told: BTreeMap::new(),
            changed_pending: None,
            told_application: 0,
            application,
            departs: BTreeSet::new(),
            joins: BTreeSet::new(),
            changes: BTreeSet::new(),
            cache: BTreeMap::new(),
        }
    }

    /// What comes next of this relation. Juju goes through the units in the order of their names.
    pub(crate) fn next(&self) -> Option<Step> {
        if !self.created {
            return (!self.breaking).then_some(Step::Created);
        }
        if let Some(unit) = &self.changed_pending {
            return Some(Step::Changed(unit.clone()));
        }
        if self.breaking {
            return Some(self.told.keys().next().map_or(Step::Broken, |unit| Step::Departed(unit.clone())));
        }
        if self.application != self.told_application {
            return Some(Step::ApplicationChanged);
        }
        let first = |units: &BTreeSet<Name>| units.first().cloned();
        first(&self.departs)
            .map(Step::Departed)
            .or_else(|| first(&self.joins).map(Step::Joined))
            .or_else(|| first(&self.changes).map(Step::Changed))
    }

    /// Compare what is known of a remote unit with its version now, none if it isn't in scope.
    pub(crate) fn compare(&mut self, unit: &Name, version: Option<u64>) {
        let told = self.told.get(unit).copied();
        let mark = |units: &mut BTreeSet<Name>, differs: bool| {
            if differs {
                units.insert(unit.clone());
            } else {
                units.remove(unit);
            }
        };
        mark(&mut self.departs, told.is_some() && version.is_none());
        mark(&mut self.joins, told.is_none() && version.is_some());
        mark(&mut self.changes, told.is_some() && version.is_some() && told != version);
    }

    pub(crate) fn joined(&mut self, unit: &Name, version: u64) {
        self.told.insert(unit.clone(), version);
        self.changed_pending = Some(unit.clone());
    }

    pub(crate) fn changed(&mut self, unit: &Name, version: u64) {
        self.told.insert(unit.clone(), version);
        self.changed_pending = None;
    }

    pub(crate) fn departed(&mut self, unit: &Name) {
        self.told.remove(unit);
        self.cache.remove(unit);
    }

    /// Nothing more will ever be told: the relation was removed by force.
    pub(crate) fn silence(&mut self) {
        self.changed_pending = None;
        self.created = true;
        self.breaking = false;
        self.told_application = self.application;
        self.departs.clear();
        self.joins.clear();
        self.changes.clear();
    }
}
