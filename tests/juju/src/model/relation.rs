use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Name;
use crate::metadata::{Endpoint, Role, Scope};
use crate::settings::Settings;

/// A relation's number, never used twice in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationId(pub u32);

impl fmt::Display for RelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A relation as the controller knows it.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    /// Two ends, or the one of a peer relation.
    pub(crate) ends: Vec<End>,
    pub(crate) scope: Scope,
    pub(crate) dying: bool,
    /// By an operator, for a while.
    pub(crate) suspended: bool,
    pub(crate) applications: BTreeMap<Name, Settings>,
    /// The databag of every unit that ever entered: one that has left can still be read.
    pub(crate) units: BTreeMap<Name, Settings>,
    /// Who is in scope, by container (empty in a global relation) and end.
    members: BTreeMap<(Name, usize), BTreeSet<Name>>,
    population: usize,
    /// Who is still in scope, but seen by nobody any more.
    departing: BTreeSet<Name>,
    /// Where each unit that ever entered has its place.
    containers: BTreeMap<Name, Name>,
}

/// An application's part in a relation.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) application: Name,
    pub(crate) endpoint: Endpoint,
}

impl Relation {
    pub(crate) fn new(ends: Vec<End>) -> Self {
        let contained = ends.iter().any(|end| end.endpoint.scope == Scope::Container);
        let applications = ends.iter().map(|end| (end.application.clone(), Settings::default())).collect();
        Self {
            ends,
            scope: if contained { Scope::Container } else { Scope::Global },
            dying: false,
            suspended: false,
            applications,
            units: BTreeMap::new(),
            members: BTreeMap::new(),
            population: 0,
            departing: BTreeSet::new(),
            containers: BTreeMap::new(),
        }
    }

    pub(crate) fn is_peer(&self) -> bool {
        self.ends.len() == 1
    }

    /// The index of the application's end.
    pub(crate) fn end_of(&self, application: &str) -> Option<usize> {
        self.ends.iter().position(|end| *end.application == *application)
    }

    /// The end that is seen from that one.
    pub(crate) fn opposite(&self, end: usize) -> usize {
        self.ends.len() - 1 - end
    }

    /// Juju's name for the relation, requirer first.
    pub(crate) fn key(&self) -> String {
        let mut ends: Vec<&End> = self.ends.iter().collect();
        ends.sort_by_key(|end| end.endpoint.role != Role::Requirer);
        let ends: Vec<_> =
            ends.iter().map(|end| format!("{}:{}", end.application, end.endpoint.name)).collect();
        ends.join(" ")
    }

    pub(crate) fn enter(&mut self, container: &Name, end: usize, unit: &Name) {
        self.containers.insert(unit.clone(), container.clone());
        let place = self.place(container, end);
        self.departing.remove(unit);
        self.population += usize::from(self.members.entry(place).or_default().insert(unit.clone()));
    }

    /// From now on nobody sees the unit, though it hasn't left yet.
    pub(crate) fn prepare_to_leave(&mut self, unit: &Name) {
        self.departing.insert(unit.clone());
    }

    pub(crate) fn is_departing(&self, unit: &Name) -> bool {
        self.departing.contains(unit)
    }

    pub(crate) fn leave(&mut self, container: &Name, end: usize, unit: &Name) {
        let place = self.place(container, end);
        self.population -= usize::from(self.members.entry(place).or_default().remove(unit));
    }

    /// Whether a unit in this container could ever have read that one's databag.
    pub(crate) fn shares_container(&self, container: &Name, unit: &Name) -> bool {
        self.scope == Scope::Global || self.containers.get(unit).is_none_or(|other| other == container)
    }

    /// Whether there is a unit in scope at every end.
    pub(crate) fn is_joined(&self) -> bool {
        (0..self.ends.len())
            .all(|end| self.members.iter().any(|((_, other), units)| *other == end && !units.is_empty()))
    }

    /// Whether nobody is in scope any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.population == 0
    }

    /// The units in scope that a unit in this container at this end sees, and that see it.
    pub(crate) fn counterparts(&self, container: &Name, end: usize, unit: &Name) -> Vec<Name> {
        let members = self.members.get(&self.place(container, self.opposite(end)));
        members
            .into_iter()
            .flatten()
            .filter(|member| *member != unit && !self.is_departing(member))
            .cloned()
            .collect()
    }

    /// Whether that unit is in scope and seen from this container at this end.
    pub(crate) fn sees(&self, container: &Name, end: usize, unit: &Name) -> bool {
        let members = self.members.get(&self.place(container, self.opposite(end)));
        members.is_some_and(|members| members.contains(unit)) && !self.is_departing(unit)
    }

    fn place(&self, container: &Name, end: usize) -> (Name, usize) {
        match self.scope {
            Scope::Global => (Name::from(""), end),
            Scope::Container => (container.clone(), end),
        }
    }
}
