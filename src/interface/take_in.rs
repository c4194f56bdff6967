use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;

use super::{Keys, PUBLISHED, TOO_LONG, keys, too_long};
use crate::host::Host;
use crate::juju::tool::{Asked, ToolError, each, relation};
use crate::juju::{Event, Metadata, RelationEvent, RelationId, RelationKind, UnitName};
use crate::reactive::View;
use crate::wire::Bag;

/// How much has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Who is there; of the units that are known, nothing.
    Members,
    /// Everything.
    Everything,
}

/// Asks for the databag that the event is about, if it is about one.
pub(super) fn ask(host: &Host, metadata: &Metadata, event: &Event) -> Option<Asked<Bag>> {
    let Event::Relation(event) = event else { return None };
    Some(whose(event, keys_of(metadata, event)?)?.ask(host, &event.relation))
}

/// Takes into the view what the event says, with the answer to [`ask`].
pub(super) fn take_in_event(
    metadata: &Metadata,
    event: &Event,
    bag: Option<Result<Bag, ToolError>>,
    view: &mut View,
) -> Result<()> {
    let Event::Relation(event) = event else { return Ok(()) };
    let Some(keys) = keys_of(metadata, event) else { return Ok(()) };
    let relation = &event.relation;
    match (event.kind, &event.remote_unit) {
        (RelationKind::Departed, Some(unit)) => return view.forget_unit(relation, unit),
        (RelationKind::Departed, None) => return Ok(()),
        (RelationKind::Broken, _) => return view.forget(relation),
        (RelationKind::Created | RelationKind::Joined | RelationKind::Changed, _) => {}
    }
    let (Some(bag), Some(whose)) = (bag, whose(event, keys)) else {
        return view.relate(relation, &event.remote_app);
    };
    let Some(bag) = if_there(heard(bag, &whose, keys))? else { return Ok(()) };
    view.relate(relation, &event.remote_app)?;
    match whose {
        Whose::Unit(unit) => view.put_unit(relation, &unit, bag),
        Whose::Application(_) => {
            view.put_application(relation, bag)?;
            event.remote_unit.iter().try_for_each(|unit| view.put_unit(relation, unit, Bag::new()))
        }
    }
}

/// Whose databag it is.
enum Whose {
    Unit(UnitName),
    Application(String),
}

impl Whose {
    fn ask(&self, host: &Host, relation: &RelationId) -> Asked<Bag> {
        match self {
            Self::Unit(unit) => relation::get(host, relation, unit),
            Self::Application(app) => relation::get_application(host, relation, app),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => unit.fmt(f),
            Self::Application(app) => f.write_str(app),
        }
    }
}

/// The databag that an event is about.
fn whose(event: &RelationEvent, keys: Keys) -> Option<Whose> {
    match (event.kind, &event.remote_unit) {
        (RelationKind::Joined | RelationKind::Changed, _) if keys.of_application => {
            Some(Whose::Application(event.remote_app.clone()))
        }
        (RelationKind::Joined | RelationKind::Changed, Some(unit)) => Some(Whose::Unit(unit.clone())),
        _ => None,
    }
}

fn keys_of(metadata: &Metadata, event: &RelationEvent) -> Option<Keys> {
    keys(metadata.endpoint(event.relation.endpoint())?)
}

/// Asks Juju who is there, reads every unit or those that are new, and forgets who is not there.
pub(super) fn read(host: &Host, metadata: &Metadata, reach: Reach, view: &mut View) -> Result<()> {
    let mut there = BTreeSet::new();
    let ours = metadata.endpoints().filter_map(|endpoint| Some((endpoint.name, keys(endpoint)?)));
    let asked: Vec<_> = ours.map(|(name, keys)| (name, keys, relation::ids(host, name))).collect();
    let all: Vec<_> = asked.into_iter().map(|(name, keys, ids)| (name, keys, ids.answer())).collect();
    for (endpoint, keys, ids) in all {
        let known = view.units_by_relation(endpoint)?;
        let mut to_read = Vec::new();
        let list = |id: &RelationId| relation::units(host, id);
        each(&ids?, list, |id, units| {
            let Some(units) = if_there(units.map_err(Into::into))? else { return Ok(()) };
            there.insert(id.clone());
            let new = take_in_members(id, units, known.get(id), keys, reach, view)?;
            to_read.extend(new.into_iter().map(|whose| (id.clone(), whose)));
            Ok(())
        })?;
        let ask = |(id, whose): &(RelationId, Whose)| whose.ask(host, id);
        each(&to_read, ask, |(id, whose), bag| match (if_there(heard(bag, whose, keys))?, whose) {
            (None, _) => {
                there.remove(id);
                Ok(())
            }
            (Some(bag), Whose::Unit(unit)) => view.put_unit(id, unit, bag),
            (Some(bag), Whose::Application(_)) => view.put_application(id, bag),
        })?;
    }
    for endpoint in view.endpoints().map(str::to_owned).collect::<Vec<_>>() {
        let gone = |(id, _): &(&RelationId, _)| !there.contains(*id);
        let gone: Vec<RelationId> =
            view.relations(&endpoint)?.into_iter().filter(gone).map(|(id, _)| id.clone()).collect();
        let units = if gone.is_empty() { BTreeMap::new() } else { view.units_by_relation(&endpoint)? };
        for id in gone {
            units.get(&id).into_iter().flatten().try_for_each(|unit| view.forget_unit(&id, unit))?;
            view.forget(&id)?;
        }
    }
    Ok(())
}

/// Takes in who is there; gives whose databags have to be read.
fn take_in_members(
    id: &RelationId,
    units: Vec<UnitName>,
    known: Option<&BTreeSet<UnitName>>,
    keys: Keys,
    reach: Reach,
    view: &mut View,
) -> Result<Vec<Whose>> {
    let there: BTreeSet<UnitName> = units.into_iter().collect();
    view.relate(id, there.first().map_or("", UnitName::app))?;
    let is_known = |unit: &UnitName| known.is_some_and(|known| known.contains(unit));
    for unit in known.into_iter().flatten().filter(|unit| !there.contains(unit)) {
        view.forget_unit(id, unit)?;
    }
    let to_read = there.into_iter().filter(|unit| reach == Reach::Everything || !is_known(unit));
    if !keys.of_application {
        return Ok(to_read.map(Whose::Unit).collect());
    }
    to_read.into_iter().try_for_each(|unit| view.put_unit(id, &unit, Bag::new()))?;
    let app = view.relation(id)?.map(|relation| relation.app.clone()).unwrap_or_default();
    let reads = reach == Reach::Everything && !app.is_empty();
    Ok(reads.then_some(Whose::Application(app)).into_iter().collect())
}

/// What our own unit's databag holds of the keys that we publish, as Juju has it.
pub(super) fn read_own(host: &Host, unit: &UnitName, relation: &RelationId) -> Result<Option<Bag>> {
    let mut bag = if_there(relation::get(host, relation, unit).answer().map_err(Into::into))?;
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

/// What somebody has published, as far as we look at it. One who has published more than can be read has said nothing of
/// use, and harms himself alone.
fn heard(bag: Result<Bag, ToolError>, whose: &Whose, keys: Keys) -> Result<Bag> {
    match bag {
        Err(error) if error.is_too_much() => {
            log::warn!("{error}");
            let value = |key: &&str| ((*key).to_owned(), format!("{TOO_LONG}all that {whose} has published"));
            Ok(keys.watched.iter().map(value).collect())
        }
        bag => Ok(of_ours(bag?, keys)),
    }
}

/// The keys that we look at. Of a value that is too long to be any good, its length and its start are remembered alone:
/// it must not weigh on every hook to come.
fn of_ours(mut bag: Bag, keys: Keys) -> Bag {
    bag.retain(|key, _| keys.watched.contains(&key.as_str()) || keys.noted.contains(&key.as_str()));
    for (_, value) in bag.iter_mut().filter(|(_, value)| value.len() > keys.longest) {
        *value = too_long(value);
    }
    bag
}
