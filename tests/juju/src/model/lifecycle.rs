//! What an operator does to a model: deploy, relate, remove.

use std::collections::BTreeSet;

use super::{Agent, Application, End, Model, Relation, RelationId, Status, Unit};
use crate::metadata::{Role, Scope};
use crate::{Charm, Name};

impl Model {
    pub(crate) fn deploy(&mut self, name: &str, charm: &Charm) {
        assert!(!self.applications.contains_key(name), "application {name:?} is deployed already");
        let name = Name::from(name);
        self.applications.insert(name.clone(), Application::new(charm));
        for peer in charm.metadata().peers() {
            self.add_relation(vec![self.end(&format!("{name}:{peer}"))]);
        }
    }

    /// A new unit on a new machine, or beside a principal.
    pub(crate) fn add_unit(&mut self, application: &str, principal: Option<&Name>) -> Name {
        let machine = if let Some(principal) = principal {
            self.unit(principal).machine
        } else {
            self.machines.push(BTreeSet::new());
            self.machines.len() - 1
        };
        let owner = self.application_mut(application);
        let name = Name::from(format!("{application}/{}", owner.next_unit));
        owner.next_unit += 1;
        owner.units.insert(name.clone());
        owner.leader.get_or_insert_with(|| name.clone());
        let unit = Unit {
            application: application.into(),
            machine,
            principal: principal.cloned(),
            dying: false,
            status: Status::new("unknown", ""),
            workload_version: String::new(),
            ports: BTreeSet::new(),
            state: crate::Bag::new(),
            log: Vec::new(),
            agent: Agent::default(),
        };
        self.units.insert(name.clone(), unit);
        self.machines[machine].insert(name.clone());
        self.busy.insert(name.clone());
        name
    }

    /// `APPLICATION:ENDPOINT`, looked up.
    fn end(&self, text: &str) -> End {
        let (application, endpoint) =
            text.split_once(':').unwrap_or_else(|| panic!("{text:?} isn't APPLICATION:ENDPOINT"));
        let charm = &self.application(application).charm;
        let endpoint = charm.metadata().endpoint(endpoint);
        let endpoint = endpoint.unwrap_or_else(|| panic!("{text}: the charm has no such endpoint"));
        End { application: application.into(), endpoint }
    }

    pub(crate) fn relate(&mut self, one: &str, other: &str) -> RelationId {
        let (one, other) = (self.end(one), self.end(other));
        let roles = BTreeSet::from([one.endpoint.role, other.endpoint.role]);
        assert_eq!(roles, BTreeSet::from([Role::Requirer, Role::Provider]), "one must require, one provide");
        assert_eq!(one.endpoint.interface, other.endpoint.interface, "the interfaces differ");
        self.add_relation(vec![one, other])
    }

    fn add_relation(&mut self, ends: Vec<End>) -> RelationId {
        let id = RelationId(self.next_relation);
        self.next_relation += 1;
        let applications: Vec<Name> = ends.iter().map(|end| end.application.clone()).collect();
        self.relations.insert(id, Relation::new(ends));
        for application in applications {
            let application = self.application_mut(&application);
            application.relations.insert(id);
            for unit in application.units.clone() {
                if self.unit(&unit).agent.installed && !self.unit(&unit).dying {
                    self.enter_scope(id, &unit);
                }
            }
        }
        id
    }

    /// A principal that enters a container-scoped relation brings its subordinate along.
    pub(super) fn add_subordinate(&mut self, id: RelationId, principal: &Name) {
        let relation = &self.relations[&id];
        let unit = self.unit(principal);
        let Some(end) = relation.end_of(&unit.application) else { return };
        let other = &relation.ends[relation.opposite(end)].application;
        let application = self.application(other);
        if relation.scope == Scope::Container
            && unit.principal.is_none()
            && application.charm.metadata().subordinate
            && !self.machines[unit.machine].iter().any(|name| application.units.contains(name))
        {
            self.add_unit(&other.clone(), Some(principal));
        }
    }

    pub(crate) fn remove_relation(&mut self, id: RelationId) {
        let Some(relation) = self.relations.get_mut(&id) else { panic!("no relation {id} in the model") };
        relation.dying = true;
        let applications: Vec<Name> = relation.ends.iter().map(|end| end.application.clone()).collect();
        for application in applications {
            let units = self.applications.get(&application).map(|application| application.units.clone());
            for unit in units.unwrap_or_default() {
                self.break_membership(id, &unit, true);
            }
        }
        self.bury_relation(id);
    }

    /// The agent learns that the relation is going away, or that its own unit is.
    pub(super) fn break_membership(&mut self, id: RelationId, name: &Name, dying: bool) {
        let agent = &mut self.unit_mut(name).agent;
        let Some(membership) = agent.memberships.get_mut(&id) else {
            if dying {
                self.leave_scope(id, name);
            }
            return;
        };
        membership.breaking = true;
        membership.dying |= dying;
        if membership.created {
            self.wake(id, name);
        } else {
            agent.memberships.remove(&id);
            agent.uncreated.remove(&id);
            agent.active.remove(&id);
            self.leave_scope(id, name);
        }
    }

    pub(crate) fn remove_unit(&mut self, name: &Name) {
        let unit = self.unit_mut(name);
        if unit.dying {
            return;
        }
        unit.dying = true;
        if unit.agent.installed || unit.agent.retry.is_some() {
            for id in unit.agent.memberships.keys().copied().collect::<Vec<_>>() {
                self.break_membership(id, name, false);
                if self.departs_early {
                    self.prepare_to_leave(id, name);
                }
            }
            self.busy.insert(name.clone());
            let machine = self.unit(name).machine;
            for other in self.machines[machine].clone() {
                if self.unit(&other).principal.as_ref() == Some(name) {
                    self.remove_unit(&other);
                }
            }
        } else {
            self.forget_unit(name);
        }
    }

    /// The unit is gone: now the others see it depart.
    pub(crate) fn forget_unit(&mut self, name: &Name) {
        let application = self.unit(name).application.clone();
        for id in self.application(&application).relations.clone() {
            self.leave_scope(id, name);
        }
        self.busy.remove(name);
        if let Some(unit) = self.units.remove(name) {
            self.machines[unit.machine].remove(name);
        }
        let owner = self.application_mut(&application);
        owner.units.remove(name);
        if owner.leader.as_ref() == Some(name) {
            owner.leader = owner.units.first().cloned();
            self.busy.extend(self.application(&application).leader.clone());
        }
        self.forget_owner(name);
        self.bury_application(&application);
    }

    pub(crate) fn remove_application(&mut self, name: &str) {
        let application = self.application_mut(name);
        application.dying = true;
        let (relations, units) = (application.relations.clone(), application.units.clone());
        for id in relations {
            self.remove_relation(id);
        }
        for unit in units {
            self.remove_unit(&unit);
        }
        self.bury_application(name);
    }

    /// A dying application without units and relations goes away.
    pub(super) fn bury_application(&mut self, name: &str) {
        let gone = |application: &Application| {
            application.dying && application.units.is_empty() && application.relations.is_empty()
        };
        if self.applications.get(name).is_some_and(gone) {
            self.applications.remove(name);
            self.forget_owner(&name.into());
        }
    }
}
