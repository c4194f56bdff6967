//! What a proxy should have told after each step, from the databags as they are, and whether it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use test_juju::RelationId;

use super::Walk;
use crate::stage::PROXY;
use crate::walk::CLIENTS;
use crate::walk::walker::{Asked, Walker};

impl<W: Walker> Walk<W> {
    /// The relations that are there and not suspended.
    pub(super) fn joined(&self) -> impl Iterator<Item = (&usize, &RelationId)> {
        self.relations.iter().filter(|(client, _)| !self.suspended.contains(client))
    }

    /// What each unit asks, by relation, as the databags are now.
    fn asked(&self) -> BTreeMap<RelationId, Asked> {
        let mut asked: BTreeMap<RelationId, Asked> = BTreeMap::new();
        for (client, relation) in self.joined() {
            for unit in self.juju().units(CLIENTS[*client]) {
                let bag = self.juju().bag(*relation, &unit);
                let request: Value =
                    bag.get("cert-request").map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
                if let Some(names) = request["fqdn"].as_array() {
                    let names = names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                    asked.entry(*relation).or_default().insert(unit.to_string(), names);
                }
            }
        }
        asked
    }

    /// The first relation that asked for a name has it as long as one of the units asks on through which it asked. Where
    /// several events have come before a hook, that may be any that asks, and is the one that is told.
    fn claim(&mut self, asked: &BTreeMap<RelationId, Asked>) {
        for (name, (relation, units)) in &mut self.claims {
            let of_relation = asked.get(relation);
            units.retain(|unit| {
                of_relation.and_then(|asked| asked.get(unit)).is_some_and(|names| names.contains(name))
            });
        }
        self.claims.retain(|_, (_, units)| !units.is_empty());
        let several = self.waiting > 1;
        self.waiting = 0;
        let told: BTreeMap<RelationId, BTreeSet<String>> = if several {
            asked.keys().map(|relation| (*relation, self.granted(*relation))).collect()
        } else {
            BTreeMap::new()
        };
        let has = |relation, name: &String| told.get(relation).is_none_or(|granted| granted.contains(name));
        for (relation, units) in asked {
            for (unit, names) in units {
                for name in names.iter().filter(|name| has(relation, name)) {
                    let claim = self.claims.entry(name.clone()).or_insert((*relation, BTreeSet::new()));
                    if claim.0 == *relation {
                        claim.1.insert(unit.clone());
                    }
                }
            }
        }
    }

    /// Which names a relation is told to have.
    fn granted(&self, relation: RelationId) -> BTreeSet<String> {
        let bag = self.juju().bag(relation, PROXY);
        let told = bag.get("status").map(|text| self.walker.granted(&serde_json::from_str(text).unwrap()));
        told.unwrap_or_default()
    }

    pub(super) fn compare(&mut self) -> Result<(), String> {
        let asked = self.asked();
        self.claim(&asked);
        if let Some(name) =
            asked.values().flat_map(BTreeMap::values).flatten().find(|name| !self.claims.contains_key(*name))
        {
            return Err(format!("nobody has {name}, which is asked for"));
        }
        // What is told where everybody has departed, nobody hears.
        for (_, relation) in self.joined() {
            let should = asked.get(relation).map(|units| {
                let names: BTreeSet<&String> = units.values().flatten().collect();
                let has = |name: &&String| self.claims.get(*name).is_some_and(|(owner, _)| owner == relation);
                self.walker.should_tell(&names.into_iter().filter(has).collect(), units)
            });
            let bag = self.juju().bag(*relation, PROXY);
            let is = bag.get("status").map(|text| self.walker.tells(serde_json::from_str(text).unwrap()));
            if is != should {
                return Err(format!("relation {relation} is told {is:?}, and should be told {should:?}"));
            }
        }
        let text = fs::read(self.juju().charm_dir(PROXY).join(".state/flags.json")).unwrap_or_default();
        let file: Value = serde_json::from_slice(&text).unwrap_or_default();
        let available = self.joined().any(|(client, _)| !self.juju().units(CLIENTS[*client]).is_empty());
        let flags = if available { json!(["endpoint.ssl-termination.available"]) } else { json!([]) };
        let is = file["generations"].get(0).map_or(json!([]), |newest| newest["flags"].clone());
        if is == flags { Ok(()) } else { Err(format!("the flags are {is}, and should be {flags}")) }
    }
}
