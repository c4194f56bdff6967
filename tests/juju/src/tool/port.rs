//! `open-port`, `close-port` and `opened-ports`

use std::collections::{BTreeMap, BTreeSet};

use super::flags::Flags;
use super::{Call, Failure, Output, Result, deprecated_format};
use crate::context::HookContext;
use crate::port::PortRange;
use crate::tree::Tree;

type Ports = BTreeSet<(String, PortRange)>;

/// `open-port [--endpoints LIST] RANGE`
pub(super) fn open(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (range, endpoints) = range_of(flags)?;
    let unit = context.unit.clone();
    let refused = |conflict: String| {
        Failure::failed(format!(
            r#"cannot open {range} (unit "{unit}"): port range conflicts with {conflict}"#
        ))
    };
    let committed = &context.model.unit(&unit).ports;
    let ports = context.writes.ports.as_ref().unwrap_or(committed);
    if let Some((_, other)) = ports.iter().find(|(_, other)| *other != range && other.overlaps(&range)) {
        let earlier =
            if committed.iter().any(|(_, range)| range == other) { "" } else { " requested earlier" };
        return Err(refused(format!(r#"{other} (unit "{unit}"){earlier}"#)));
    }
    if let Some((neighbour, other)) = taken_by_neighbour(context, &range) {
        return Err(refused(format!(r#"{other} (unit "{neighbour}")"#)));
    }
    ports_mut(context).extend(endpoints.into_iter().map(|endpoint| (endpoint, range)));
    Ok(deprecated_format(flags, "open-port"))
}

/// The ports of the other units of the machine are taken, whatever endpoint they are for.
fn taken_by_neighbour(context: &HookContext<'_>, range: &PortRange) -> Option<(crate::Name, PortRange)> {
    let machine = context.model.unit(&context.unit).machine;
    let neighbours = context.model.machines[machine].iter().filter(|name| **name != context.unit);
    neighbours
        .flat_map(|name| context.model.unit(name).ports.iter().map(move |(_, other)| (name, other)))
        .find(|(_, other)| other.overlaps(range))
        .map(|(name, other)| (name.clone(), *other))
}

/// `close-port [--endpoints LIST] RANGE`: closing what isn't open is no error.
pub(super) fn close(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (range, endpoints) = range_of(flags)?;
    let everywhere = endpoints == [""];
    ports_mut(context)
        .retain(|(endpoint, open)| *open != range || !(everywhere || endpoints.contains(endpoint)));
    Ok(deprecated_format(flags, "close-port"))
}

/// `opened-ports [--endpoints]`
pub(super) fn opened(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(0)?;
    let ports = context.writes.ports.as_ref().unwrap_or_else(|| &context.model.unit(&context.unit).ports);
    let mut ranges: BTreeMap<PortRange, Vec<&str>> = BTreeMap::new();
    for (endpoint, range) in ports {
        ranges.entry(*range).or_default().push(endpoint);
    }
    let lines = ranges.iter().map(|(range, endpoints)| {
        let endpoints = if endpoints.contains(&"") { "*".to_owned() } else { endpoints.join(", ") };
        if flags.has("endpoints") { format!("{range} ({endpoints})") } else { range.to_string() }
    });
    Ok(Output::Tree(Tree::Lines(lines.collect())))
}

fn range_of(flags: &Flags) -> Result<(PortRange, Vec<String>)> {
    let range = flags.rest.first().ok_or_else(|| Failure::usage("no port or range specified"))?;
    let range = PortRange::parse(range).map_err(Failure::usage)?;
    flags.at_most(1)?;
    let endpoints = flags.value("endpoints").unwrap_or("");
    Ok((range, endpoints.split(',').map(|endpoint| endpoint.trim().to_owned()).collect()))
}

fn ports_mut<'c>(context: &'c mut HookContext<'_>) -> &'c mut Ports {
    let committed = &context.model.unit(&context.unit).ports;
    context.writes.ports.get_or_insert_with(|| committed.clone())
}
