//! The interface's four calls, and what has become of a request.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::input::{Read, Request};
use super::target::Target;
use super::{print, say};
use crate::interface::{Hook, provides, requires};
use crate::juju::Role;
use crate::juju::tool::status::State;
use crate::wire::Composed;

pub(super) fn send_cert_info(target: &Target, mut hook: Hook, request: &Request, read: Read) -> Result<()> {
    let (endpoint, relations) = target.find(&hook, Role::Requires)?;
    let text = request.text(read, &hook, &endpoint)?;
    let request = Composed::compose(&text).context("the request cannot be sent")?;
    for relation in relations {
        requires::send_cert_info_to(&mut hook, &relation, request.as_ref())?;
    }
    hook.commit(None)
}

pub(super) fn get_status(target: &Target, hook: Hook) -> Result<()> {
    let (endpoint, relations) = target.find(&hook, Role::Requires)?;
    let reports = requires::get_status(&hook, &endpoint)?;
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

/// Says no while something that was asked for is not served.
pub(super) fn ready(target: &Target, hook: Hook) -> Result<bool> {
    let (endpoint, relations) = target.find(&hook, Role::Requires)?;
    let outcome = requires::outcome_over(&hook, &endpoint, &relations)?;
    match &outcome {
        Some(status) => say(&status.message)?,
        None if relations.is_empty() => say(&format!("relate a proxy to the endpoint {endpoint}"))?,
        None if !hook.state.view.is_available(&endpoint) => say("waiting for the proxy to join")?,
        None => say("nothing is asked for")?,
    }
    hook.commit(None)?;
    Ok(outcome.is_some_and(|status| status.state == State::Active))
}

pub(super) fn get_cert_requests(target: &Target, hook: Hook) -> Result<()> {
    let (endpoint, relations) = target.find(&hook, Role::Provides)?;
    let requests = provides::get_cert_requests(&hook, &endpoint)?;
    let requests: Vec<Value> = requests
        .iter()
        .filter(|request| relations.contains(request.relation))
        .map(provides::Request::to_json)
        .collect();
    print(&Value::Array(requests))?;
    hook.commit(None)
}

pub(super) fn send_status(target: &Target, mut hook: Hook, status: Option<&Value>) -> Result<()> {
    let (_, relations) = target.find(&hook, Role::Provides)?;
    for relation in relations {
        provides::send_status_to(&mut hook, &relation, status)?;
    }
    hook.commit(None)
}
