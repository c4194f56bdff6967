use anyhow::Result;

use super::nginx::{self, Difference};
use super::overview::{Overview, overview};
use super::plan::Site;
use super::{inputs, serving};
use crate::interface::Hook;
use crate::options;
use crate::reactive::Standing;
use crate::wire::{Protection, RefusedRequest};

/// What would be served now, what would change and why, in lines for a person. Nothing is changed, no password shown.
pub fn explain(hook: &Hook) -> Result<Vec<String>> {
    if hook.standing == Standing::Unknown {
        let unknown = "nothing is known: the flag file was lost, or Juju restored; the next hook reads everything again";
        return Ok(vec![unknown.to_owned()]);
    }
    let malformed = options::malformed(hook)?;
    let Some(overview) = overview(hook)? else {
        return Ok(malformed
            .map(|malformed| format!("{malformed}: nothing can be planned"))
            .into_iter()
            .collect());
    };
    let mut lines = Vec::new();
    lines.extend(malformed.map(|malformed| format!("{malformed}: planned with the last good options")));
    lines.extend(overview.obstacle.iter().map(|obstacle| format!("blocked: {obstacle}")));
    lines.extend(what(&overview));
    if !overview.plan.sites.is_empty() {
        lines.push(format!("certificates: {}", overview.source));
    }
    lines.extend(changes(hook, &overview)?);
    Ok(lines)
}

fn what(overview: &Overview) -> Vec<String> {
    let (plan, waits) = (&overview.plan, &overview.waits);
    let mut lines = Vec::new();
    if plan.sites.is_empty() {
        lines.push(
            "serve nothing: no good request at ssl-termination, no site of our own at reverseproxy"
                .to_owned(),
        );
    }
    for site in &plan.sites {
        lines.push(format!("serve {}, for {}", names(site), overview.whom(&site.owner)));
        let nobody = || "nobody: it answers 503".to_owned();
        lines.push(format!("    to {}", if site.upstreams.is_empty() { nobody() } else { upstreams(site) }));
        lines.extend(site.protection.as_ref().map(|protection| match protection {
            Protection::Text(credentials) => format!("    for the user {} alone", credentials.user()),
            Protection::Secret(secret) => format!("    for the user in {secret} alone"),
        }));
        let wait = |name| Some(format!("    the certificate of {name} waits: {}", waits.get(name)?));
        lines.extend(site.names.iter().filter_map(wait));
    }
    for (owner, answer) in &plan.answers {
        let whom = overview.whom(owner);
        lines.extend(answer.pending.iter().map(|(name, why)| format!("pending: {name}, for {whom}: {why}")));
        let refused = |one: &RefusedRequest| {
            format!("refused: {}, for {whom}: {}: {}", one.unit, one.field, one.reason)
        };
        lines.extend(answer.refused.iter().map(refused));
        lines.extend(answer.notes.iter().map(|(name, note)| format!("note: {name}, for {whom}: {note}")));
    }
    lines
}

fn changes(hook: &Hook, overview: &Overview) -> Result<Vec<String>> {
    let Overview { options, plan, paths, parts, .. } = overview;
    let (host, asked) = (&hook.host, inputs::asked(hook, options));
    let differences = if plan.sites.is_empty() {
        nginx::differences(host, paths, None)?
    } else if nginx::missing(host, paths)?.is_empty() {
        let (server, sites) =
            (serving::server_as_is(host, paths, options, &asked)?, serving::sites(paths, plan, parts));
        nginx::differences(host, paths, Some((&server, &sites)))?
    } else {
        return Ok(vec!["install nginx, and write its configuration".to_owned()]);
    };
    if !differences.is_empty() {
        return Ok(differences.iter().map(change).collect());
    }
    let serves = plan.sites.is_empty() || overview.is_serving;
    let line = if serves { "change nothing" } else { "start or reload nginx: it does not serve this yet" };
    Ok(vec![line.to_owned()])
}

fn change((file, difference): (&String, &Difference)) -> String {
    match difference {
        Difference::New => format!("write {file}: it is not there"),
        Difference::Changed => format!("rewrite {file}: it says something else"),
        Difference::Gone => format!("delete {file}: nobody asks for it any more"),
    }
}

fn names(site: &Site) -> String {
    site.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn upstreams(site: &Site) -> String {
    site.upstreams.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
