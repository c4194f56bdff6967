use anyhow::Result;

use super::{Keys, keys};
use crate::host::Host;
use crate::juju::tool::relation::Bag;
use crate::juju::tool::{ToolError, config, relation};
use crate::juju::{Event, Lifecycle, Metadata, RelationEvent, RelationId, RelationKind, UnitName};
use crate::reactive::{Remote, View};

/// How much has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What the event is about.
    Event,
    /// Who is there; of the units that are known, nothing.
    Members,
    /// Everything.
    Everything,
}

/// Takes into the view what the event says.
pub(super) fn take_in(
    host: &Host,
    metadata: &Metadata,
    event: &Event,
    reach: Reach,
    view: &mut View,
) -> Result<()> {
    if reach == Reach::Everything || event.is(Lifecycle::ConfigChanged) {
        view.config = Some(config::get(host)?);
    }
    match (reach, event) {
        (Reach::Event, Event::Relation(event)) => take_in_event(host, metadata, event, view),
        (Reach::Event, _) => Ok(()),
        _ => read(host, metadata, reach, view),
    }
}

fn take_in_event(host: &Host, metadata: &Metadata, event: &RelationEvent, view: &mut View) -> Result<()> {
    let Some(keys) = metadata.endpoint(event.relation.endpoint()).and_then(keys) else { return Ok(()) };
    match (event.kind, &event.remote_unit) {
        (RelationKind::Joined | RelationKind::Changed, Some(unit)) => {
            if let Some(bag) = if_there(relation::get(host, &event.relation, unit))? {
                let remote = view.relate(&event.relation, &event.remote_app);
                remote.units.insert(unit.clone(), of_ours(bag, keys));
            }
        }
        (RelationKind::Created | RelationKind::Joined | RelationKind::Changed, _) => {
            view.relate(&event.relation, &event.remote_app);
        }
        (RelationKind::Departed, Some(unit)) => view.forget_unit(&event.relation, unit),
        (RelationKind::Departed, None) => {}
        (RelationKind::Broken, _) => view.forget(&event.relation),
    }
    Ok(())
}

/// Asks Juju who is there, and reads every unit or those that are new.
fn read(host: &Host, metadata: &Metadata, reach: Reach, view: &mut View) -> Result<()> {
    let known = std::mem::take(&mut view.relations);
    for endpoint in metadata.endpoints() {
        let Some(keys) = keys(endpoint) else { continue };
        for id in relation::ids(host, endpoint.name)? {
            let before = known.get(&id);
            if let Some(remote) = if_there(read_remote(host, &id, keys, before, reach))? {
                view.relations.insert(id, remote);
            }
        }
    }
    Ok(())
}

fn read_remote(
    host: &Host,
    id: &RelationId,
    keys: Keys,
    before: Option<&Remote>,
    reach: Reach,
) -> Result<Remote, ToolError> {
    let mut remote =
        Remote { app: before.map(|before| before.app.clone()).unwrap_or_default(), ..Remote::default() };
    for unit in relation::units(host, id)? {
        let known = before.and_then(|before| before.units.get(&unit)).filter(|_| reach == Reach::Members);
        let bag = match known {
            Some(bag) => bag.clone(),
            None => of_ours(relation::get(host, id, &unit)?, keys),
        };
        if remote.app.is_empty() {
            unit.app().clone_into(&mut remote.app);
        }
        remote.units.insert(unit, bag);
    }
    Ok(remote)
}

/// What our own unit's databags hold, as Juju has them.
pub(super) fn read_own(host: &Host, unit: &UnitName, relation: &RelationId) -> Result<Option<Bag>> {
    Ok(if_there(relation::get(host, relation, unit))?.map(|mut bag| {
        bag.retain(|key, _| super::hook::PUBLISHED.contains(&key.as_str()));
        bag
    }))
}

/// A relation that was removed by force is no error: it is not there.
pub(super) fn if_there<T>(result: Result<T, ToolError>) -> Result<Option<T>, ToolError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

fn of_ours(mut bag: Bag, keys: Keys) -> Bag {
    bag.retain(|key, _| keys.watched.contains(&key.as_str()) || keys.noted.contains(&key.as_str()));
    bag
}
