//! Which hooks a unit may run next, in the order in which Juju's agent looks for them.

use std::collections::BTreeSet;

use super::membership::Step;
use super::{Model, RelationId};
use crate::{Event, HookKind, Name};

/// What may come next for a unit.
pub(crate) enum Next<'m> {
    /// Nothing.
    Idle,
    /// This event, whatever else waits.
    Only(Event),
    /// The first event of any of these relations: Juju's order is a matter of chance.
    AnyOf(&'m BTreeSet<RelationId>),
}

impl Model {
    pub(crate) fn next(&self, name: &Name) -> Next<'_> {
        let Some(unit) = self.units.get(name) else { return Next::Idle };
        let agent = &unit.agent;
        if let Some((event, _)) = &agent.retry {
            if agent.in_error && !self.retries_hooks && !agent.resolved {
                return Next::Idle;
            }
            return Next::Only(event.clone());
        }
        if let Some(event) = &agent.queued {
            return Next::Only(event.clone());
        }
        if unit.dying && agent.installed {
            return if !agent.active.is_empty() {
                Next::AnyOf(&agent.active)
            } else if agent.started && !agent.stopped {
                Next::Only(Event::of(HookKind::Stop))
            } else {
                Next::Only(Event::of(HookKind::Remove))
            };
        }
        if !agent.installed {
            return Next::Only(Event::of(HookKind::Install));
        }
        let application = &self.applications[&unit.application];
        if agent.charm.as_ref().is_some_and(|(_, revision)| *revision != application.revision) {
            return Next::Only(Event::of(HookKind::UpgradeCharm));
        }
        if !agent.uncreated.is_empty() {
            return Next::AnyOf(&agent.uncreated);
        }
        let leads = application.leader.as_ref() == Some(name);
        if leads && agent.told_leader != Some(true) {
            return Next::Only(Event::of(HookKind::LeaderElected));
        }
        if !leads && agent.told_leader_settings != Some(application.leader_settings.version) {
            let version = application.leader_settings.version;
            return Next::Only(Event { version, ..Event::of(HookKind::LeaderSettingsChanged) });
        }
        if agent.told_config.as_ref() != Some(&application.config) {
            return Next::Only(Event::of(HookKind::ConfigChanged));
        }
        if agent.rebooted {
            return Next::Only(Event::of(HookKind::Start));
        }
        if let Some(event) = self.secret_event(name) {
            return Next::Only(event);
        }
        if !agent.active.is_empty() {
            return Next::AnyOf(&agent.active);
        }
        if agent.update_status { Next::Only(Event::of(HookKind::UpdateStatus)) } else { Next::Idle }
    }

    /// Every event that may come next for a unit.
    pub(crate) fn candidates(&self, name: &Name) -> Vec<Event> {
        match self.next(name) {
            Next::Idle => Vec::new(),
            Next::Only(event) => vec![event],
            Next::AnyOf(relations) => {
                relations.iter().filter_map(|id| self.relation_event(name, *id)).collect()
            }
        }
    }

    /// What comes next of one relation for a unit.
    pub(crate) fn relation_event(&self, name: &Name, id: RelationId) -> Option<Event> {
        let unit = self.units.get(name)?;
        let membership = unit.agent.memberships.get(&id)?;
        let (kind, remote_unit) = match membership.next()? {
            Step::Created => (HookKind::RelationCreated, None),
            Step::ApplicationChanged => (HookKind::RelationChanged, None),
            Step::Joined(unit) => (HookKind::RelationJoined, Some(unit)),
            Step::Changed(unit) => (HookKind::RelationChanged, Some(unit)),
            Step::Departed(unit) => (HookKind::RelationDeparted, Some(unit)),
            Step::Broken => (HookKind::RelationBroken, None),
        };
        let version = match &remote_unit {
            Some(remote) => {
                let settings = self.relations.get(&id).and_then(|relation| relation.units.get(remote));
                settings.map_or(0, |settings| settings.version)
            }
            None => membership.application,
        };
        let leaving = unit.dying || self.applications[&unit.application].dying;
        let departing = (kind == HookKind::RelationDeparted)
            .then(|| if leaving { Some(name.clone()) } else { remote_unit.clone() })
            .flatten();
        Some(Event {
            relation: Some(id),
            endpoint: Some(membership.endpoint.clone()),
            remote_unit,
            remote_app: Some(membership.remote_application.clone()),
            departing,
            version,
            ..Event::of(kind)
        })
    }
}
