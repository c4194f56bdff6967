use std::collections::BTreeSet;
use std::net::IpAddr;

use super::finding::{Finding, few};
use super::sites::Meant;
use crate::interface::Hook;
use crate::juju::tool::network;
use crate::proxy::{Overview, look_up};

/// Where names lead, seen from this machine.
pub(super) fn check(hook: &Hook, overview: &Overview, meant: &Meant<'_>) -> Vec<Finding> {
    let names: Vec<String> = meant.names().map(ToString::to_string).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let ours = our_addresses(hook, &overview.addresses);
    let resolved = look_up(&hook.host, &names);
    let (mut findings, mut good) = (Vec::new(), Vec::new());
    for name in names {
        match resolved.get(&name).and_then(|found| judge(&name, found.as_deref().map_err(|why| *why), &ours))
        {
            Some(finding) => findings.push(finding),
            None => good.push(name),
        }
    }
    if !good.is_empty() {
        findings.push(Finding::ok("names", format!("{} lead to this unit: {}", good.len(), few(&good))));
    }
    findings
}

/// The addresses under which visitors may reach this unit: its interfaces', and what Juju knows besides.
fn our_addresses(hook: &Hook, interfaces: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    let endpoint = "ssl-termination";
    let told = [network::public_address(&hook.host), network::ingress_address(&hook.host, endpoint)];
    let told = told.into_iter().flatten().filter_map(|address| address.parse().ok());
    interfaces.iter().copied().chain(told).filter(|address| is_outside(*address)).collect()
}

/// Whether others can reach an address at all.
fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    }
}

/// What there is to say of a name; nothing if all its addresses are ours.
fn judge(name: &str, found: Result<&[IpAddr], &str>, ours: &BTreeSet<IpAddr>) -> Option<Finding> {
    let about = format!("name {name}");
    let here = if ours.is_empty() { "this unit".to_owned() } else { few(ours) };
    let addresses = match found {
        Ok(addresses) => addresses,
        Err(why) => return Some(Finding::fail(about, why, format!("point it to {here} in DNS"))),
    };
    let others: Vec<&IpAddr> = addresses.iter().filter(|address| !ours.contains(address)).collect();
    if others.is_empty() {
        return None;
    }
    if others.iter().all(|address| !is_outside(**address)) {
        let todo = "ask DNS from another machine: /etc/hosts may say this here alone";
        return Some(Finding::warn(about, format!("resolves to {} here", few(others)), todo));
    }
    let (seen, todo) = if others.len() == addresses.len() {
        (
            format!("resolves to {}, this unit has {here}", few(others)),
            "right behind a load balancer or address translation, else change it in DNS",
        )
    } else {
        (
            format!("resolves to {} besides this unit", few(others)),
            "right if these are other units of the proxy, else remove them from DNS",
        )
    };
    Some(Finding::warn(about, seen, todo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_judged_by_its_addresses() {
        let addresses =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let ours: BTreeSet<IpAddr> = addresses(&["10.0.0.7", "fd00::7"]).into_iter().collect();
        let told = |found: Result<&[&str], &str>| {
            let found = found.map(addresses);
            judge("a.bc", found.as_deref().map_err(|why| *why), &ours).map(|finding| finding.to_string())
        };
        assert_eq!(told(Ok(&["10.0.0.7", "fd00::7"])), None);
        for (found, expected) in [
            (
                Err("does not resolve"),
                "fail name a.bc: does not resolve — point it to 10.0.0.7, fd00::7 in DNS",
            ),
            (
                Ok(&["192.0.2.1"][..]),
                "warn name a.bc: resolves to 192.0.2.1, this unit has 10.0.0.7, fd00::7 — right behind a load \
                 balancer or address translation, else change it in DNS",
            ),
            (
                Ok(&["10.0.0.7", "192.0.2.1"]),
                "warn name a.bc: resolves to 192.0.2.1 besides this unit — right if these are other units of the \
                 proxy, else remove them from DNS",
            ),
            (
                Ok(&["127.0.1.1"]),
                "warn name a.bc: resolves to 127.0.1.1 here — ask DNS from another machine: /etc/hosts may say this \
                 here alone",
            ),
        ] {
            assert_eq!(told(found).unwrap(), expected);
        }
    }
}
