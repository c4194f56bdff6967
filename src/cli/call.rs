//! The interface's four calls.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{Target, print};
use crate::interface::{Hook, provides, requires};
use crate::juju::{RelationId, Role};
use crate::wire::Composed;

pub(super) fn send_cert_info(target: &Target, mut hook: Hook, text: &str) -> Result<()> {
    let relations = relations(target, &hook, Role::Requires)?;
    let request = Composed::compose(text).context("the request cannot be sent")?;
    for relation in relations {
        requires::send_cert_info_to(&mut hook, &relation, request.as_ref())?;
    }
    hook.commit(None)
}

pub(super) fn get_status(target: &Target, hook: Hook) -> Result<()> {
    let relations = relations(target, &hook, Role::Requires)?;
    let reports = requires::get_status(&hook, &target.endpoint)?;
    let reports: Vec<Value> = reports
        .iter()
        .filter(|report| relations.contains(report.relation))
        .map(|report| {
            json!({"status": report.status.to_json(), "remote_unit_name": report.remote_unit_name.to_string()})
        })
        .collect();
    print(&Value::Array(reports))?;
    hook.commit(None)
}

pub(super) fn get_cert_requests(target: &Target, hook: Hook) -> Result<()> {
    let relations = relations(target, &hook, Role::Provides)?;
    let requests = provides::get_cert_requests(&hook, &target.endpoint)?;
    let requests: Vec<Value> = requests
        .iter()
        .filter(|request| relations.contains(request.relation))
        .map(provides::Request::to_json)
        .collect();
    print(&Value::Array(requests))?;
    hook.commit(None)
}

pub(super) fn send_status(target: &Target, mut hook: Hook, text: &str) -> Result<()> {
    let status: Value = serde_json::from_str(text).context("the status is not JSON")?;
    for relation in relations(target, &hook, Role::Provides)? {
        provides::send_status_to(&mut hook, &relation, Some(&status))?;
    }
    hook.commit(None)
}

/// The relations that a call is about, on an endpoint that has the right side.
fn relations(target: &Target, hook: &Hook, role: Role) -> Result<Vec<RelationId>> {
    let name = &target.endpoint;
    let fits = |endpoint: crate::juju::Endpoint<'_>| {
        endpoint.interface == "ssl-termination" && endpoint.role == role
    };
    if !hook.metadata.endpoint(name).is_some_and(fits) {
        let side = if role == Role::Provides { "provides" } else { "requires" };
        let fitting: Vec<&str> =
            hook.metadata.endpoints().filter(|one| fits(*one)).map(|one| one.name).collect();
        bail!(
            "{name} is no endpoint of metadata.yaml that {side} the interface ssl-termination (there is: {})",
            if fitting.is_empty() { "none".to_owned() } else { fitting.join(", ") }
        );
    }
    let of_endpoint = hook.relations(name)?;
    let Some(wanted) = &target.relation else { return Ok(of_endpoint) };
    let found: Vec<RelationId> = of_endpoint.into_iter().filter(|relation| relation == wanted).collect();
    if found.is_empty() {
        bail!("the endpoint {name} has no relation {wanted}");
    }
    Ok(found)
}
