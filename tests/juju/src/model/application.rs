use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{RelationId, Status};
use crate::settings::Settings;
use crate::{Charm, Name};

/// An application: a charm, its configuration, and the units that run it.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) charm: Charm,
    /// Counts refreshes, so that agents notice one.
    pub(crate) revision: u64,
    /// Every option of the charm, null where unset.
    pub(crate) config: Arc<BTreeMap<String, Value>>,
    pub(crate) dying: bool,
    pub(crate) leader: Option<Name>,
    pub(crate) leader_settings: Settings,
    pub(crate) status: Status,
    pub(crate) workload_version: String,
    pub(crate) units: BTreeSet<Name>,
    pub(crate) relations: BTreeSet<RelationId>,
    pub(crate) next_unit: u32,
}

impl Application {
    pub(crate) fn new(charm: &Charm) -> Self {
        let defaults = charm.options().iter().map(|(name, option)| (name.clone(), option.default_value()));
        Self {
            charm: charm.clone(),
            revision: 0,
            config: Arc::new(defaults.collect()),
            dying: false,
            leader: None,
            leader_settings: Settings::default(),
            status: Status::new("unknown", ""),
            workload_version: String::new(),
            units: BTreeSet::new(),
            relations: BTreeSet::new(),
            next_unit: 0,
        }
    }

    /// Take values for options; null goes back to the default.
    pub(crate) fn configure(&mut self, name: &str, value: Value) {
        let option = self.charm.options().get(name).unwrap_or_else(|| panic!("unknown option {name:?}"));
        let value = if value.is_null() { option.default_value() } else { value };
        assert!(value.is_null() || option.accepts(&value), "option {name:?} doesn't take {value}");
        Arc::make_mut(&mut self.config).insert(name.to_owned(), value);
    }

    /// Another charm: values stay for the options that it has too.
    pub(crate) fn refresh(&mut self, charm: &Charm) {
        let old = Self::new(&self.charm).config;
        let values = charm.options().iter().map(|(name, option)| {
            let set = self.config.get(name).filter(|value| old.get(name) != Some(value));
            let set = set.filter(|value| option.accepts(value));
            (name.clone(), set.cloned().unwrap_or_else(|| option.default_value()))
        });
        self.config = Arc::new(values.collect());
        self.charm = charm.clone();
        self.revision += 1;
    }
}
