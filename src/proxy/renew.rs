use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::inputs;
use super::memory::Memory;
use super::nginx::Reach;
use super::overview::Overview;
use super::plan::Site;
use super::renewal;
use super::scope::Scope;
use super::serving::{self, bring_about};
use crate::cert::acme::Trouble;
use crate::cert::{self, Part, Store};
use crate::interface::Hook;
use crate::wire::Fqdn;

/// What a site is served with after [`renew`].
#[derive(Debug)]
pub struct Renewed {
    /// The site's name.
    pub site: Fqdn,
    /// With which certificates.
    pub parts: Vec<Part>,
    /// What was done about them.
    pub done: Done,
}

/// What was done about a site's certificates.
#[derive(Debug, PartialEq, Eq)]
pub enum Done {
    /// One was issued just now.
    Issued,
    /// The ACME client asks for one now; or, where the server's limits want it so, at the end of this trouble.
    Asked(Option<Trouble>),
    /// Nothing: their source brings the next one at a time of its own.
    Left,
}

/// Issues the self-signed certificates of these sites anew, whatever is left of them, and has nginx serve them. Where they
/// are to be from an ACME server it is asked, without waiting for it.
pub fn renew(hook: &Hook, overview: &Overview, is_meant: impl Fn(&Site) -> bool) -> Result<Vec<Renewed>> {
    if hook.standing.is_stale() {
        bail!(
            "this unit's last hook was not committed: let a hook run first (`juju resolve {}`)",
            hook.context.unit
        );
    }
    if !overview.is_serving {
        bail!("nginx does not run, so nothing can be renewed: diagnose says why");
    }
    let Overview { options, plan, paths, secrets, .. } = overview;
    let (host, asked) = (&hook.host, inputs::asked(hook, options));
    let sites: Vec<&Site> = plan.sites.iter().filter(|site| is_meant(site)).collect();
    let meant: BTreeSet<&Fqdn> = sites.iter().map(|site| site.name()).collect();
    let mut at_acme = renewal::hurry(host, &hook.context, paths, |id| meant.contains(id))?;
    let store = Store::new(host, &paths.certificates, &asked, cert::now())?;
    let mut renewed = Vec::new();
    for site in sites {
        let done = match at_acme.remove(site.name()) {
            Some(waits) => Done::Asked(waits),
            None if store.renew(site.name(), &site.names)? => Done::Issued,
            None => Done::Left,
        };
        renewed.push(Renewed { site: site.name().clone(), parts: Vec::new(), done });
    }
    if renewed.iter().any(|one| one.done == Done::Issued) {
        let known = Memory::read(hook, &Scope::All)?;
        bring_about((host, paths), options, &asked, plan, secrets, &known, Reach::All)?;
    }
    let mut parts = serving::look(host, paths, &asked, plan)?;
    for one in &mut renewed {
        one.parts = parts.remove(&one.site).unwrap_or_default();
    }
    Ok(renewed)
}
