//! Which upstreams a client may have this proxy reach.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::Result;

use super::lookup::Resolved;
use super::wanted::{Owner, Wanted};
use crate::host::Host;
use crate::options::Domains;
use crate::wire::{Fqdn, Locality, Refusal, Upstream, UpstreamHost};

/// What clients may have: names and upstreams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether loopback, link-local and other special addresses are allowed.
    pub allow_local: bool,
    /// The addresses of this machine, and the ports on which nginx listens: an upstream there would be a loop.
    pub own_addresses: BTreeSet<IpAddr>,
    /// See `own_addresses`.
    pub own_ports: Vec<u16>,
    /// Which applications may have which names.
    pub domains: Domains,
}

impl Policy {
    /// Whether the one who asks may have a name; the operator may have every name.
    pub(super) fn grants(&self, wanted: &Wanted, name: &Fqdn) -> bool {
        match &wanted.owner {
            Owner::Own => true,
            Owner::Relation(relation) => {
                self.domains.allow(&wanted.app, &relation.to_string(), name.as_str())
            }
        }
    }

    /// Why an upstream is not allowed.
    fn forbids(&self, address: IpAddr, port: u16) -> Option<String> {
        let locality = Locality::of(address);
        let here = self.own_addresses.contains(&address)
            || matches!(locality, Some(Locality::Loopback | Locality::Unspecified));
        if here && self.own_ports.contains(&port) {
            return Some("this proxy itself: a loop".to_owned());
        }
        let kind = locality.filter(|_| !self.allow_local)?;
        Some(format!("{kind}, which this proxy does not serve"))
    }
}

/// Refuses a request that names an address which this proxy must not be made to reach.
pub(super) fn judge(mut wanted: Wanted, policy: &Policy) -> Wanted {
    if let Ok(request) = &wanted.request {
        let forbidden =
            request.upstreams.iter().enumerate().find_map(|(index, upstream)| match &upstream.host {
                UpstreamHost::Address(address) => {
                    Some((index, policy.forbids(*address, upstream.port.get())?))
                }
                UpstreamHost::Name(_) => None,
            });
        if let Some((index, reason)) = forbidden {
            wanted.request = Err(Refusal { field: format!("upstreams[{index}].hostname"), reason });
        }
    }
    wanted
}

/// Where requests to an upstream go, and what there is to say about it.
pub(super) fn addresses(
    upstream: &Upstream,
    policy: &Policy,
    resolved: &Resolved,
) -> (Vec<SocketAddr>, Option<String>) {
    let port = upstream.port.get();
    let at = |addresses: &[IpAddr]| addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
    let name = match &upstream.host {
        UpstreamHost::Address(address) => return (at(&[*address]), None),
        UpstreamHost::Name(name) => name.as_str(),
    };
    let Some(known) = resolved.get(name) else {
        return (Vec::new(), Some(format!("the upstream {name} was not looked up")));
    };
    if let Some(reason) = known.addresses.iter().find_map(|address| policy.forbids(*address, port)) {
        return (Vec::new(), Some(format!("the upstream {name} is {reason}")));
    }
    let trouble = known.trouble.as_ref().map(|trouble| match known.addresses.as_slice() {
        [] => trouble.clone(),
        _ => format!("{trouble}: its last addresses are used"),
    });
    (at(&known.addresses), trouble)
}

/// The addresses of this machine's interfaces.
pub(super) fn own_addresses(host: &Host) -> Result<BTreeSet<IpAddr>> {
    let read = |path: &str| {
        host.read(Path::new(path)).map(|text| String::from_utf8_lossy(&text.unwrap_or_default()).into_owned())
    };
    let (fib_trie, if_inet6) = (read("/proc/net/fib_trie")?, read("/proc/net/if_inet6")?);
    Ok(addresses_v4(&fib_trie).chain(addresses_v6(&if_inet6)).collect())
}

/// Reads the kernel's routing table: an address of the machine is followed by `/32 host LOCAL`.
fn addresses_v4(fib_trie: &str) -> impl Iterator<Item = IpAddr> {
    let lines = fib_trie.lines().zip(fib_trie.lines().skip(1));
    lines
        .filter(|(_, next)| next.trim() == "/32 host LOCAL")
        .filter_map(|(line, _)| line.split_whitespace().last()?.parse().ok())
}

/// Reads the kernel's list of IPv6 addresses: each line begins with one in hexadecimal.
fn addresses_v6(if_inet6: &str) -> impl Iterator<Item = IpAddr> {
    let bits = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok();
    if_inet6.lines().filter_map(move |line| bits(line).map(|bits| IpAddr::from(bits.to_be_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_addresses_are_read_from_the_kernel() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.7\n        /32 host LOCAL\n";
        assert_eq!(addresses_v4(trie).collect::<Vec<_>>(), ["10.0.0.7".parse::<IpAddr>().unwrap()]);
        let inet6 = "fe800000000000000000000000000001 02 40 20 80     eth0\n";
        assert_eq!(addresses_v6(inet6).collect::<Vec<_>>(), ["fe80::1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_loop_is_refused_whatever_is_allowed() {
        let own = "10.0.0.7".parse().unwrap();
        let policy = Policy {
            allow_local: true,
            own_addresses: [own].into(),
            own_ports: vec![80, 443],
            ..Policy::default()
        };
        let loopback = "127.0.0.1".parse().unwrap();
        for (address, port, forbidden) in
            [(own, 443, true), (own, 8080, false), (loopback, 80, true), (loopback, 8080, false)]
        {
            assert_eq!(policy.forbids(address, port).is_some(), forbidden, "{address} {port}");
        }
    }
}
