//! What a plan is made from: requests, claims, the configuration, the machine.

use anyhow::Result;

use super::certificates::CERTIFICATES;
use super::claims::Claims;
use super::lookup::{self, Resolved};
use super::plan::{NOT_ALLOWED, Plan, TAKEN, plan};
use super::secrets::{self, Secrets};
use super::upstreams::{self, Policy};
use super::wanted::{OWN_SITE, Owner, Wanted};
use crate::cert::Asked;
use crate::interface::{Hook, provides, websites};
use crate::juju::{Endpoint, RelationId, Role};
use crate::options::Options;
use crate::reactive::Standing;
use crate::wire::{CertRequest, Fqdn};

/// With what the names begin under which claims and addresses are kept from hook to hook.
pub(super) const CLAIMS: &str = "claim ";
pub(super) const ADDRESSES: &str = "addresses ";

/// A plan, and what is to be kept of the way to it.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) addresses: Resolved,
    pub(super) secrets: Secrets,
}

/// What would be served now for these requests. `secrets` reads those that requests name, or says what is known of them.
pub(super) fn planned(
    hook: &Hook,
    options: &Options,
    requests: Vec<Wanted>,
    secrets: fn(&Hook, &[Wanted]) -> Result<Secrets>,
) -> Result<Planned> {
    let secrets = secrets(hook, &requests)?;
    let requests: Vec<Wanted> = requests.into_iter().map(|wanted| secrets::judge(wanted, &secrets)).collect();
    let resolved = lookup::resolve(hook, &requests, hook.state.kept_all(ADDRESSES)?);
    let policy = Policy {
        allow_local: options.allow_local_upstreams,
        own_addresses: upstreams::own_addresses(&hook.host)?,
        own_ports: vec![options.http_port, options.https_port],
        domains: options.allowed_domains.clone(),
    };
    let claims = claims(hook, &requests)?;
    let plan = plan(requests, claims, &policy, &resolved);
    Ok(Planned { plan, addresses: resolved, secrets })
}

/// Which certificates are asked for.
pub(super) fn asked(hook: &Hook, options: &Options) -> Asked {
    let acme = options.acme.is_agreed.then_some(options.acme.server.as_str());
    Asked::of(options.certificate_source, hook.state.view.is_related(CERTIFICATES), acme)
}

/// All requests, in the order in which free names are given out: our own, then by relation and unit.
pub(super) fn wanted(hook: &Hook, options: &Options) -> Result<Vec<Wanted>> {
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
        requests.extend(provides::get_cert_requests(hook, &endpoint)?.into_iter().map(|request| Wanted {
            owner: Owner::Relation(request.relation.clone()),
            app: request.unit.app().to_owned(),
            unit: request.unit.to_string(),
            request: request.parsed,
        }));
    }
    requests.sort_by(|one, other| one.owner.cmp(&other.owner));
    Ok(own.into_iter().chain(requests).collect())
}

/// Whose each name is. When nothing that we remember is sure, our own published answers say it.
fn claims(hook: &Hook, requests: &[Wanted]) -> Result<Claims> {
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

/// Their relations.
pub(super) fn relations(hook: &Hook) -> Result<Vec<RelationId>> {
    let mut relations = Vec::new();
    for endpoint in serving_endpoints(hook) {
        relations.extend(hook.relations(&endpoint)?);
    }
    Ok(relations)
}
