//! The side that asks for TLS: it publishes a request and reads the status.

use super::Hook;
use crate::juju::{RelationId, UnitName};
use crate::wire::{CertRequest, Published};

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
pub fn send_cert_info(hook: &mut Hook, endpoint: &str, request: Option<&CertRequest>) {
    let relations: Vec<RelationId> =
        hook.state.view.of(endpoint).map(|(relation, _)| relation.clone()).collect();
    for relation in relations {
        send_cert_info_to(hook, &relation, request);
    }
}

/// Publishes the request to one relation; `None` withdraws it, with `{}`.
pub fn send_cert_info_to(hook: &mut Hook, relation: &RelationId, request: Option<&CertRequest>) {
    let withdrawn = || hook.published(relation, "cert-request").map(|_| "{}".to_owned());
    if let Some(text) = request.map(CertRequest::to_wire).or_else(withdrawn) {
        hook.publish(relation, "cert-request", Some(text));
    }
}

/// One report for each remote unit of each relation of an endpoint, by relation and unit number.
pub fn get_status<'a>(hook: &'a Hook, endpoint: &'a str) -> Vec<Report<'a>> {
    let units = hook.state.view.units(endpoint);
    units
        .map(|(relation, remote_unit_name, bag)| Report {
            relation,
            remote_unit_name,
            status: Published::parse(bag.get("status").map(String::as_str)),
        })
        .collect()
}
