use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::finding::{Finding, few};
use super::sites::Meant;
use crate::host::{Host, at_once};
use crate::proxy::Site;

/// How long one connection may take, and all of them.
const LIMIT: Duration = Duration::from_secs(2);
const WHOLE_LIMIT: Duration = Duration::from_secs(10);

/// How many are tried at the same time.
const AT_ONCE: usize = 32;

/// What became of a connection; nothing if it came about.
type Trouble = Option<String>;

/// Whether web servers can be reached from here.
pub(super) fn check(host: &Host, meant: &Meant<'_>) -> Vec<Finding> {
    let sites: BTreeMap<SocketAddr, Vec<&Site>> = by_address(&meant.sites);
    let addresses: Vec<SocketAddr> = sites.keys().copied().collect();
    let tried = reach(host, &addresses);
    judge(&sites, &tried)
}

fn by_address<'a>(sites: &[&'a Site]) -> BTreeMap<SocketAddr, Vec<&'a Site>> {
    let mut by_address: BTreeMap<SocketAddr, Vec<&Site>> = BTreeMap::new();
    for site in sites {
        for address in &site.upstreams {
            by_address.entry(*address).or_default().push(site);
        }
    }
    by_address
}

/// Tries to connect to each address; those that are left when time is up are left out.
pub(super) fn reach(host: &Host, addresses: &[SocketAddr]) -> BTreeMap<SocketAddr, Trouble> {
    let deadline = Instant::now() + WHOLE_LIMIT;
    let tried = at_once(addresses, AT_ONCE, |address| {
        (Instant::now() < deadline).then(|| host.connect(*address, LIMIT).err().map(|error| words(&error)))
    });
    tried.into_iter().filter_map(|(address, trouble)| Some((address, trouble?))).collect()
}

/// What was seen and what to do, in one.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "refuses connections — start the web server, or correct the port that it publishes".to_owned()
        }
        io::ErrorKind::TimedOut => format!(
            "does not answer within {} s — see whether its machine runs and a firewall lets this unit in",
            LIMIT.as_secs()
        ),
        _ => format!("cannot be reached: {error} — see whether there is a way from this machine to it"),
    }
}

/// One that a site depends on alone is worse than one of several.
fn judge(sites: &BTreeMap<SocketAddr, Vec<&Site>>, tried: &BTreeMap<SocketAddr, Trouble>) -> Vec<Finding> {
    let answers = |address: &SocketAddr| matches!(tried.get(address), Some(None));
    let (mut findings, mut good) = (Vec::new(), Vec::new());
    for (address, of) in sites {
        let about = || format!("upstream {address} of {}", few(of.iter().map(|site| site.name())));
        match tried.get(address) {
            Some(None) => good.push(address),
            Some(Some(trouble)) if of.iter().all(|site| site.upstreams.iter().any(answers)) => {
                findings.push(Finding::warn(about(), trouble, ""));
            }
            Some(Some(trouble)) => findings.push(Finding::fail(about(), trouble, "")),
            None => findings.push(Finding::warn(
                about(),
                "was not tried: time was up",
                "`diagnose name=TEXT` looks at fewer sites",
            )),
        }
    }
    if !good.is_empty() {
        findings.push(Finding::ok("upstreams", format!("{} answer: {}", good.len(), few(&good))));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Owner;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_upstream_that_a_site_depends_on_alone_is_worse() {
        let site = |name: &str, upstreams: &[&str]| Site {
            owner: Owner::Own,
            names: vec![name.parse().unwrap()],
            upstreams: upstreams.iter().map(|text| address(text)).collect(),
            protection: None,
            directives: Vec::new(),
        };
        let (one, both) = (site("a.bc", &["10.0.0.1:80"]), site("d.ef", &["10.0.0.1:80", "10.0.0.2:80"]));
        let tried = |troubles: [Option<&str>; 2]| -> BTreeMap<SocketAddr, Trouble> {
            let addresses = ["10.0.0.1:80", "10.0.0.2:80"].map(address).into_iter();
            addresses.zip(troubles.map(|trouble| trouble.map(str::to_owned))).collect()
        };
        let told = |sites: &[&Site], tried: &BTreeMap<SocketAddr, Trouble>| {
            judge(&by_address(sites), tried).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&[&one, &both], &tried([Some("no"), None])),
            ["fail upstream 10.0.0.1:80 of a.bc, d.ef: no", "ok   upstreams: 1 answer: 10.0.0.2:80"]
        );
        assert_eq!(
            told(&[&both], &tried([Some("no"), None])),
            ["warn upstream 10.0.0.1:80 of d.ef: no", "ok   upstreams: 1 answer: 10.0.0.2:80"]
        );
        assert_eq!(
            told(&[&one], &BTreeMap::new()),
            [
                "warn upstream 10.0.0.1:80 of a.bc: was not tried: time was up — `diagnose name=TEXT` looks at fewer sites"
            ]
        );
    }
}
