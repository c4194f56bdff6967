use std::net::{IpAddr, SocketAddr};

use anyhow::Result;

use super::finding::{Finding, few};
use super::upstreams::reach;
use crate::interface::Hook;
use crate::juju::tool::status::State;
use crate::proxy::look_up;
use crate::{client, options};

/// Whether this unit has to do with a proxy of another application.
pub(super) fn asks(hook: &Hook) -> bool {
    client::is_related(hook)
}

/// What a unit that asks for TLS can see: what the proxy says, its web servers, its names.
pub(super) fn check(hook: &Hook) -> Result<Vec<Finding>> {
    let Some(status) = client::unit_status(hook)? else { return Ok(Vec::new()) };
    let mut findings = vec![match status.state {
        State::Active => Finding::ok("proxy", status.message),
        State::Blocked => Finding::fail("proxy", status.message, "docs/statuses.md says what to do"),
        _ => Finding::warn("proxy", status.message, "`juju run` diagnose on a unit of the proxy says more"),
    }];
    let Some(options) = options::in_force(hook)? else { return Ok(findings) };
    let names: Vec<String> = options.fqdns.iter().map(ToString::to_string).collect();
    for (name, found) in look_up(&hook.host, &names) {
        let about = format!("name {name}");
        findings.push(match found {
            Ok(addresses) => Finding::ok(about, format!("resolves to {}", few(addresses))),
            Err(why) => Finding::fail(about, why, "point it to the proxy in DNS"),
        });
    }
    findings.extend(web_servers(hook)?);
    Ok(findings)
}

/// It is the proxy that must reach them; from here it is only likely.
fn web_servers(hook: &Hook) -> Result<Vec<Finding>> {
    let upstreams = client::web_servers(hook)?;
    let hosts: Vec<String> = upstreams.iter().map(|(host, _)| host.clone()).collect();
    let resolved = look_up(&hook.host, &hosts);
    let mut findings = Vec::new();
    for (host, port) in upstreams {
        let about = format!("web server {host}:{port}");
        let found = match host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![address]),
            Err(_) => resolved.get(&host).cloned().unwrap_or(Err("could not be looked up")),
        };
        let addresses: Vec<SocketAddr> = match found {
            Ok(addresses) => addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect(),
            Err(why) => {
                findings.push(Finding::warn(about, why, "the proxy must be able to look it up"));
                continue;
            }
        };
        let troubles: Vec<String> = reach(&hook.host, &addresses).into_values().flatten().collect();
        findings.push(match troubles.first() {
            None => Finding::ok(about, "answers"),
            Some(trouble) => Finding::warn(about, trouble, ""),
        });
    }
    Ok(findings)
}
