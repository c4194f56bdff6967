//! The side that asks for TLS: it publishes a request and reads the status.

use anyhow::Result;

use super::Hook;
use crate::juju::{RelationId, UnitName};
use crate::wire::{Composed, Published};

/// What one unit of the proxy says.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The relation over which it came.
    pub relation: &'a RelationId,
    /// The unit that says it.
    pub remote_unit_name: &'a UnitName,
    /// What it has published.
    pub status: Published,
}

/// Publishes the request to every relation of an endpoint; `None` withdraws it, with `{}`.
pub fn send_cert_info(hook: &mut Hook, endpoint: &str, request: Option<&Composed>) -> Result<()> {
    hook.relations(endpoint)?.iter().try_for_each(|relation| send_cert_info_to(hook, relation, request))
}

/// Publishes the request to one relation; `None` withdraws it, with `{}`.
pub fn send_cert_info_to(hook: &mut Hook, relation: &RelationId, request: Option<&Composed>) -> Result<()> {
    let text = match request {
        Some(request) => request.to_wire(),
        None if hook.published(relation, "cert-request")?.is_some() => "{}".to_owned(),
        None => return Ok(()),
    };
    hook.publish(relation, "cert-request", Some(text))
}

/// One report for each remote unit of each relation of an endpoint, by relation and unit number.
pub fn get_status<'a>(hook: &'a Hook, endpoint: &str) -> Result<Vec<Report<'a>>> {
    let units = hook.state.view.units(endpoint)?.into_iter();
    Ok(units
        .map(|(relation, remote_unit_name, bag)| Report {
            relation,
            remote_unit_name,
            status: Published::parse(bag.get("status").map(String::as_str)),
        })
        .collect())
}
