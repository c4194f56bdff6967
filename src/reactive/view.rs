use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::juju::tool::relation::Bag;
use crate::juju::{RelationId, UnitName};

/// What the other sides have published, as far as we were told, and the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// By relation, in number order.
    pub relations: BTreeMap<RelationId, Remote>,
    /// The options that have a value; nothing before the first read.
    pub config: Option<Map<String, Value>>,
}

/// The other side of one relation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// The application.
    pub app: String,
    /// Its units, in number order, each with the keys that we look at.
    pub units: BTreeMap<UnitName, Bag>,
}

impl View {
    /// The relations of one endpoint.
    pub fn of<'a>(&'a self, endpoint: &'a str) -> impl Iterator<Item = (&'a RelationId, &'a Remote)> {
        self.relations.iter().filter(move |(relation, _)| relation.endpoint() == endpoint)
    }

    /// All units of one endpoint, by relation and unit.
    pub fn units<'a>(
        &'a self,
        endpoint: &'a str,
    ) -> impl Iterator<Item = (&'a RelationId, &'a UnitName, &'a Bag)> {
        self.of(endpoint).flat_map(|(id, remote)| remote.units.iter().map(move |(unit, bag)| (id, unit, bag)))
    }

    /// One unit's keys on one relation.
    pub fn bag(&self, relation: &RelationId, unit: &UnitName) -> Option<&Bag> {
        self.relations.get(relation)?.units.get(unit)
    }

    /// Notes that a relation exists.
    pub fn relate(&mut self, relation: &RelationId, app: &str) -> &mut Remote {
        let remote = self.relations.entry(relation.clone()).or_default();
        if !app.is_empty() {
            app.clone_into(&mut remote.app);
        }
        remote
    }

    /// Forgets a unit.
    pub fn forget_unit(&mut self, relation: &RelationId, unit: &UnitName) {
        if let Some(remote) = self.relations.get_mut(relation) {
            remote.units.remove(unit);
        }
    }

    /// Forgets a relation.
    pub fn forget(&mut self, relation: &RelationId) {
        self.relations.remove(relation);
    }
}
