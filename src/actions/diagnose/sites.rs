use super::Params;
use super::finding::{Finding, few};
use crate::proxy::{Overview, Site};
use crate::wire::Fqdn;

/// The sites that the action is about.
pub(super) struct Meant<'a> {
    pub(super) sites: Vec<&'a Site>,
}

impl<'a> Meant<'a> {
    pub(super) fn of(overview: &'a Overview, params: &Params) -> Self {
        Self { sites: overview.plan.sites.iter().filter(|site| params.means(&site.names)).collect() }
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a Fqdn> {
        self.sites.iter().flat_map(|site| &site.names)
    }
}

/// Whether what is asked for is served.
pub(super) fn check(overview: &Overview, meant: &Meant<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(obstacle) = &overview.obstacle {
        findings.push(Finding::fail("serving", obstacle.clone(), ""));
    }
    let mut served = Vec::new();
    for site in &meant.sites {
        for name in &site.names {
            match overview.why_not(&site.owner, name) {
                None => served.push(name),
                Some(_) if overview.obstacle.is_some() => {}
                Some(why) => findings.push(Finding::fail(
                    format!("site {name}"),
                    why,
                    format!(
                        "{} is told so too; list-requests shows what it asks for",
                        overview.whom(&site.owner)
                    ),
                )),
            }
        }
    }
    if !served.is_empty() {
        findings.push(Finding::ok("sites", format!("{} names are served: {}", served.len(), few(&served))));
    }
    for (owner, answer) in &overview.plan.answers {
        for refused in &answer.refused {
            findings.push(Finding::warn(
                format!("request of {}", refused.unit),
                format!("refused: {}: {}", refused.field, refused.reason),
                "correct it at the client; other requests are not hurt",
            ));
        }
        for name in
            answer.pending.keys().filter(|name| overview.site(name).is_none_or(|site| site.owner != *owner))
        {
            if let Some(why) = overview.why_not(owner, name) {
                let about = format!("request of {} for {name}", overview.whom(owner));
                findings.push(Finding::warn(about, why, "the one who has the name must give it up first"));
            }
        }
    }
    findings
}
