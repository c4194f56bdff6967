//! The side that asks for TLS: it publishes a request and reads the status.

use anyhow::{Context as _, Result};

use super::{Hook, outcome_of};
use crate::juju::tool::network;
use crate::juju::tool::status::Status;
use crate::juju::{RelationId, UnitName};
use crate::wire::{Composed, Fqdn, Port, Published, Readiness, Upstream, readiness};

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

/// What has become of what we ask for on an endpoint, as `juju status` could say it: active when every unit of the
/// proxy serves every name. Nothing while nothing is asked for.
pub fn outcome(hook: &Hook, endpoint: &str) -> Result<Option<Status>> {
    outcome_over(hook, endpoint, &hook.relations(endpoint)?)
}

/// As [`outcome`], over some of the endpoint's relations.
pub fn outcome_over(hook: &Hook, endpoint: &str, relations: &[RelationId]) -> Result<Option<Status>> {
    let reports = get_status(hook, endpoint)?;
    let (mut names, mut all): (Vec<Fqdn>, Vec<Readiness>) = (Vec::new(), Vec::new());
    for relation in relations {
        let text = hook.published(relation, "cert-request")?.unwrap_or_default();
        let Ok(Some(request)) = Composed::compose(text) else { continue };
        let of_relation = reports.iter().filter(|report| report.relation == relation);
        all.extend(of_relation.map(|report| readiness(&report.status, request.fqdn())));
        names.extend(request.fqdn().iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    }
    Ok((!names.is_empty()).then(|| outcome_of(&names, &all)))
}

/// This unit as an upstream: the address under which the other side of the endpoint reaches it, and a port. One call
/// of `network-get`.
pub fn own_upstream(hook: &Hook, endpoint: &str, port: Port) -> Result<Upstream> {
    let address = network::ingress_address(&hook.host, endpoint)?;
    let host =
        address.parse().with_context(|| format!("cannot use the address of the endpoint {endpoint}"))?;
    Ok(Upstream { host, port })
}
