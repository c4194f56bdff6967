//! `open-port`, `close-port` and `opened-ports`

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::flags::{Flags, Options};
use super::format::Format;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;
use crate::port::PortRange;

type Ports = BTreeSet<(String, PortRange)>;

/// `open-port [--endpoints LIST] RANGE`
pub(super) fn open(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let (range, endpoints) = range_of(call)?;
    let unit = context.unit.clone();
    let ports = ports_mut(context);
    if let Some((_, other)) = ports.iter().find(|(_, other)| other.conflicts(&range)) {
        return Err(Failure::failed(format!(
            r#"cannot open {range} (unit "{unit}"): port range conflicts with {other} (unit "{unit}") requested earlier"#
        )));
    }
    ports.extend(endpoints.into_iter().map(|endpoint| (endpoint, range)));
    Ok(Output::nothing())
}

/// `close-port [--endpoints LIST] RANGE`: closing what isn't open is no error.
pub(super) fn close(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let (range, endpoints) = range_of(call)?;
    let everywhere = endpoints == [""];
    ports_mut(context)
        .retain(|(endpoint, open)| *open != range || !(everywhere || endpoints.contains(endpoint)));
    Ok(Output::nothing())
}

/// `opened-ports [--endpoints]`
pub(super) fn opened(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &["endpoints"] }.parse(call.args)?;
    flags.at_most(0)?;
    let ports = context.writes.ports.as_ref().unwrap_or_else(|| &context.model.unit(&context.unit).ports);
    let mut ranges: BTreeMap<PortRange, Vec<&str>> = BTreeMap::new();
    for (endpoint, range) in ports {
        ranges.entry(*range).or_default().push(if endpoint.is_empty() { "*" } else { endpoint });
    }
    let lines = ranges.iter().map(|(range, endpoints)| {
        if flags.has("endpoints") { format!("{range} ({})", endpoints.join(",")) } else { range.to_string() }
    });
    Ok(Format::of(&flags)?.print(&lines.collect::<Value>()))
}

fn range_of(call: Call<'_>) -> Result<(PortRange, Vec<String>)> {
    let flags: Flags = Options { values: &["endpoints", "format"], switches: &[] }.parse(call.args)?;
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
