//! Who sees whom: entering and leaving relations, and marking what each agent has yet to be told.

use std::sync::Arc;

use super::{Membership, Model, RelationId};
use crate::Name;
use crate::settings::{Changes, Settings};

impl Model {
    /// The unit's agent takes up a relation: from now on the others see the unit.
    pub(super) fn enter_scope(&mut self, id: RelationId, name: &Name) {
        let unit = &self.units[name];
        let (application, container, addresses) =
            (unit.application.clone(), unit.container(name), unit.addresses());
        let Some(relation) =
            self.relations.get_mut(&id).filter(|relation| !relation.dying && !relation.suspended)
        else {
            return;
        };
        let Some(end) = relation.end_of(&application) else { return };
        let endpoint = relation.ends[end].endpoint.clone();
        relation.enter(&container, end, name);
        relation.units.insert(name.clone(), Settings { version: 1, bag: Arc::new(addresses) });

        let remote = relation.ends[relation.opposite(end)].application.clone();
        let version = relation.applications[&remote].version;
        if !endpoint.is_implicit() {
            let mut membership = Membership::new(endpoint.name, remote, version);
            for counterpart in relation.counterparts(&container, end, name) {
                membership.compare(&counterpart, Some(relation.units[&counterpart].version));
            }
            let agent = &mut self.unit_mut(name).agent;
            agent.memberships.insert(id, membership);
            agent.uncreated.insert(id);
            self.busy.insert(name.clone());
        }
        self.tell_counterparts(id, name);
        self.add_subordinate(id, name);
    }

    /// The unit is gone from the relation; its databag stays readable.
    pub(super) fn leave_scope(&mut self, id: RelationId, name: &Name) {
        let unit = &self.units[name];
        let (application, container) = (unit.application.clone(), unit.container(name));
        let Some(relation) = self.relations.get_mut(&id) else { return };
        let Some(end) = relation.end_of(&application) else { return };
        relation.leave(&container, end, name);
        for counterpart in relation.counterparts(&container, end, name) {
            self.compare(id, &counterpart, name, None);
        }
        self.bury_relation(id);
    }

    /// The unit is dying: the others are told that it departs before it has.
    pub(super) fn prepare_to_leave(&mut self, id: RelationId, name: &Name) {
        let unit = &self.units[name];
        let (application, container) = (unit.application.clone(), unit.container(name));
        let Some(relation) = self.relations.get_mut(&id) else { return };
        let Some(end) = relation.end_of(&application) else { return };
        relation.prepare_to_leave(name);
        for counterpart in relation.counterparts(&container, end, name) {
            self.compare(id, &counterpart, name, None);
        }
    }

    /// A dying relation that nobody is in any more goes away.
    pub(super) fn bury_relation(&mut self, id: RelationId) {
        if self.relations.get(&id).is_some_and(|relation| relation.dying && relation.is_empty()) {
            self.forget_relation(id);
        }
    }

    /// The relation is gone, and no agent is told.
    pub(crate) fn force_remove_relation(&mut self, id: RelationId) {
        let Some(relation) = self.relations.get(&id) else { panic!("no relation {id} in the model") };
        for name in relation.units.keys() {
            let Some(unit) = self.units.get_mut(name) else { continue };
            if let Some(membership) = unit.agent.memberships.get_mut(&id) {
                membership.silence();
            }
            unit.agent.uncreated.remove(&id);
            unit.agent.active.remove(&id);
        }
        self.forget_relation(id);
    }

    fn forget_relation(&mut self, id: RelationId) {
        let Some(relation) = self.relations.remove(&id) else { return };
        self.end_grants(id);
        for end in relation.ends {
            if let Some(application) = self.applications.get_mut(&end.application) {
                application.relations.remove(&id);
            }
            self.bury_application(&end.application);
        }
    }

    /// Write a unit's databag; the counterparts will be told of what is new. Returns what was.
    pub(crate) fn write_unit_bag(&mut self, id: RelationId, name: &Name, changes: &Changes) -> Changes {
        let Some(settings) = self.relations.get_mut(&id).and_then(|relation| relation.units.get_mut(name))
        else {
            return Changes::new();
        };
        let real = settings.write(changes);
        if !real.is_empty() {
            self.tell_counterparts(id, name);
        }
        real
    }

    /// Write an application's databag, in the name of one of its units, which isn't told of it.
    pub(crate) fn write_application_bag(
        &mut self,
        id: RelationId,
        writer: &Name,
        changes: &Changes,
    ) -> Changes {
        let Some(relation) = self.relations.get_mut(&id) else { return Changes::new() };
        let application = self.units[writer].application.clone();
        let Some(settings) = relation.applications.get_mut(&application) else { return Changes::new() };
        let real = settings.write(changes);
        if real.is_empty() {
            return real;
        }
        let version = settings.version;
        let observer = relation.end_of(&application).map_or(0, |end| relation.opposite(end));
        let observers = self.applications[&relation.ends[observer].application].units.clone();
        for observer in observers {
            let told = (observer == *writer).then_some(version);
            if let Some(membership) = self.unit_mut(&observer).agent.memberships.get_mut(&id) {
                membership.application = version;
                membership.told_application = told.unwrap_or(membership.told_application);
            }
            self.wake(id, &observer);
        }
        real
    }

    /// Compare what one unit was told of another with what is.
    pub(super) fn compare(&mut self, id: RelationId, observer: &Name, subject: &Name, version: Option<u64>) {
        if let Some(unit) = self.units.get_mut(observer)
            && let Some(membership) = unit.agent.memberships.get_mut(&id)
        {
            membership.compare(subject, version);
            self.wake(id, observer);
        }
    }

    /// Note whether the relation has anything to tell the unit.
    pub(super) fn wake(&mut self, id: RelationId, name: &Name) {
        let Some(unit) = self.units.get_mut(name) else { return };
        let agent = &mut unit.agent;
        if agent.memberships.get(&id).and_then(Membership::next).is_some() {
            agent.active.insert(id);
            self.busy.insert(name.clone());
        } else {
            agent.active.remove(&id);
        }
    }

    fn tell_counterparts(&mut self, id: RelationId, name: &Name) {
        let unit = &self.units[name];
        let relation = &self.relations[&id];
        if relation.is_departing(name) {
            return;
        }
        let Some(end) = relation.end_of(&unit.application) else { return };
        let version = relation.units[name].version;
        for counterpart in relation.counterparts(&unit.container(name), end, name) {
            self.compare(id, &counterpart, name, Some(version));
        }
    }
}
