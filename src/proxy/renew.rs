use anyhow::{Result, bail};

use super::inputs;
use super::nginx::passwords;
use super::overview::Overview;
use super::plan::Site;
use super::serving::{self, PASSWORDS, bring_about};
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
    /// Whether one of them was issued just now; others bring theirs at a time of their own.
    pub is_new: bool,
}

/// Issues the self-signed certificates of these sites anew, whatever is left of them, and has nginx serve them.
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
    let store = Store::new(host, &paths.certificates, &asked, cert::now())?;
    let mut renewed = Vec::new();
    for site in sites {
        let is_new = store.renew(site.name(), &site.names)?;
        renewed.push(Renewed { site: site.name().clone(), parts: Vec::new(), is_new });
    }
    if renewed.iter().any(|one| one.is_new) {
        let mut known = passwords::Known::of(hook.state.kept_all(PASSWORDS)?);
        bring_about(host, paths, options, &asked, plan, secrets, &mut known)?;
    }
    let mut parts = serving::look(host, paths, &asked, plan)?;
    for one in &mut renewed {
        one.parts = parts.remove(&one.site).unwrap_or_default();
    }
    Ok(renewed)
}
