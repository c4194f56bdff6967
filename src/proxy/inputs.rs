//! What a plan is made from: requests, claims, the configuration, the machine.

use std::collections::BTreeMap;

use anyhow::Result;

use super::certificates::CERTIFICATES;
use super::claims::{Claim, Claims};
use super::lookup;
use super::memory::Memory;
use super::plan::{NOT_ALLOWED, Plan, TAKEN, plan};
use super::scope::Scope;
use super::secrets::{self, Secrets};
use super::upstreams::{self, Policy};
use super::wanted::{OWN_SITE, Owner, Wanted};
use crate::cert::Asked;
use crate::interface::provides::Request;
use crate::interface::{Hook, provides, websites};
use crate::juju::{Endpoint, RelationId, Role};
use crate::options::Options;
use crate::reactive::Standing;
use crate::wire::{CertRequest, Fqdn};

/// With what the names begin under which claims are kept from hook to hook.
const CLAIMS: &str = "claim ";

/// A plan, and what is to be kept of the way to it.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) secrets: Secrets,
    /// What was remembered of the owners that it is for, and is to be.
    pub(super) memory: (Memory, Memory),
    /// Where it is for one client: the claims before it.
    claimed: Claims,
}

/// What is looked at outside, of all that requests name there: secrets, and names of upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// What the hook is about, and what is not known.
    Again,
    /// What is not known.
    AtUnknown,
}

/// What would be served now for these requests, those of `scope`.
pub(super) fn planned(
    hook: &Hook,
    options: &Options,
    scope: &Scope,
    requests: Vec<Wanted>,
    look: Look,
) -> Result<Planned> {
    let (before, mut after) = (Memory::read(hook, scope)?, Memory::default());
    let secrets = secrets::read(hook, &requests, before.secrets(), look)?;
    after.note_secrets(&requests, &secrets);
    let requests: Vec<Wanted> = requests.into_iter().map(|wanted| secrets::judge(wanted, &secrets)).collect();
    let resolved = lookup::resolve(hook, &requests, before.addresses(), look);
    after.note_addresses(&requests, &resolved);
    let policy = Policy {
        allow_local: options.allow_local_upstreams,
        own_addresses: upstreams::own_addresses(&hook.host)?,
        own_ports: vec![options.http_port, options.https_port],
        domains: options.allowed_domains.clone(),
    };
    let claimed = claims(hook, scope, &requests, &before)?;
    let earlier = if *scope == Scope::All { Claims::default() } else { claimed.clone() };
    let plan = plan(requests, claimed, &policy, &resolved);
    after.note_plan(&plan, scope);
    Ok(Planned { plan, secrets, memory: (before, after), claimed: earlier })
}

impl Planned {
    /// Whether it changes what others may have: then all must be planned.
    pub(super) fn concerns_others(&self) -> bool {
        self.claimed.frees(&self.plan.claims)
    }

    /// Keeps claims in the place of those that were looked at.
    pub(super) fn keep_claims(&self, hook: &mut Hook, scope: &Scope) -> Result<()> {
        let now = self.plan.claims.by_name();
        if *scope == Scope::All {
            return hook.state.keep_all(CLAIMS, now);
        }
        for name in self.claimed.by_name().keys().filter(|name| !now.contains_key(*name)) {
            hook.state.forget(&format!("{CLAIMS}{name}"))?;
        }
        now.iter().try_for_each(|(name, claim)| hook.state.keep(&format!("{CLAIMS}{name}"), claim))
    }
}

/// Which certificates are asked for.
pub(super) fn asked(hook: &Hook, options: &Options) -> Asked {
    let acme = options.acme.is_agreed.then_some(options.acme.server.as_str());
    Asked::of(options.certificate_source, hook.state.view.is_related(CERTIFICATES), acme)
}

/// The requests, in the order in which free names are given out: our own, then by relation and unit.
pub(super) fn wanted(hook: &Hook, options: &Options, scope: &Scope) -> Result<Vec<Wanted>> {
    let of_client = |request: Request<'_>| Wanted {
        owner: Owner::Relation(request.relation.clone()),
        app: request.unit.app().to_owned(),
        unit: request.unit.to_string(),
        request: request.parsed,
    };
    if let Scope::Of(relation) = scope {
        return Ok(provides::get_cert_requests_of(hook, relation)?.into_iter().map(of_client).collect());
    }
    let own = options.request(&websites::known(hook, OWN_SITE)?.listening);
    let own = own.and_then(|request| CertRequest::parse(&request.to_wire()).transpose());
    let unit = &hook.context.unit;
    let own = own.map(|request| Wanted {
        owner: Owner::Own,
        app: unit.app().to_owned(),
        unit: unit.to_string(),
        request,
    });
    let mut requests = Vec::new();
    for endpoint in serving_endpoints(hook) {
        requests.extend(provides::get_cert_requests(hook, &endpoint)?.into_iter().map(of_client));
    }
    requests.sort_by(|one, other| one.owner.cmp(&other.owner));
    Ok(own.into_iter().chain(requests).collect())
}

/// Whose each name is. When nothing that we remember is sure, our own published answers say it.
fn claims(hook: &Hook, scope: &Scope, requests: &[Wanted], memory: &Memory) -> Result<Claims> {
    if let Some(owner) = scope.owner() {
        let asked = requests.iter().flat_map(Wanted::names).map(Fqdn::to_string);
        let mut claims = BTreeMap::new();
        for name in asked.chain(memory.names().cloned()) {
            let claim: Option<Claim> = hook.state.kept(&format!("{CLAIMS}{name}"))?;
            claims.extend(claim.map(|claim| (name, claim)));
        }
        return Ok(Claims::around(owner, claims));
    }
    if hook.standing != Standing::Unknown {
        return Ok(Claims::of(hook.state.kept_all(CLAIMS)?));
    }
    Claims::recovered(requests, |relation| {
        Ok(granted(hook.published(relation, "status")?.unwrap_or_default()))
    })
}

/// The names that an answer of ours gives to its relation: those at the top, and those that wait for anything but
/// another's claim.
fn granted(answer: &str) -> Vec<Fqdn> {
    let Ok(serde_json::Value::Object(answer)) = serde_json::from_str(answer) else { return Vec::new() };
    let pending = answer.get("_pending").and_then(serde_json::Value::as_object);
    let waiting = pending
        .into_iter()
        .flatten()
        .filter(|(_, reason)| ![TAKEN, NOT_ALLOWED].contains(&reason.as_str().unwrap_or_default()));
    answer.keys().chain(waiting.map(|(name, _)| name)).filter_map(|name| name.parse().ok()).collect()
}

/// The endpoints on which we serve.
pub(super) fn serving_endpoints(hook: &Hook) -> Vec<String> {
    let serves =
        |endpoint: &Endpoint<'_>| endpoint.interface == "ssl-termination" && endpoint.role == Role::Provides;
    hook.metadata.endpoints().filter(serves).map(|endpoint| endpoint.name.to_owned()).collect()
}

/// Their relations, those of `scope`.
pub(super) fn relations(hook: &Hook, scope: &Scope) -> Result<Vec<RelationId>> {
    if let Scope::Of(relation) = scope {
        return Ok(vec![relation.clone()]);
    }
    let mut relations = Vec::new();
    for endpoint in serving_endpoints(hook) {
        relations.extend(hook.relations(&endpoint)?);
    }
    Ok(relations)
}
