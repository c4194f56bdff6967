use anyhow::Result;

use super::results::Results;
use super::{Params, overview, serves_nothing};
use crate::interface::Hook;
use crate::proxy::{Overview, Wanted};
use crate::wire::CertRequest;

/// What every unit asks for, and what became of it.
pub(super) fn list(hook: &mut Hook, params: &Params) -> Result<Results> {
    let overview = overview(hook)?;
    let mut results = Results::default();
    let is_meant = |wanted: &&Wanted| {
        params.text("name").is_none()
            || wanted.request.as_ref().is_ok_and(|request| params.means(request.fqdn()))
    };
    let requests: Vec<&Wanted> = overview.requests.iter().filter(is_meant).collect();
    if overview.requests.is_empty() {
        results.put("message", serves_nothing(hook)?);
    } else if requests.is_empty() {
        results.put("message", "no request that can be used asks for such a name");
    }
    results.put("count", requests.len().to_string());
    let entries = requests
        .into_iter()
        .map(|wanted| (format!("{} {}", wanted.owner, wanted.unit), entry(&overview, wanted)));
    results.put_all("requests", entries, "list-requests name=TEXT lists those that have TEXT in a name");
    Ok(results)
}

fn entry(overview: &Overview, wanted: &Wanted) -> [(&'static str, String); 5] {
    let of = |show: fn(&CertRequest) -> Vec<String>| wanted.request.as_ref().map(show).unwrap_or_default();
    [
        ("unit", wanted.unit.clone()),
        ("owner", overview.whom(&wanted.owner).to_owned()),
        ("names", of(|request| request.fqdn().iter().map(ToString::to_string).collect()).join(" ")),
        ("upstreams", of(|request| request.upstreams.iter().map(ToString::to_string).collect()).join(" ")),
        ("verdict", verdict(overview, wanted)),
    ]
}

fn verdict(overview: &Overview, wanted: &Wanted) -> String {
    let answer = overview.plan.answers.get(&wanted.owner);
    let refused = answer.into_iter().flat_map(|answer| &answer.refused).find(|one| one.unit == wanted.unit);
    if let Some(refused) = refused {
        return format!("refused: {}: {}", refused.field, refused.reason);
    }
    let waits: Vec<String> = wanted
        .names()
        .filter_map(|name| Some(format!("{name}: {}", overview.why_not(&wanted.owner, name)?)))
        .collect();
    if waits.is_empty() { "served".to_owned() } else { waits.join("; ") }
}
