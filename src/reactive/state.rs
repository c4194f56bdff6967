use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Flags, View};
use crate::juju::RelationId;
use crate::juju::tool::relation::Bag;

/// All that a unit remembers from hook to hook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The flags that are set.
    pub flags: Flags,
    /// What the other sides have published.
    pub view: View,
    /// What our own databags are known to hold, by relation. A relation that is not here is not known.
    pub published: BTreeMap<RelationId, Bag>,
    /// What the charm keeps for itself, by name.
    pub kept: BTreeMap<String, Value>,
}

impl State {
    /// What the charm keeps under `name`; the default if there is nothing, or nothing of that shape.
    pub fn kept<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        self.kept.get(name).and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
    }

    /// Keeps a value under `name`.
    pub fn keep(&mut self, name: &str, value: &impl Serialize) {
        match serde_json::to_value(value) {
            Ok(Value::Null) | Err(_) => self.kept.remove(name),
            Ok(value) => self.kept.insert(name.to_owned(), value),
        };
    }
}
