//! Which sites nginx accepts.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::candidate::{self, Found};
use super::parts::{self, Named};
use super::reach::Others;
use super::{Paths, Server, complaint};
use crate::host::Host;
use crate::wire::Fqdn;

/// What nginx accepts; the candidate on the disk is that and what it serves already.
#[derive(Debug)]
pub(super) struct Trial<'s> {
    /// The sites that can be served.
    pub(super) accepted: Vec<Named<'s>>,
    /// The main file for them.
    pub(super) main: String,
    /// The others, and why.
    pub(super) refused: BTreeMap<Fqdn, String>,
}

/// Lets nginx try the sites that it does not serve already, again and again without those that it refuses, and writes a
/// candidate for all.
pub(super) fn trial<'s>(
    host: &Host,
    paths: &Paths,
    server: &Server,
    sites: Vec<Named<'s>>,
    mut found: Found,
    others: &Others,
    is_served: impl Fn(&Named<'_>) -> bool,
) -> Result<Trial<'s>> {
    let write = |sites: &[Named<'_>], main: &str, found: &mut Found| {
        let lacking = parts::lacking(server, sites, &|part| found.has(part));
        candidate::write(host, paths, main, lacking, found)
    };
    let attempt = |sites: &[Named<'_>], found: &mut Found| -> Result<Option<String>> {
        let main = parts::main(paths, server, sites.iter().map(|site| site.name.as_str()));
        write(sites, &main, found)?;
        candidate::refusal(host, paths, server, sites.len())
    };
    let (kept, mut accepted): (Vec<_>, Vec<_>) = sites.into_iter().partition(is_served);
    // Those that were live come first: where two collide, the newcomer is the one to go.
    accepted.sort_by_key(|site| !found.has(&site.name));
    let mut refused = BTreeMap::new();
    while let Some(said) = attempt(&accepted, &mut found)? {
        // Nobody is blamed for what somebody else did to a file.
        found = others.look(host, paths, parts::names(&accepted, &parts::upstream()))?;
        if accepted.iter().any(|site| !found.has(&site.name)) {
            continue;
        }
        let named = complaint::culprits(&said, paths, &accepted);
        let (bad, said) = if named.is_empty() {
            search(server, &accepted, said, |sites| attempt(sites, &mut found))?
        } else {
            (named, said)
        };
        accepted.retain(|site| !bad.contains(&site.site.id));
        refused.extend(bad.into_iter().map(|id| (id, complaint::reason(&said))));
    }
    accepted.extend(kept);
    let main = others.main(paths, server, &accepted);
    write(&accepted, &main, &mut found)?;
    Ok(Trial { accepted, main, refused })
}

/// Finds a site without which nginx accepts those before it, and what nginx says to it.
fn search(
    server: &Server,
    sites: &[Named<'_>],
    mut said: String,
    mut refusal: impl FnMut(&[Named<'_>]) -> Result<Option<String>>,
) -> Result<(Vec<Fqdn>, String)> {
    if let Some(said) = refusal(&[])? {
        if let Some(closed) = complaint::closed_port(&said, server) {
            bail!(closed.obstacle(None));
        }
        bail!("nginx refuses the configuration even without any site: {}", complaint::reason(&said));
    }
    let (mut good, mut bad) = (0, sites.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        match refusal(&sites[..middle])? {
            Some(refusal) => (bad, said) = (middle, refusal),
            None => good = middle,
        }
    }
    match sites.get(good) {
        Some(site) => Ok((vec![site.site.id.clone()], said)),
        None => bail!("nginx refuses the configuration and then accepts it: {}", complaint::reason(&said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::nginx::Site;
    use crate::proxy::nginx::tests::server;

    fn site(name: &str) -> Site {
        Site {
            id: name.parse().unwrap(),
            upstreams: Vec::new(),
            directives: Vec::new(),
            certificates: Vec::new(),
            passwords: None,
        }
    }

    #[test]
    fn a_site_that_nginx_does_not_name_is_found_by_halving() {
        let sites: Vec<Site> = (0..100).map(|number| site(&format!("s{number}.example"))).collect();
        let rendered = parts::of_sites(&server(), &sites);
        let trials = std::cell::Cell::new(0);
        for bad in [0, 1, 50, 98, 99] {
            trials.set(0);
            let (ids, said) = search(&server(), &rendered, "first".to_owned(), |tried| {
                trials.set(trials.get() + 1);
                let refuses = tried.iter().any(|site| site.site.id == sites[bad].id);
                Ok(refuses.then(|| format!("{} sites", tried.len())))
            })
            .unwrap();
            assert_eq!(ids, [sites[bad].id.clone()]);
            assert_eq!(said, if bad == 99 { "first".to_owned() } else { format!("{} sites", bad + 1) });
            assert!(trials.get() <= 8);
        }
    }

    #[test]
    fn a_configuration_that_is_refused_without_sites_is_an_error() {
        let said = "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)";
        let sites = [site("a.example")];
        let sites = parts::of_sites(&server(), &sites);
        let error = search(&server(), &sites, said.to_owned(), |_| Ok(Some(said.to_owned())));
        assert_eq!(
            error.unwrap_err().to_string(),
            "port 80 can be opened by root only: set an http-port of 1024 or more"
        );
    }
}
