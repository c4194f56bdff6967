use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::plan::Wanted;
use crate::host::{Command, Host};
use crate::wire::{Locality, Refusal, Upstream, UpstreamHost};

/// The addresses of upstream names, or why they have none.
pub type Resolved = BTreeMap<String, Result<Vec<IpAddr>, String>>;

const RESOLVE_LIMIT: Duration = Duration::from_secs(5);

/// Looks up every name among the upstreams. The system's own resolver cannot be bounded in time, so another process
/// asks it.
pub(super) fn resolve(host: &Host, requests: &[Wanted]) -> Resolved {
    let upstreams = requests.iter().flat_map(|wanted| &wanted.request).flat_map(|request| &request.upstreams);
    let names: BTreeSet<String> = upstreams
        .filter_map(|upstream| match &upstream.host {
            UpstreamHost::Name(name) => Some(name.to_string()),
            UpstreamHost::Address(_) => None,
        })
        .collect();
    names
        .into_iter()
        .map(|name| {
            let found = look_up(host, &name);
            (name, found)
        })
        .collect()
}

fn look_up(host: &Host, name: &str) -> Result<Vec<IpAddr>, String> {
    let command = Command::new("getent").args(["ahosts", name]).limit(RESOLVE_LIMIT);
    match host.run(&command) {
        Ok(output) if output.status.success() => {
            Ok(addresses_of_getent(&String::from_utf8_lossy(&output.stdout)))
        }
        Ok(_) => Err(format!("the upstream {name} does not resolve")),
        Err(error) => {
            log::warn!("cannot look up {name}: {error}");
            Err(format!("the upstream {name} could not be looked up"))
        }
    }
}

/// Reads what `getent ahosts` prints: an address a line, each once for every kind of socket.
fn addresses_of_getent(text: &str) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Refuses a request that names an address which this proxy must not be made to reach.
pub(super) fn judge(wanted: &Wanted, allow_local: bool) -> Wanted {
    let mut wanted = wanted.clone();
    if let Ok(request) = &wanted.request {
        let forbidden =
            request.upstreams.iter().enumerate().find_map(|(index, upstream)| match &upstream.host {
                UpstreamHost::Address(address) => Some((index, forbidden(*address, allow_local)?)),
                UpstreamHost::Name(_) => None,
            });
        if let Some((index, reason)) = forbidden {
            wanted.request = Err(Refusal { field: format!("upstreams[{index}].hostname"), reason });
        }
    }
    wanted
}

/// Where requests to an upstream go.
pub(super) fn addresses(
    upstream: &Upstream,
    allow_local: bool,
    resolved: &Resolved,
) -> Result<Vec<SocketAddr>, String> {
    let addresses = match &upstream.host {
        UpstreamHost::Address(address) => vec![*address],
        UpstreamHost::Name(name) => match resolved.get(name.as_str()) {
            Some(Ok(addresses)) => addresses.clone(),
            Some(Err(reason)) => return Err(reason.clone()),
            None => return Err(format!("the upstream {name} was not looked up")),
        },
    };
    if let Some(reason) = addresses.iter().find_map(|address| forbidden(*address, allow_local)) {
        return Err(format!("the upstream {} is {reason}", upstream.host));
    }
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, upstream.port.get())).collect())
}

fn forbidden(address: IpAddr, allow_local: bool) -> Option<String> {
    let kind = Locality::of(address).filter(|_| !allow_local)?;
    Some(format!("{kind}, which this proxy does not serve"))
}
