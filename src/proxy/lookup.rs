//! The addresses behind the names of upstreams.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::inputs::Look;
use super::memory;
use super::wanted::{Owner, Wanted};
use crate::host::{Command, Host, at_once};
use crate::interface::Hook;
use crate::wire::UpstreamHost;

/// How long one name may take, and all of them together: a client whose names are slow must not hold up the others.
const NAME_LIMIT: Duration = Duration::from_secs(5);
const WHOLE_LIMIT: Duration = Duration::from_secs(10);

/// How many names are looked up at the same time.
const AT_ONCE: usize = 16;

/// The most addresses that count behind one name.
const MOST_ADDRESSES: usize = 16;

/// What is known of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its addresses, sorted; the last ones that were found, if there is trouble.
    pub addresses: Vec<IpAddr>,
    /// Why it could not be looked up the last time.
    pub trouble: Option<String>,
}

/// What is known of all names among the upstreams.
pub type Resolved = BTreeMap<String, Known>;

/// Looks up the names among the upstreams, as far as the hook is about them or nothing is known of them. One that cannot
/// be looked up keeps its last addresses.
pub(super) fn resolve(
    hook: &Hook,
    requests: &[Wanted],
    mut last: memory::Known<Known>,
    look: Look,
) -> Resolved {
    let is_meant = |wanted: &&Wanted| look == Look::Again && wanted.is_subject_of(hook);
    let about: BTreeSet<&str> = requests.iter().filter(is_meant).flat_map(names).collect();
    let all_names = in_turn(requests);
    let due = |name: &&String| about.contains(name.as_str()) || last.lacks(name);
    let due: Vec<String> = all_names.iter().filter(due).cloned().collect();
    let mut found = all(&hook.host, &due);
    let known = |name: String| {
        let before = last.known.remove(&name).unwrap_or_default();
        let known = match found.remove(&name) {
            None => before,
            Some(Ok(addresses)) => Known { addresses, trouble: None },
            Some(Err(why)) => Known { trouble: Some(format!("the upstream {name} {why}")), ..before },
        };
        (name, known)
    };
    all_names.into_iter().map(known).collect()
}

/// Looks up names, or says of each why not.
///
/// The system's own resolver cannot be bounded in time, so other processes ask it.
pub fn all(host: &Host, names: &[String]) -> BTreeMap<String, Result<Vec<IpAddr>, &'static str>> {
    let deadline = Instant::now() + WHOLE_LIMIT;
    at_once(names, AT_ONCE, |name| look_up(host, name, deadline.saturating_duration_since(Instant::now())))
}

/// The names, each once: the first of every owner, then the second of every owner …, so that who has many waits longer.
fn in_turn(requests: &[Wanted]) -> Vec<String> {
    let mut of_owners: BTreeMap<&Owner, Vec<&str>> = BTreeMap::new();
    for wanted in requests {
        of_owners.entry(&wanted.owner).or_default().extend(names(wanted));
    }
    let longest = of_owners.values().map(Vec::len).max().unwrap_or_default();
    let mut seen = BTreeSet::new();
    let all = (0..longest).flat_map(|turn| of_owners.values().filter_map(move |names| names.get(turn)));
    all.filter(|name| seen.insert(**name)).map(|name| (*name).to_owned()).collect()
}

/// The names among the upstreams of a request.
pub(super) fn names(wanted: &Wanted) -> impl Iterator<Item = &str> {
    let upstreams = wanted.request.iter().flat_map(|request| &request.upstreams);
    upstreams.filter_map(|upstream| match &upstream.host {
        UpstreamHost::Name(name) => Some(name.as_str()),
        UpstreamHost::Address(_) => None,
    })
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
