use anyhow::{Result, bail};

use super::results::Results;
use super::{Params, overview, serves_nothing};
use crate::cert::rfc_3339;
use crate::interface::Hook;
use crate::proxy;

/// Issues self-signed certificates anew; those of others come when they are due.
pub(super) fn renew(hook: &mut Hook, params: &Params) -> Result<Results> {
    let overview = overview(hook)?;
    if overview.plan.sites.is_empty() {
        bail!("{}", serves_nothing(hook)?);
    }
    let renewed = proxy::renew(hook, &overview, |site| params.means(&site.names))?;
    let new = renewed.iter().filter(|one| one.is_new).count();
    let mut results = Results::default();
    results.put("renewed", new.to_string());
    results.put("left", (renewed.len() - new).to_string());
    if renewed.is_empty() {
        results.put("message", "no site has such a name");
    }
    let entries = renewed.iter().map(|one| {
        let mut sources: Vec<String> = one.parts.iter().map(|part| part.source.to_string()).collect();
        sources.dedup();
        let ends = one.parts.iter().map(|part| part.ends).min().map(rfc_3339);
        let what = if one.is_new { "renewed" } else { "left: its source renews it when it is due" };
        let fields = [
            ("certificate", sources.join(" ")),
            ("expires", ends.unwrap_or_default()),
            ("done", what.to_owned()),
        ];
        (one.site.to_string(), fields)
    });
    results.put_all("sites", entries, "list-sites name=TEXT shows others");
    Ok(results)
}
