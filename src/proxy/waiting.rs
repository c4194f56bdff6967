//! Where certificates are asked for, and what those wait for that have not come: in words, for a person.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::certificates::CERTIFICATES;
use super::handlers::told;
use super::nginx::Paths;
use super::plan::{Plan, Site};
use super::serving::Parts;
use crate::cert::acme::{Progress, Wanted};
use crate::cert::{Asked, Part, Source, Standing, now, rfc_3339};
use crate::interface::Hook;
use crate::wire::Fqdn;

const NOT_ASKED: &str = "the unit's next hook asks for it";

/// Where certificates are asked for.
pub(super) fn source(hook: &Hook, asked: &Asked, is_agreed: bool) -> String {
    let related = hook.state.view.is_related(CERTIFICATES);
    match (asked.source, &asked.server) {
        (Source::Acme, Some(server)) => format!("from the ACME server {server}"),
        (Source::Certificates, _) if related => "from the application at the endpoint certificates".to_owned(),
        (Source::SelfSigned, _) if !related && !is_agreed => {
            "self-signed: nobody is at the endpoint certificates, and no ACME server is asked without acme-agree-tos"
                .to_owned()
        }
        (source, _) => format!("{source}, as certificate-source says"),
    }
}

/// What the names of sites wait for whose certificate has not come, or should have been renewed long ago.
pub(super) fn waits(
    hook: &Hook,
    paths: &Paths,
    asked: &Asked,
    plan: &Plan,
    parts: &Parts,
) -> Result<BTreeMap<Fqdn, String>> {
    let lacks =
        |part: &&Part| part.source != Source::Operator && (part.standing != Standing::Asked || part.is_late);
    let lacking = |site: &Site| -> Vec<Fqdn> {
        let parts = parts.get(site.name()).into_iter().flatten().filter(lacks);
        parts.flat_map(|part| part.names.clone()).collect()
    };
    let mut waits = BTreeMap::new();
    let acme = Acme::read(hook, paths)?;
    for site in &plan.sites {
        for name in lacking(site) {
            let why = match asked.source {
                Source::Acme => {
                    acme.as_ref().and_then(|acme| acme.says(&name)).unwrap_or_else(|| NOT_ASKED.to_owned())
                }
                Source::Certificates => of_provider(hook, paths, site, &name)?,
                Source::SelfSigned | Source::Operator => continue,
            };
            waits.insert(name, why);
        }
    }
    Ok(waits)
}

/// What the owner of a site was told of the related application, and since when that is asked.
fn of_provider(hook: &Hook, paths: &Paths, site: &Site, name: &Fqdn) -> Result<String> {
    let told = told(hook, &site.owner);
    let mut said =
        ["_pending", "_notes"].into_iter().filter_map(|key| told.get(key)?.get(name.as_str())?.as_str());
    let said = said.next().unwrap_or(NOT_ASKED);
    let since = hook.host.modified(&paths.certificates.request(site.name()))?;
    let since = since.map(|since| format!("; asked since {}", rfc_3339(since.into())));
    Ok(said.to_owned() + &since.unwrap_or_default())
}

/// What the ACME client was told, and how far it has come.
struct Acme {
    server: String,
    names: BTreeSet<Fqdn>,
    progress: Progress,
}

impl Acme {
    fn read(hook: &Hook, paths: &Paths) -> Result<Option<Self>> {
        let (host, folder) = (&hook.host, &paths.certificates);
        let Some(wanted) = Wanted::read(host, folder)? else { return Ok(None) };
        let progress = Progress::read(host, folder, &wanted)?;
        Ok(Some(Self {
            server: wanted.server,
            names: wanted.sites.into_iter().flatten().collect(),
            progress,
        }))
    }

    /// What is known of a name; nothing if the client was not told of it.
    fn says(&self, name: &Fqdn) -> Option<String> {
        self.names.get(name)?;
        Some(match self.progress.trouble(name) {
            Some(trouble) => format!("{}; tried again {}", trouble.problem, trouble.next_try(now())),
            None => format!("asked of {}, no answer yet", self.server),
        })
    }
}
