use std::collections::{BTreeMap, BTreeSet};

use super::{Model, RelationId};
use crate::Name;
use crate::port::PortRange;
use crate::settings::{Bag, Changes};

/// What a commit changed in the unit's own databags.
pub(crate) type Published = BTreeMap<RelationId, Changes>;

/// What a hook has asked for and Juju does after exit 0: relation settings, ports and charm state.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) unit: BTreeMap<RelationId, Changes>,
    pub(crate) application: BTreeMap<RelationId, Changes>,
    pub(crate) ports: Option<BTreeSet<(String, PortRange)>>,
    pub(crate) state: Option<Bag>,
}

impl Model {
    /// Do all of it, or nothing: that leadership was lost is the one thing that can be wrong here.
    pub(crate) fn commit(&mut self, name: &Name, writes: Writes) -> Result<Published, String> {
        if !writes.application.is_empty() && !self.is_leader(name) {
            return Err("cannot write settings: not the leader".to_owned());
        }
        let mut published = Published::new();
        for (id, changes) in &writes.unit {
            let real = self.write_unit_bag(*id, name, changes);
            if !real.is_empty() {
                published.insert(*id, real);
            }
        }
        for (id, changes) in &writes.application {
            self.write_application_bag(*id, name, changes);
        }
        let unit = self.unit_mut(name);
        unit.ports = writes.ports.unwrap_or_else(|| std::mem::take(&mut unit.ports));
        unit.state = writes.state.unwrap_or_else(|| std::mem::take(&mut unit.state));
        Ok(published)
    }
}
