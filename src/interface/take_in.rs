use std::collections::BTreeSet;
use std::fmt;

use anyhow::Result;

use super::{Keys, PUBLISHED, TOO_LONG, keys, too_long};
use crate::host::Host;
use crate::juju::tool::relation::Bag;
use crate::juju::tool::{ToolError, relation};
use crate::juju::{Event, Metadata, RelationEvent, RelationId, RelationKind, UnitName};
use crate::reactive::View;

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

/// Takes into the view what the event says, or more.
pub(super) fn take_in(
    host: &Host,
    metadata: &Metadata,
    event: &Event,
    reach: Reach,
    view: &mut View,
) -> Result<()> {
    match (reach, event) {
        (Reach::Event, Event::Relation(event)) => take_in_event(host, metadata, event, view),
        (Reach::Event, _) => Ok(()),
        _ => read(host, metadata, reach, view),
    }
}

fn take_in_event(host: &Host, metadata: &Metadata, event: &RelationEvent, view: &mut View) -> Result<()> {
    let Some(keys) = metadata.endpoint(event.relation.endpoint()).and_then(keys) else { return Ok(()) };
    let relation = &event.relation;
    match (event.kind, &event.remote_unit) {
        (RelationKind::Joined | RelationKind::Changed, unit) if keys.of_application => {
            if let Some(bag) = if_there(get_application(host, relation, &event.remote_app, keys))? {
                view.relate(relation, &event.remote_app)?;
                view.put_application(relation, bag)?;
                unit.iter().try_for_each(|unit| view.put_unit(relation, unit, Bag::new()))?;
            }
            Ok(())
        }
        (RelationKind::Joined | RelationKind::Changed, Some(unit)) => {
            if let Some(bag) = if_there(get(host, relation, unit, keys))? {
                view.relate(relation, &event.remote_app)?;
                view.put_unit(relation, unit, bag)?;
            }
            Ok(())
        }
        (RelationKind::Created | RelationKind::Joined | RelationKind::Changed, _) => {
            view.relate(relation, &event.remote_app)
        }
        (RelationKind::Departed, Some(unit)) => view.forget_unit(relation, unit),
        (RelationKind::Departed, None) => Ok(()),
        (RelationKind::Broken, _) => view.forget(relation),
    }
}

/// Asks Juju who is there, reads every unit or those that are new, and forgets who is not there.
fn read(host: &Host, metadata: &Metadata, reach: Reach, view: &mut View) -> Result<()> {
    let mut there = BTreeSet::new();
    for endpoint in metadata.endpoints() {
        let Some(keys) = keys(endpoint) else { continue };
        let mut known = view.units_by_relation(endpoint.name)?;
        for id in relation::ids(host, endpoint.name)? {
            let known = known.remove(&id).unwrap_or_default();
            if if_there(read_relation(host, &id, &known, keys, reach, view))?.is_some() {
                there.insert(id);
            }
        }
    }
    for endpoint in view.endpoints().map(str::to_owned).collect::<Vec<_>>() {
        let gone = |(id, _): &(&RelationId, _)| !there.contains(*id);
        let gone: Vec<RelationId> =
            view.relations(&endpoint)?.into_iter().filter(gone).map(|(id, _)| id.clone()).collect();
        gone.iter().try_for_each(|id| view.forget(id))?;
    }
    Ok(())
}

fn read_relation(
    host: &Host,
    id: &RelationId,
    known: &BTreeSet<UnitName>,
    keys: Keys,
    reach: Reach,
    view: &mut View,
) -> Result<()> {
    let there: BTreeSet<UnitName> = relation::units(host, id)?.into_iter().collect();
    view.relate(id, there.first().map_or("", UnitName::app))?;
    for unit in known.difference(&there) {
        view.forget_unit(id, unit)?;
    }
    for unit in there.iter().filter(|unit| reach == Reach::Everything || !known.contains(unit)) {
        let bag = if keys.of_application { Bag::new() } else { get(host, id, unit, keys)? };
        view.put_unit(id, unit, bag)?;
    }
    let app = view.relation(id)?.map(|relation| relation.app.clone()).unwrap_or_default();
    if keys.of_application && reach == Reach::Everything && !app.is_empty() {
        view.put_application(id, get_application(host, id, &app, keys)?)?;
    }
    Ok(())
}

/// What our own unit's databag holds of the keys that we publish, as Juju has it.
pub(super) fn read_own(host: &Host, unit: &UnitName, relation: &RelationId) -> Result<Option<Bag>> {
    let mut bag = if_there(relation::get(host, relation, unit).map_err(Into::into))?;
    if let Some(bag) = &mut bag {
        bag.retain(|key, _| PUBLISHED.contains(&key.as_str()));
    }
    Ok(bag)
}

/// A relation that was removed by force is no error: it is not there.
pub(super) fn if_there<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.downcast_ref().is_some_and(ToolError::is_gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a unit has published, as far as we look at it.
fn get(host: &Host, relation: &RelationId, unit: &UnitName, keys: Keys) -> Result<Bag> {
    heard(relation::get(host, relation, unit), unit, keys)
}

/// What an application has published, as far as we look at it.
fn get_application(host: &Host, relation: &RelationId, app: &str, keys: Keys) -> Result<Bag> {
    heard(relation::get_application(host, relation, app), app, keys)
}

/// One that has published more than can be read has said nothing of use, and harms itself alone.
fn heard(bag: Result<Bag, ToolError>, who: impl fmt::Display, keys: Keys) -> Result<Bag> {
    match bag {
        Err(error) if error.is_too_much() => {
            log::warn!("{error}");
            let value = |key: &&str| ((*key).to_owned(), format!("{TOO_LONG}all that {who} has published"));
            Ok(keys.watched.iter().map(value).collect())
        }
        bag => Ok(of_ours(bag?, keys)),
    }
}

/// The keys that we look at. Of a value that is too long to be any good, its length and its start are remembered alone:
/// it must not weigh on every hook to come.
fn of_ours(mut bag: Bag, keys: Keys) -> Bag {
    bag.retain(|key, _| keys.watched.contains(&key.as_str()) || keys.noted.contains(&key.as_str()));
    for value in bag.values_mut().filter(|value| value.len() > keys.longest) {
        *value = too_long(value);
    }
    bag
}
