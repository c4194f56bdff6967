use anyhow::{Result, bail};

use super::results::Results;
use super::{Params, overview, serves_nothing};
use crate::cert::{self, rfc_3339};
use crate::interface::Hook;
use crate::proxy::{self, Done};

/// Issues self-signed certificates anew and has an ACME server asked for others; a related application's come when they are
/// due.
pub(super) fn renew(hook: &mut Hook, params: &Params) -> Result<Results> {
    let overview = overview(hook)?;
    if overview.plan.sites.is_empty() {
        bail!("{}", serves_nothing(hook)?);
    }
    let renewed = proxy::renew(hook, &overview, |site| params.means(&site.names))?;
    let count = |is: fn(&Done) -> bool| renewed.iter().filter(|one| is(&one.done)).count();
    let asked = count(|done| matches!(done, Done::Asked(_)));
    let mut results = Results::default();
    results.put("renewed", count(|done| *done == Done::Issued).to_string());
    results.put("asked", asked.to_string());
    results.put("left", count(|done| *done == Done::Left).to_string());
    if asked > 0 {
        results.put("follow", overview.follow.clone());
    }
    if renewed.is_empty() {
        results.put("message", "no site has such a name");
    }
    let entries = renewed.iter().map(|one| {
        let mut sources: Vec<String> = one.parts.iter().map(|part| part.source.to_string()).collect();
        sources.dedup();
        let ends = one.parts.iter().map(|part| part.ends).min().map(rfc_3339);
        let fields = [
            ("certificate", sources.join(" ")),
            ("expires", ends.unwrap_or_default()),
            ("done", done(&one.done, &overview.options.acme.server)),
        ];
        (one.site.to_string(), fields)
    });
    results.put_all("sites", entries, "list-sites name=TEXT shows others");
    Ok(results)
}

fn done(done: &Done, server: &str) -> String {
    match done {
        Done::Issued => "renewed".to_owned(),
        Done::Asked(None) => format!("asked of {server}"),
        Done::Asked(Some(trouble)) => {
            format!("asked of {server} {}: {}", trouble.next_try(cert::now()), trouble.problem)
        }
        Done::Left => "left: its source renews it when it is due".to_owned(),
    }
}
