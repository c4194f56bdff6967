use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::members::Members;
use super::pieces::{Piece, Pieces};
use super::place::Place;
use super::table::{Root, Table};
use super::view_root::{EndpointRoot, ViewRoot};
use crate::juju::{RelationId, UnitName};
use crate::wire::Bag;

/// What the other sides have published, as far as we were told, what we have published, and the configuration.
///
/// Only what is looked at is read from the disk, so each look can fail.
#[derive(Debug)]
pub struct View {
    pieces: Rc<Pieces>,
    config: Table<String, Value>,
    endpoints: BTreeMap<String, Endpoint>,
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Endpoint {
    relations: Table<RelationId, Relation>,
    units: Table<Place, Bag>,
    applications: Table<RelationId, Bag>,
}

/// One relation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The application at the other side.
    pub app: String,
    /// What our own databag is known to hold; nothing while it is not known.
    pub published: Option<Bag>,
    /// The units at the other side.
    #[serde(default)]
    units: Members,
}

/// What has become of one unit, or of the application, at the other side of a relation in this hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The relation.
    pub relation: RelationId,
    /// The keys that we look at, as they were; nothing if it is new.
    pub before: Option<Bag>,
    /// The keys as they are; nothing if it has gone.
    pub now: Option<Bag>,
}

impl View {
    /// The view that is kept at `root`.
    pub(super) fn at(pieces: &Rc<Pieces>, root: &ViewRoot) -> Self {
        let endpoint =
            |(name, root): (&String, &EndpointRoot)| (name.clone(), Endpoint::at(pieces, name, root));
        Self {
            pieces: Rc::clone(pieces),
            config: Table::at(pieces, "config", &root.config),
            endpoints: root.endpoints.iter().map(endpoint).collect(),
            changes: Vec::new(),
        }
    }

    /// Where the view will be kept, and the pieces that have to be written for it.
    pub(super) fn root(&self, to_write: &mut Vec<Piece>) -> Result<ViewRoot> {
        let mut root = ViewRoot { config: self.config.root(to_write)?, endpoints: BTreeMap::new() };
        for (name, endpoint) in &self.endpoints {
            let relations = endpoint.relations.root(to_write)?;
            let units = endpoint.units.root(to_write)?;
            let applications = endpoint.applications.root(to_write)?;
            root.endpoints.insert(name.clone(), EndpointRoot { relations, units, applications });
        }
        Ok(root)
    }

    /// Reads all of it, so that no later look can fail.
    pub(super) fn load(&self) -> Result<()> {
        self.config.entries()?;
        for endpoint in self.endpoints.values() {
            endpoint.relations.entries()?;
            endpoint.units.entries()?;
            endpoint.applications.entries()?;
        }
        Ok(())
    }

    /// Reads what an event is about. What cannot be read is read again when it is looked at, which fails then.
    pub fn read_ahead(&self, id: &RelationId, unit: Option<&UnitName>) {
        let _ = self.relation(id);
        let _ = self.application_bag(id);
        let _ = unit.map(|unit| self.bag(id, unit));
    }

    /// An option's value.
    pub fn option(&self, name: &str) -> Result<Option<&Value>> {
        self.config.get(&name.to_owned())
    }

    /// All options that have a value; none before the configuration was read.
    pub fn config(&self) -> Result<Map<String, Value>> {
        Ok(self.config.entries()?.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Takes in the configuration.
    pub fn set_config(&mut self, config: Map<String, Value>) -> Result<()> {
        if self.config()? != config {
            self.config = Table::at(&self.pieces, "config", &Root::default());
            for (name, value) in config {
                self.config.insert(name, value)?;
            }
        }
        Ok(())
    }

    /// Whether an endpoint has a relation.
    pub fn is_related(&self, endpoint: &str) -> bool {
        self.endpoints.get(endpoint).is_some_and(|endpoint| endpoint.relations.len() > 0)
    }

    /// Whether an endpoint has a unit at the other side.
    pub fn is_available(&self, endpoint: &str) -> bool {
        self.endpoints.get(endpoint).is_some_and(|endpoint| endpoint.units.len() > 0)
    }

    /// The names of all endpoints that have ever been related.
    pub fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.keys().map(String::as_str)
    }

    /// A relation, if there is one of that id.
    pub fn relation(&self, id: &RelationId) -> Result<Option<&Relation>> {
        let Some(endpoint) = self.endpoints.get(id.endpoint()) else { return Ok(None) };
        endpoint.relations.get(id)
    }

    /// The relations of an endpoint, in number order.
    pub fn relations(&self, endpoint: &str) -> Result<Vec<(&RelationId, &Relation)>> {
        self.endpoints.get(endpoint).map_or(Ok(Vec::new()), |endpoint| endpoint.relations.entries())
    }

    /// The units at the other side of an endpoint, by relation and unit number, with the keys that we look at.
    pub fn units(&self, endpoint: &str) -> Result<Vec<(&RelationId, &UnitName, &Bag)>> {
        let Some(endpoint) = self.endpoints.get(endpoint) else { return Ok(Vec::new()) };
        Ok(endpoint.units.entries()?.into_iter().map(|(Place(id, unit), bag)| (id, unit, bag)).collect())
    }

    /// How many units are at the other side of an endpoint.
    pub fn unit_count(&self, endpoint: &str) -> usize {
        self.endpoints.get(endpoint).map_or(0, |endpoint| endpoint.units.len())
    }

    /// The units at the other side of one relation, in number order, with the keys that we look at; others are not read.
    pub fn units_of(&self, id: &RelationId) -> Result<Vec<(&UnitName, &Bag)>> {
        let Some(endpoint) = self.endpoints.get(id.endpoint()) else { return Ok(Vec::new()) };
        let mut units = Vec::new();
        for place in self.members(id)? {
            units.extend(endpoint.units.entry(&place)?.map(|(Place(_, unit), bag)| (unit, bag)));
        }
        Ok(units)
    }

    /// The names of the units at the other side of an endpoint, by relation.
    pub fn units_by_relation(&self, endpoint: &str) -> Result<BTreeMap<RelationId, BTreeSet<UnitName>>> {
        let mut units: BTreeMap<RelationId, BTreeSet<UnitName>> = BTreeMap::new();
        for (id, unit, _) in self.units(endpoint)? {
            units.entry(id.clone()).or_default().insert(unit.clone());
        }
        Ok(units)
    }

    /// One unit's keys on one relation.
    pub fn bag(&self, id: &RelationId, unit: &UnitName) -> Result<Option<&Bag>> {
        let Some(endpoint) = self.endpoints.get(id.endpoint()) else { return Ok(None) };
        endpoint.units.get(&Place(id.clone(), unit.clone()))
    }

    /// What the application at the other side of a relation has published, where that is looked at.
    pub fn application_bag(&self, id: &RelationId) -> Result<Option<&Bag>> {
        let Some(endpoint) = self.endpoints.get(id.endpoint()) else { return Ok(None) };
        endpoint.applications.get(id)
    }

    /// Notes that a relation exists.
    pub fn relate(&mut self, id: &RelationId, app: &str) -> Result<()> {
        let mut relation = self.relation(id)?.cloned().unwrap_or_default();
        if !app.is_empty() {
            app.clone_into(&mut relation.app);
        }
        self.put(id, relation)
    }

    /// Notes what our own databag on a relation holds.
    pub fn set_published(&mut self, id: &RelationId, published: Option<Bag>) -> Result<()> {
        let Some(relation) = self.relation(id)? else { return Ok(()) };
        let relation = Relation { published, ..relation.clone() };
        self.put(id, relation)
    }

    /// Takes in what a unit has published.
    pub fn put_unit(&mut self, id: &RelationId, unit: &UnitName, bag: Bag) -> Result<()> {
        let place = Place(id.clone(), unit.clone());
        let before = self.endpoint(id).units.insert(place, bag.clone())?;
        let mut relation = self.relation(id)?.cloned().unwrap_or_default();
        relation.units.insert(unit.number());
        unit.app().clone_into(&mut relation.app);
        self.put(id, relation)?;
        if before.as_ref() != Some(&bag) {
            self.changes.push(Change { relation: id.clone(), before, now: Some(bag) });
        }
        Ok(())
    }

    /// Takes in what the application has published.
    pub fn put_application(&mut self, id: &RelationId, bag: Bag) -> Result<()> {
        let before = self.endpoint(id).applications.insert(id.clone(), bag.clone())?;
        if before.as_ref() != Some(&bag) {
            self.changes.push(Change { relation: id.clone(), before, now: Some(bag) });
        }
        Ok(())
    }

    /// Forgets a unit.
    pub fn forget_unit(&mut self, id: &RelationId, unit: &UnitName) -> Result<()> {
        let before = self.endpoint(id).units.remove(&Place(id.clone(), unit.clone()))?;
        if before.is_some() {
            let mut relation = self.relation(id)?.cloned().unwrap_or_default();
            relation.units.remove(unit.number());
            self.put(id, relation)?;
            self.changes.push(Change { relation: id.clone(), before, now: None });
        }
        Ok(())
    }

    /// Forgets a relation, and who was there.
    pub fn forget(&mut self, id: &RelationId) -> Result<()> {
        for Place(_, unit) in self.members(id)? {
            self.forget_unit(id, &unit)?;
        }
        let before = self.endpoint(id).applications.remove(id)?;
        if before.is_some() {
            self.changes.push(Change { relation: id.clone(), before, now: None });
        }
        self.endpoint(id).relations.remove(id)?;
        Ok(())
    }

    /// What has become of units since this was last asked.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The places of the units of a relation.
    fn members(&self, id: &RelationId) -> Result<Vec<Place>> {
        let Some(relation) = self.relation(id)? else { return Ok(Vec::new()) };
        let units = relation.units.numbers().filter_map(|number| UnitName::of(&relation.app, number));
        Ok(units.map(|unit| Place(id.clone(), unit)).collect())
    }

    fn endpoint(&mut self, id: &RelationId) -> &mut Endpoint {
        let new = || Endpoint::at(&self.pieces, id.endpoint(), &EndpointRoot::default());
        self.endpoints.entry(id.endpoint().to_owned()).or_insert_with(new)
    }

    fn put(&mut self, id: &RelationId, relation: Relation) -> Result<()> {
        self.endpoint(id).relations.insert(id.clone(), relation)?;
        Ok(())
    }
}

impl Endpoint {
    fn at(pieces: &Rc<Pieces>, name: &str, root: &EndpointRoot) -> Self {
        Self {
            relations: Table::at(pieces, format!("{name}.relations"), &root.relations),
            units: Table::at(pieces, format!("{name}.units"), &root.units),
            applications: Table::at(pieces, format!("{name}.applications"), &root.applications),
        }
    }
}
