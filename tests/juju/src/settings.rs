use std::collections::BTreeMap;
use std::sync::Arc;

/// A databag: keys and values are strings, an empty value doesn't exist.
pub type Bag = BTreeMap<String, String>;

/// What a hook did to a databag: new values, and `None` for a key that went away.
pub type Changes = BTreeMap<String, Option<String>>;

/// A databag as the controller keeps it, with the version that its observers are told of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) version: u64,
    pub(crate) bag: Arc<Bag>,
}

impl Settings {
    /// Write the changes and return those that made a difference. Without any the version stays.
    pub(crate) fn write(&mut self, changes: &Changes) -> Changes {
        let real: Changes = changes
            .iter()
            .filter(|(key, value)| self.bag.get(*key) != value.as_ref())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !real.is_empty() {
            overlay(Arc::make_mut(&mut self.bag), &real);
            self.version += 1;
        }
        real
    }
}

/// Lay changes over a databag.
pub(crate) fn overlay(bag: &mut Bag, changes: &Changes) {
    for (key, value) in changes {
        match value {
            Some(value) => bag.insert(key.clone(), value.clone()),
            None => bag.remove(key),
        };
    }
}

/// Changes from pairs in which an empty value deletes.
pub(crate) fn changes_of<K: Into<String>, V: Into<String>>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> Changes {
    pairs
        .into_iter()
        .map(|(key, value)| (key.into(), Some(value.into()).filter(|value| !value.is_empty())))
        .collect()
}
