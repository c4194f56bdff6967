//! Cross-model relations that an operator suspends and resumes.

use super::{Model, RelationId};
use crate::Name;

impl Model {
    /// Everybody departs and the relation breaks, but it keeps its number.
    pub(crate) fn suspend_relation(&mut self, id: RelationId) {
        let Some(relation) = self.relations.get_mut(&id) else { panic!("no relation {id} in the model") };
        relation.suspended = true;
        for unit in self.units_of(id) {
            self.break_membership(id, &unit, false);
        }
    }

    /// It is created anew for everybody who has left it. Databags begin empty.
    pub(crate) fn resume_relation(&mut self, id: RelationId) {
        let Some(relation) = self.relations.get_mut(&id) else { panic!("no relation {id} in the model") };
        relation.suspended = false;
        for unit in self.units_of(id) {
            let state = self.unit(&unit);
            if state.agent.installed && !state.dying && !state.agent.memberships.contains_key(&id) {
                self.enter_scope(id, &unit);
            }
        }
    }

    fn units_of(&self, id: RelationId) -> Vec<Name> {
        let ends = self.relations[&id].ends.iter();
        ends.filter_map(|end| self.applications.get(&end.application))
            .flat_map(|application| application.units.iter().cloned())
            .collect()
    }
}
