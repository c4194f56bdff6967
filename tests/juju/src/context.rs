use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{Membership, Model, RelationId, Writes};
use crate::settings::{Bag, Changes, overlay};
use crate::tool::Failure;
use crate::{Event, HookKind, Name};

/// One execution as the hook tools see it: the model, whose hook it is, and what is buffered until it exits.
#[derive(Debug)]
pub(crate) struct HookContext<'m> {
    pub(crate) model: &'m mut Model,
    pub(crate) unit: Name,
    /// None in juju-exec and in actions.
    pub(crate) event: Option<Event>,
    pub(crate) action: Option<ActionContext>,
    pub(crate) writes: Writes,
    pub(crate) log: Vec<(String, String)>,
}

/// What an action was asked and has answered so far.
#[derive(Debug, Default)]
pub(crate) struct ActionContext {
    pub(crate) params: Value,
    pub(crate) results: BTreeMap<String, String>,
    pub(crate) failure: Option<String>,
    pub(crate) messages: Vec<String>,
}

impl<'m> HookContext<'m> {
    pub(crate) fn new(
        model: &'m mut Model,
        unit: &Name,
        event: Option<Event>,
        action: Option<ActionContext>,
    ) -> Self {
        let mut context =
            Self { model, unit: unit.clone(), event, action, writes: Writes::default(), log: Vec::new() };
        context.forget_what_the_event_changes();
        context
    }

    /// Juju's agent reads a remote unit anew only in that unit's own joined and changed hooks.
    fn forget_what_the_event_changes(&mut self) {
        if let Some(Event { kind, relation: Some(id), remote_unit: Some(remote), .. }) = self.event.clone()
            && matches!(kind, HookKind::RelationJoined | HookKind::RelationChanged)
            && let Some(membership) = self.membership_mut(id)
        {
            membership.cache.remove(&remote);
        }
    }

    pub(crate) fn application(&self) -> &Name {
        &self.model.unit(&self.unit).application
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.model.is_leader(&self.unit)
    }

    pub(crate) fn membership(&self, id: RelationId) -> Option<&Membership> {
        self.model.unit(&self.unit).agent.memberships.get(&id)
    }

    fn membership_mut(&mut self, id: RelationId) -> Option<&mut Membership> {
        self.model.unit_mut(&self.unit.clone()).agent.memberships.get_mut(&id)
    }

    /// The units of a relation, as this hook sees them.
    pub(crate) fn members(&self, id: RelationId) -> Vec<Name> {
        let Some(membership) = self.membership(id) else { return Vec::new() };
        let mut members: Vec<Name> = membership.told.keys().cloned().collect();
        if let Some(event) = self.event.as_ref().filter(|event| event.relation == Some(id))
            && let Some(remote) = &event.remote_unit
        {
            members.retain(|member| member != remote);
            if event.kind != HookKind::RelationDeparted {
                let place = members.partition_point(|member| member < remote);
                members.insert(place, remote.clone());
            }
        }
        members
    }

    fn is_member(&self, id: RelationId, name: &Name) -> bool {
        let of_event = self.event.as_ref().filter(|event| event.relation == Some(id));
        match of_event {
            Some(Event { kind, remote_unit: Some(remote), .. }) if remote == name => {
                *kind != HookKind::RelationDeparted
            }
            _ => self.membership(id).is_some_and(|membership| membership.told.contains_key(name)),
        }
    }

    /// Whether `relation-ids` lists the relation: one that is dying and empty counts as broken.
    pub(crate) fn is_listed(&self, id: RelationId, membership: &Membership) -> bool {
        let breaks = self
            .event
            .as_ref()
            .is_some_and(|event| event.kind == HookKind::RelationBroken && event.relation == Some(id));
        !(breaks || membership.dying && membership.told.is_empty())
    }

    /// A unit's databag: our own with what this hook has set so far, a member's from the cache.
    pub(crate) fn unit_bag(&mut self, id: RelationId, name: &Name) -> Result<Arc<Bag>, Failure> {
        if let Some(bag) = self.membership(id).and_then(|membership| membership.cache.get(name)) {
            return Ok(bag.clone());
        }
        let denied = || Failure::failed("permission denied");
        let relation = self.model.relations.get(&id).ok_or_else(|| self.gone(name))?;
        let application = name.rsplit_once('/').map_or("", |(application, _)| application);
        relation.end_of(application).ok_or_else(denied)?;
        let container = self.model.unit(&self.unit).container(&self.unit);
        let visible = relation.shares_container(&container, name);
        let settings = relation.units.get(name).filter(|_| visible).ok_or_else(|| {
            let key = relation.key();
            Failure::failed(format!(
                r#"cannot read settings for unit "{name}" in relation "{key}": unit "{name}": settings not found"#
            ))
        })?;
        let bag = settings.bag.clone();
        if *name == self.unit {
            return Ok(with(bag, self.writes.unit.get(&id)));
        }
        if self.is_member(id, name)
            && let Some(membership) = self.membership_mut(id)
        {
            membership.cache.insert(name.clone(), bag.clone());
        }
        Ok(bag)
    }

    /// An application's databag. Our own is the leader's to read, or anybody's in a peer relation.
    pub(crate) fn application_bag(&self, id: RelationId, name: &str) -> Result<Arc<Bag>, Failure> {
        let denied = || Failure::failed("permission denied");
        let relation = self.model.relations.get(&id).ok_or_else(|| self.gone(name))?;
        let settings = relation.applications.get(name).ok_or_else(denied)?;
        if name != &**self.application() {
            return Ok(settings.bag.clone());
        }
        if !relation.is_peer() && !self.is_leader() {
            return Err(denied());
        }
        Ok(with(settings.bag.clone(), self.writes.application.get(&id)))
    }

    /// Why somebody's databag in a relation that is gone cannot be read.
    fn gone(&self, name: &str) -> Failure {
        let is_ours = name == &*self.unit || name == &**self.application();
        Failure::failed(if is_ours { "permission denied" } else { self.model.version.of_gone_relation() })
    }
}

fn with(mut bag: Arc<Bag>, changes: Option<&Changes>) -> Arc<Bag> {
    if let Some(changes) = changes {
        overlay(Arc::make_mut(&mut bag), changes);
    }
    bag
}
