//! The addresses behind the names of upstreams.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::wanted::{Owner, Wanted};
use crate::host::{Command, Host, at_once};
use crate::wire::UpstreamHost;

/// How long one name may take, and all of them together: a client whose names are slow must not hold up the others.
const NAME_LIMIT: Duration = Duration::from_secs(5);
const WHOLE_LIMIT: Duration = Duration::from_secs(10);

/// How many names are looked up at the same time.
const AT_ONCE: usize = 16;

/// The most addresses that count behind one name.
const MOST_ADDRESSES: usize = 16;

/// What is known of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Its addresses, sorted; the last ones that were found, if there is trouble.
    pub addresses: Vec<IpAddr>,
    /// Why it could not be looked up this time.
    pub trouble: Option<String>,
}

/// What is known of all names among the upstreams.
pub type Resolved = BTreeMap<String, Known>;

/// Addresses by name, as they are kept.
pub(super) type Addresses = BTreeMap<String, Vec<IpAddr>>;

/// Looks up every name among the upstreams. One that cannot be looked up keeps its last addresses.
pub(super) fn resolve(host: &Host, requests: &[Wanted], last: &Addresses) -> Resolved {
    let known = |(name, known): (String, Result<Vec<IpAddr>, &str>)| {
        let known = match known {
            Ok(addresses) => Known { addresses, trouble: None },
            Err(why) => Known {
                addresses: last.get(&name).cloned().unwrap_or_default(),
                trouble: Some(format!("the upstream {name} {why}")),
            },
        };
        (name, known)
    };
    all(host, &in_turn(requests)).into_iter().map(known).collect()
}

/// Looks up names, or says of each why not.
///
/// The system's own resolver cannot be bounded in time, so other processes ask it.
pub fn all(host: &Host, names: &[String]) -> BTreeMap<String, Result<Vec<IpAddr>, &'static str>> {
    let deadline = Instant::now() + WHOLE_LIMIT;
    at_once(names, AT_ONCE, |name| look_up(host, name, deadline.saturating_duration_since(Instant::now())))
}

/// The addresses to be kept for the next time.
pub(super) fn to_keep(resolved: &Resolved) -> Addresses {
    let found = resolved.iter().filter(|(_, known)| !known.addresses.is_empty());
    found.map(|(name, known)| (name.clone(), known.addresses.clone())).collect()
}

/// The names, each once: the first of every owner, then the second of every owner …, so that who has many waits longer.
fn in_turn(requests: &[Wanted]) -> Vec<String> {
    let mut of_owners: BTreeMap<&Owner, Vec<String>> = BTreeMap::new();
    for wanted in requests {
        let upstreams = wanted.request.iter().flat_map(|request| &request.upstreams);
        let names = upstreams.filter_map(|upstream| match &upstream.host {
            UpstreamHost::Name(name) => Some(name.to_string()),
            UpstreamHost::Address(_) => None,
        });
        of_owners.entry(&wanted.owner).or_default().extend(names);
    }
    let longest = of_owners.values().map(Vec::len).max().unwrap_or_default();
    let mut seen = BTreeSet::new();
    let all = (0..longest).flat_map(|turn| of_owners.values().filter_map(move |names| names.get(turn)));
    all.filter(|name| seen.insert(*name)).cloned().collect()
}

fn look_up(host: &Host, name: &str, left: Duration) -> Result<Vec<IpAddr>, &'static str> {
    if left.is_zero() {
        return Err("could not be looked up in time");
    }
    let command = Command::new("getent").args(["ahosts", name]).limit(left.min(NAME_LIMIT));
    match host.run(&command) {
        Ok(output) if output.status.success() => Ok(addresses_of(&String::from_utf8_lossy(&output.stdout))),
        Ok(_) => Err("does not resolve"),
        Err(error) => {
            log::warn!("cannot look up {name}: {error}");
            Err("could not be looked up")
        }
    }
}

/// Reads what `getent ahosts` prints: an address a line, each once for every kind of socket, in a changing order.
fn addresses_of(text: &str) -> Vec<IpAddr> {
    let addresses: BTreeSet<IpAddr> =
        text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    addresses.into_iter().take(MOST_ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{CertRequest, Upstream};

    #[test]
    fn each_owner_has_its_turn_and_each_name_its_lookup() {
        let wanted = |owner: &str, names: &[&str]| {
            let mut request = CertRequest::new(["a.bc".parse().unwrap()]).unwrap();
            let upstream =
                |name: &&str| Upstream { host: name.parse().unwrap(), port: "80".parse().unwrap() };
            request.upstreams = names.iter().map(upstream).collect();
            Wanted {
                owner: owner.to_owned().try_into().unwrap(),
                app: "x".to_owned(),
                unit: "x/0".to_owned(),
                request: Ok(request),
            }
        };
        let requests = [
            wanted("tls:1", &["a1", "a2", "10.0.0.1"]),
            wanted("tls:1", &["a3", "a1"]),
            wanted("tls:2", &["b1", "a2"]),
        ];
        assert_eq!(in_turn(&requests), ["a1", "b1", "a2", "a3"]);
    }

    #[test]
    fn the_answer_is_a_set_and_no_longer_than_needed() {
        let said = "10.0.0.2  STREAM web\n10.0.0.2  DGRAM\n::1  STREAM\n10.0.0.1  RAW\nnonsense\n";
        let addresses = ["10.0.0.1", "10.0.0.2", "::1"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(addresses_of(said), addresses);
        let many: Vec<String> = (0..200).map(|last| format!("10.0.0.{last} STREAM")).collect();
        assert_eq!(addresses_of(&many.join("\n")).len(), MOST_ADDRESSES);
    }
}
