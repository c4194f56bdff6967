use anyhow::Result;

use super::results::Results;
use super::{Params, overview, serves_nothing};
use crate::cert::rfc_3339;
use crate::interface::Hook;
use crate::proxy::{Overview, Site};
use crate::wire::Fqdn;

/// The sites that are served or should be.
pub(super) fn list(hook: &mut Hook, params: &Params) -> Result<Results> {
    let overview = overview(hook)?;
    let mut results = Results::default();
    let sites: Vec<&Site> = overview.plan.sites.iter().filter(|site| params.means(&site.names)).collect();
    if overview.plan.sites.is_empty() {
        results.put("message", serves_nothing(hook)?);
    } else if sites.is_empty() {
        results.put("message", "no site has such a name");
    }
    results.put("count", sites.len().to_string());
    if !sites.is_empty() {
        results.put("certificates", overview.source.clone());
    }
    let entries = sites.into_iter().map(|site| (site.name().to_string(), entry(&overview, site)));
    results.put_all("sites", entries, "list-sites name=TEXT lists those that have TEXT in a name");
    Ok(results)
}

fn entry(overview: &Overview, site: &Site) -> [(&'static str, String); 7] {
    let names: Vec<&str> = site.names.iter().map(Fqdn::as_str).collect();
    let upstreams: Vec<String> = site.upstreams.iter().map(ToString::to_string).collect();
    let parts = || overview.parts.get(site.name()).into_iter().flatten();
    let mut sources: Vec<String> = parts().map(|part| part.source.to_string()).collect();
    sources.dedup();
    let ends = parts().map(|part| part.ends).min().map(rfc_3339);
    [
        ("names", names.join(" ")),
        ("owner", overview.whom(&site.owner).to_owned()),
        ("upstreams", if upstreams.is_empty() { "none".to_owned() } else { upstreams.join(" ") }),
        ("certificate", sources.join(" ")),
        ("expires", ends.unwrap_or_default()),
        ("state", state(overview, site)),
        ("waits", waits(overview, site)),
    ]
}

fn state(overview: &Overview, site: &Site) -> String {
    let why = each_once(site.names.iter().filter_map(|name| overview.why_not(&site.owner, name)));
    if why.is_empty() { "served".to_owned() } else { why }
}

/// What the site's certificate waits for; nothing if it is there.
fn waits(overview: &Overview, site: &Site) -> String {
    each_once(site.names.iter().filter_map(|name| Some(format!("{name}: {}", overview.waits.get(name)?))))
}

fn each_once(texts: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join("; ")
}
