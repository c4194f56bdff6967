use std::collections::{BTreeMap, BTreeSet};

use super::{Model, RelationId, SecretWrites};
use crate::port::PortRange;
use crate::settings::{Bag, Changes};
use crate::{Name, Part};

/// All that a charm may keep.
const LARGEST_STATE: usize = 2 * 1024 * 1024;

/// What a commit changed in the unit's own databags.
pub(crate) type Published = BTreeMap<RelationId, Changes>;

/// What a hook has asked for and Juju does after exit 0: relation settings, ports, charm state and secrets.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) unit: BTreeMap<RelationId, Changes>,
    pub(crate) application: BTreeMap<RelationId, Changes>,
    pub(crate) ports: Option<BTreeSet<(String, PortRange)>>,
    pub(crate) state: Option<Bag>,
    pub(crate) secrets: SecretWrites,
}

impl Model {
    /// Secrets one by one; then all of the rest or nothing, or each part for itself where Juju does so.
    /// `fails_at` is a part at which the controller fails.
    pub(crate) fn commit(
        &mut self,
        name: &Name,
        writes: Writes,
        fails_at: Option<Part>,
    ) -> Result<Published, String> {
        let fails = |part| {
            if fails_at == Some(part) { Err("the controller isn't there".to_owned()) } else { Ok(()) }
        };
        let mut published = Published::new();
        fails(Part::Secrets)?;
        self.commit_secrets(name, writes.secrets)?;
        if self.version.commits_in_parts() {
            fails(Part::Relations)?;
            self.check_relations(name, &writes.application)?;
            self.commit_relations(name, &writes.unit, &writes.application, &mut published);
            fails(Part::Ports)?;
            self.commit_ports(name, writes.ports);
            fails(Part::State)?;
            check_state(writes.state.as_ref())?;
        } else {
            [Part::Relations, Part::Ports, Part::State].into_iter().try_for_each(fails)?;
            self.check_relations(name, &writes.application)?;
            check_state(writes.state.as_ref())?;
            self.commit_relations(name, &writes.unit, &writes.application, &mut published);
            self.commit_ports(name, writes.ports);
        }
        if let Some(state) = writes.state {
            self.unit_mut(name).state = state;
        }
        Ok(published)
    }

    fn check_relations(&self, name: &Name, writes: &BTreeMap<RelationId, Changes>) -> Result<(), String> {
        if !writes.is_empty() && !self.is_leader(name) {
            return Err("cannot write settings: not the leader".to_owned());
        }
        Ok(())
    }

    fn commit_relations(
        &mut self,
        name: &Name,
        unit: &BTreeMap<RelationId, Changes>,
        application: &BTreeMap<RelationId, Changes>,
        published: &mut Published,
    ) {
        for (id, changes) in unit {
            let real = self.write_unit_bag(*id, name, changes);
            if !real.is_empty() {
                published.insert(*id, real);
            }
        }
        for (id, changes) in application {
            self.write_application_bag(*id, name, changes);
        }
    }

    fn commit_ports(&mut self, name: &Name, ports: Option<BTreeSet<(String, PortRange)>>) {
        if let Some(ports) = ports {
            self.unit_mut(name).ports = ports;
        }
    }
}

fn check_state(state: Option<&Bag>) -> Result<(), String> {
    let size = |state: &Bag| state.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    if state.map_or(0, size) > LARGEST_STATE {
        return Err(format!("max allowed size ({LARGEST_STATE}) exceeded"));
    }
    Ok(())
}
