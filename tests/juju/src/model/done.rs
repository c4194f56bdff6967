//! What an agent records after a hook.

use super::{Model, RelationId};
use crate::metadata::Scope;
use crate::{Event, HookKind, Name};

impl Model {
    /// The hook has failed (`in_error`) or was killed: it comes again. Returns how often in a row.
    pub(crate) fn must_retry(&mut self, name: &Name, event: &Event, in_error: bool) -> u32 {
        let agent = &mut self.unit_mut(name).agent;
        let failures = agent.retry.as_ref().map_or(0, |(_, failures)| *failures) + 1;
        agent.retry = Some((event.clone(), failures));
        agent.in_error = in_error;
        agent.resolved = false;
        failures
    }

    /// The event is done with, for good.
    pub(crate) fn done(&mut self, name: &Name, event: &Event) {
        let unit = self.unit_mut(name);
        let application = unit.application.clone();
        let agent = &mut unit.agent;
        agent.retry = None;
        agent.in_error = false;
        agent.resolved = false;
        if agent.queued.as_ref().is_some_and(|queued| queued.is_same_hook(event)) {
            agent.queued = None;
        }
        match event.kind {
            HookKind::Install => {
                agent.installed = true;
                if !unit.dying {
                    for id in self.application(&application).relations.clone() {
                        self.enter_scope(id, name);
                    }
                }
            }
            HookKind::Start => {
                agent.started = true;
                agent.rebooted = false;
            }
            HookKind::Stop => agent.stopped = true,
            HookKind::Remove => self.forget_unit(name),
            HookKind::UpdateStatus => agent.update_status = false,
            HookKind::UpgradeCharm => {
                agent.queued = Some(Event::of(HookKind::ConfigChanged));
                agent.told_leader_settings = None;
            }
            HookKind::LeaderElected => {
                agent.told_leader = Some(true);
                agent.told_leader_settings = None;
            }
            HookKind::LeaderSettingsChanged => {
                agent.told_leader = Some(false);
                agent.told_leader_settings = Some(event.version);
            }
            HookKind::ConfigChanged => {
                if !agent.started {
                    agent.queued = Some(Event::of(HookKind::Start));
                }
                let config = self.application(&application).config.clone();
                self.unit_mut(name).agent.told_config = Some(config);
            }
            HookKind::SecretChanged
            | HookKind::SecretExpired
            | HookKind::SecretRemove
            | HookKind::SecretRotate => self.secret_told(name, event),
            _ => {
                if let Some(id) = event.relation {
                    self.relation_done(id, name, event);
                }
            }
        }
    }

    fn relation_done(&mut self, id: RelationId, name: &Name, event: &Event) {
        let agent = &mut self.unit_mut(name).agent;
        let Some(membership) = agent.memberships.get_mut(&id) else { return };
        match (event.kind, &event.remote_unit) {
            (HookKind::RelationCreated, _) => {
                membership.created = true;
                agent.uncreated.remove(&id);
            }
            (HookKind::RelationJoined, Some(unit)) => membership.joined(unit, event.version),
            (HookKind::RelationChanged, Some(unit)) => membership.changed(unit, event.version),
            (HookKind::RelationChanged, None) => membership.told_application = event.version,
            (HookKind::RelationDeparted, Some(unit)) => membership.departed(unit),
            (HookKind::RelationBroken, _) => return self.broken(id, name),
            _ => {}
        }
        if let Some(remote) = &event.remote_unit {
            self.compare_now(id, name, remote);
        }
        self.wake(id, name);
    }

    fn compare_now(&mut self, id: RelationId, name: &Name, remote: &Name) {
        let unit = self.unit(name);
        let version = self.relations.get(&id).and_then(|relation| {
            let end = relation.end_of(&unit.application)?;
            let seen = relation.sees(&unit.container(name), end, remote);
            seen.then(|| relation.units[remote].version)
        });
        self.compare(id, name, remote, version);
    }

    fn broken(&mut self, id: RelationId, name: &Name) {
        let unit = self.unit_mut(name);
        let dying = unit.agent.memberships.remove(&id).is_some_and(|membership| membership.dying);
        let suspended = self.relations.get(&id).is_some_and(|relation| relation.suspended);
        let unit = self.unit_mut(name);
        unit.agent.active.remove(&id);
        let (subordinate, unit_is_dying) = (unit.principal.is_some(), unit.dying);
        if suspended {
            return self.leave_scope(id, name);
        }
        if !dying {
            if !unit_is_dying {
                // Suspended, and resumed meanwhile.
                self.leave_scope(id, name);
                self.enter_scope(id, name);
            }
            return;
        }
        let contained = self.relations.get(&id).is_some_and(|relation| relation.scope == Scope::Container);
        self.leave_scope(id, name);
        if subordinate && contained {
            self.remove_unit(name);
        }
    }
}
