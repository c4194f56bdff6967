//! What a person should look at first when a site does not work. Each check looks with a time limit of its own, and all
//! of them with one; what is seen is judged by pure functions.

mod certificates;
mod client;
mod finding;
mod machine;
mod names;
mod server;
mod sites;
mod upstreams;

use anyhow::Result;

use self::finding::{Finding, Level};
use super::results::Results;
use super::{Params, inside, overview};
use crate::interface::Hook;
use crate::juju::tool::status::State;
use crate::proxy::{Obstacle, Overview};
use crate::reactive::Standing;
use crate::{options, proxy};

/// Checks everything, the worst first.
pub(super) fn diagnose(hook: &mut Hook, params: &Params) -> Result<Results> {
    let mut findings = hooks(hook)?;
    match overview(hook) {
        Ok(overview) if overview.requests.is_empty() && !client::asks(hook) => {
            findings.push(Finding::ok("requests", "nobody has asked for anything"));
        }
        Ok(overview) => {
            findings.extend(blocked(hook, &overview)?);
            let meant = sites::Meant::of(&overview, params);
            if !overview.plan.sites.is_empty() {
                findings.extend(server::check(hook, &overview)?);
            }
            findings.extend(sites::check(&overview, &meant));
            findings.extend(names::check(hook, &overview, &meant));
            findings.extend(upstreams::check(&hook.host, &meant));
            findings.extend(certificates::check(hook, &overview, &meant)?);
        }
        Err(error) if error.is::<Obstacle>() => findings.push(Finding::fail("nginx", error.to_string(), "")),
        Err(error) => findings.push(Finding::fail("options", format!("{error:#}"), "")),
    }
    findings.extend(client::check(hook)?);
    findings.extend(machine::check(hook));
    Ok(report(findings))
}

/// Whether the hooks do their work.
fn hooks(hook: &Hook) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    findings.push(match (inside::standing(hook.standing), hook.standing) {
        (Some(said), Standing::New) => Finding::warn("hooks", said, "wait for the unit to settle"),
        (Some(said), _) => Finding::fail("hooks", said, "see `juju debug-log`, then `juju resolve` the unit"),
        (None, _) => Finding::ok("hooks", "the last one was committed"),
    });
    if let Some(malformed) = options::malformed(hook)? {
        let todo = "correct it with `juju config`; the last good options are in force";
        findings.push(Finding::fail("options", malformed.to_string(), todo));
    }
    Ok(findings)
}

/// What `juju status` says that a person must do, if nothing below says it.
fn blocked(hook: &Hook, overview: &Overview) -> Result<Option<Finding>> {
    let status = proxy::status(hook)?.filter(|status| status.state == State::Blocked);
    let status = status.filter(|status| overview.obstacle.as_ref() != Some(&status.message));
    Ok(status.map(|status| Finding::fail("status", status.message, "docs/statuses.md says what to do")))
}

fn report(mut findings: Vec<Finding>) -> Results {
    findings.sort_by_key(|finding| finding.level);
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let mut results = Results::default();
    let [fail, warn, ok] = [Level::Fail, Level::Warn, Level::Ok].map(count);
    results.put("summary", format!("{fail} fail, {warn} warn, {ok} ok"));
    results.put("checks", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    results
}
