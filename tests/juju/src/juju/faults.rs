//! What goes wrong, and what an operator does about it.

use super::Juju;
use crate::{Fault, Name, Part, RelationId};

impl Juju {
    /// In the unit's next hook, something goes wrong at the n-th call of a hook tool, counted from 1.
    pub fn on_call(&mut self, unit: &str, call: usize, fault: Fault) {
        self.faults.entry(unit.into()).or_default().calls.push((call, fault));
    }

    /// The unit's next hook exits 0 but Juju can't commit: nothing is written, and the hook is run again.
    pub fn fail_commit(&mut self, unit: &str) {
        self.fail_commit_at(unit, Part::Secrets);
    }

    /// The same, but the parts before this one may have been written: secrets always, the others where each is
    /// a transaction of its own.
    pub fn fail_commit_at(&mut self, unit: &str, part: Part) {
        self.faults.entry(unit.into()).or_default().fail_commit = Some(part);
    }

    /// The unit's next hook is committed, but the agent dies before it records that, and runs it again.
    pub fn commit_and_rerun(&mut self, unit: &str) {
        self.faults.entry(unit.into()).or_default().commit_and_rerun = true;
    }

    /// Nothing goes wrong in the unit's next hook after all.
    pub fn spare(&mut self, unit: &str) {
        self.faults.remove(&Name::from(unit));
    }

    /// `juju resolve --no-retry`: the failed hook counts as done.
    pub fn skip_failed(&mut self, unit: &str) {
        let failed = self.failed(unit);
        let event = failed.unwrap_or_else(|| panic!("{unit} has no failed hook"));
        self.model.done(&Name::from(unit), &event);
    }

    /// `juju resolve`: the failed hook runs again. Needed where hooks aren't retried by themselves.
    pub fn resolve(&mut self, unit: &str) {
        let agent = &mut self.model.unit_mut(unit).agent;
        assert!(agent.in_error, "{unit} has no failed hook");
        agent.resolved = true;
        self.model.busy.insert(unit.into());
    }

    /// The agent restarts: it forgets databags it has read, and relations that were removed by force.
    pub fn restart_agent(&mut self, unit: &str) {
        let relations = &self.model.relations;
        let Some(unit_now) = self.model.units.get_mut(unit) else { panic!("no unit {unit:?} in the model") };
        let agent = &mut unit_now.agent;
        agent.memberships.retain(|id, _| relations.contains_key(id));
        for membership in agent.memberships.values_mut() {
            membership.cache.clear();
        }
        agent.told_leader_settings = None;
        self.model.busy.insert(unit.into());
    }

    /// `juju remove-unit --force`: it is gone without a hook, and the others see it depart.
    pub fn force_remove_unit(&mut self, unit: &str) {
        self.model.forget_unit(&Name::from(unit));
    }

    /// `juju remove-relation --force`, before any agent saw the relation dying: no hook tells of it.
    pub fn force_remove_relation(&mut self, relation: RelationId) {
        self.model.force_remove_relation(relation);
    }
}
