//! All that a person may want to know of this side, looked at once. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use super::handlers::{obstacle, told};
use super::inputs::{self, Look, Planned, planned};
use super::nginx::{self, Paths};
use super::plan::{Plan, Site};
use super::renewal;
use super::scope::Scope;
use super::secrets::Secrets;
use super::serving;
use super::upstreams;
use super::waiting;
use super::wanted::{Owner, Wanted};
use crate::cert::{Part, Source};
use crate::interface::Hook;
use crate::options::{self, Options};
use crate::wire::Fqdn;

/// What is asked for, what would be served, and what nginx serves.
#[derive(Debug)]
pub struct Overview {
    /// The options in force.
    pub options: Options,
    /// Every unit's request.
    pub requests: Vec<Wanted>,
    /// What would be served now.
    pub plan: Plan,
    /// With which certificates, by the site's name.
    pub parts: BTreeMap<Fqdn, Vec<Part>>,
    /// The file with the certificate that each name is served with.
    pub live: BTreeMap<Fqdn, PathBuf>,
    /// Whether nginx runs and has taken its configuration.
    pub is_serving: bool,
    /// What a person must put right before anything can change.
    pub obstacle: Option<String>,
    /// The addresses of this machine's interfaces.
    pub addresses: BTreeSet<IpAddr>,
    /// Where this unit keeps its files.
    pub paths: Paths,
    /// Where certificates are asked for, in words.
    pub source: String,
    /// What names wait for whose certificate has not come.
    pub waits: BTreeMap<Fqdn, String>,
    /// Where the ACME client says what it does.
    pub follow: String,
    pub(super) secrets: Secrets,
    whom: BTreeMap<Owner, String>,
    /// What waits, and why, in the last answer to each owner.
    told: BTreeMap<Owner, BTreeMap<String, String>>,
}

/// Looks at everything; nothing before there was a good configuration.
pub fn overview(hook: &Hook) -> Result<Option<Overview>> {
    let Some(options) = options::in_force(hook)? else { return Ok(None) };
    let requests = inputs::wanted(hook, &options, &Scope::All)?;
    let Planned { plan, secrets, .. } =
        planned(hook, &options, &Scope::All, requests.clone(), Look::AtUnknown)?;
    let paths = Paths::new(&hook.host, &hook.context.unit)?;
    let (mut whom, mut told_of) = (BTreeMap::new(), BTreeMap::new());
    for owner in plan.answers.keys().chain(requests.iter().map(|wanted| &wanted.owner)) {
        whom.insert(owner.clone(), name_of(hook, owner)?);
        told_of.insert(owner.clone(), pending(&told(hook, owner)));
    }
    let asked = inputs::asked(hook, &options);
    let parts = serving::look(&hook.host, &paths, &asked, &plan)?;
    Ok(Some(Overview {
        source: waiting::source(hook, &asked, options.acme.is_agreed),
        waits: waiting::waits(hook, &paths, &asked, &plan, &parts)?,
        follow: renewal::follow(&hook.host, &paths),
        parts,
        live: nginx::certificates(&hook.host, &paths)?,
        is_serving: nginx::is_serving(&hook.host, &paths)?,
        obstacle: obstacle(hook)?,
        addresses: upstreams::own_addresses(&hook.host)?,
        options,
        requests,
        plan,
        paths,
        secrets,
        whom,
        told: told_of,
    }))
}

impl Overview {
    /// An owner in a person's words: `blog (ssl-termination:3)`.
    pub fn whom(&self, owner: &Owner) -> &str {
        self.whom.get(owner).map_or("", String::as_str)
    }

    /// Why a name is not served to this owner; nothing if it is.
    pub fn why_not(&self, owner: &Owner, name: &Fqdn) -> Option<String> {
        if !self.plan.claims.grants(name, owner)
            && let Some(holder) = self.plan.claims.owner(name)
        {
            return Some(format!("taken: {} has it", self.whom(holder)));
        }
        let planned = self.plan.answers.get(owner).and_then(|answer| answer.pending.get(name));
        let told = self.told.get(owner).and_then(|told| told.get(name.as_str()));
        match planned.or(told).or(self.obstacle.as_ref()) {
            Some(why) => Some(why.clone()),
            None if !self.live.contains_key(name) => {
                Some("not yet: the unit's next hook brings it".to_owned())
            }
            None if !self.is_serving => Some("nginx does not run: the unit's next hook starts it".to_owned()),
            None => None,
        }
    }

    /// Where a file with a certificate is from.
    pub fn source(&self, file: &Path) -> Option<Source> {
        Source::ALL
            .into_iter()
            .find(|source| file.parent() == Some(&*self.paths.certificates.of_source(*source)))
    }

    /// The site that has a name.
    pub fn site(&self, name: &Fqdn) -> Option<&Site> {
        self.plan.sites.iter().find(|site| site.names.contains(name))
    }
}

/// `blog (ssl-termination:3)`
fn name_of(hook: &Hook, owner: &Owner) -> Result<String> {
    Ok(match owner {
        Owner::Own => "the operator".to_owned(),
        Owner::Relation(relation) => {
            let app = hook.state.view.relation(relation)?.map_or("nobody", |known| known.app.as_str());
            format!("{app} ({relation})")
        }
    })
}

fn pending(answer: &Value) -> BTreeMap<String, String> {
    let texts = answer.get("_pending").and_then(Value::as_object).into_iter().flatten();
    texts.filter_map(|(name, why)| Some((name.clone(), why.as_str()?.to_owned()))).collect()
}
