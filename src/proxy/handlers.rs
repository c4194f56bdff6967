use std::collections::BTreeSet;

use anyhow::Result;

use super::claims::Claims;
use super::nginx;
use super::obstacle::Obstacle;
use super::plan::{Owner, Plan, Wanted, plan};
use super::serving::bring_about;
use super::summary::Summary;
use super::upstreams;
use crate::interface::{Hook, provides, websites};
use crate::juju::tool::port;
use crate::juju::tool::status::Status;
use crate::juju::{Endpoint, RelationId, Role};
use crate::options::{self, Options};
use crate::reactive::{Flag, Standing};
use crate::wire::{Answer, CertRequest, Fqdn};

/// The endpoint of the single site of our own.
const OWN_SITE: &str = "reverseproxy";

/// Under which names things are kept from hook to hook.
const CLAIMS: &str = "claim ";
const PORTS: &str = "ports";
const SUMMARY: &str = "summary";

fn flag(name: &str) -> Result<Flag> {
    Ok(name.parse()?)
}

/// Notes that what is served may have to change.
pub fn look_again(hook: &mut Hook) -> Result<()> {
    for endpoint in serving_endpoints(hook).into_iter().chain([OWN_SITE.to_owned()]) {
        hook.flags().clear(&Flag::update(&endpoint));
    }
    hook.flags().set(flag("proxy.stale")?);
    Ok(())
}

/// Brings about what the requests ask for, and answers them.
pub fn serve(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&flag("proxy.stale")?);
    let options = options::in_force(hook)?;
    let plan = planned(hook, &options)?;
    let serving = match bring_about(&hook.host, &hook.context.unit, &options, &plan) {
        Ok(serving) => serving,
        Err(error) => return obstructed(hook, error),
    };
    log::info!("{} sites are served, {} owners are answered", plan.sites.len(), plan.answers.len());
    set_ports(hook, &options, !plan.sites.is_empty())?;
    let answers = serving.answers(&plan);
    for relation in relations(hook)? {
        let answer = answers.get(&Owner::Relation(relation.clone())).map(Answer::to_value);
        provides::send_status_to(hook, &relation, answer.as_ref())?;
    }
    hook.state.keep_all(CLAIMS, plan.claims.by_name())?;
    hook.state.keep(SUMMARY, &Summary::of(&answers))
}

/// What a person must put right is no failure of the hook: the status says it, and each later look tries again.
fn obstructed(hook: &mut Hook, error: anyhow::Error) -> Result<()> {
    let obstacle = error.downcast::<Obstacle>()?;
    log::warn!("{obstacle}");
    let before: Summary = hook.state.kept(SUMMARY)?;
    hook.state.keep(SUMMARY, &before.obstructed(obstacle.to_string()))
}

/// What would be served now.
pub(super) fn planned(hook: &Hook, options: &Options) -> Result<Plan> {
    let requests = wanted(hook, options)?;
    let resolved = upstreams::resolve(&hook.host, &requests);
    Ok(plan(&requests, &claims(hook)?, options.allow_local_upstreams, &resolved))
}

/// All requests, in the order in which free names are given out: our own, then by relation and unit.
fn wanted(hook: &Hook, options: &Options) -> Result<Vec<Wanted>> {
    let own = options.request(&websites::known(hook, OWN_SITE)?).map(|request| Wanted {
        owner: Owner::Own,
        unit: hook.context.unit.to_string(),
        request: CertRequest::parse(&request.to_wire()).map(|same| same.unwrap_or(request)),
    });
    let mut requests = Vec::new();
    for endpoint in serving_endpoints(hook) {
        requests.extend(provides::get_cert_requests(hook, &endpoint)?.into_iter().map(|request| Wanted {
            owner: Owner::Relation(request.relation.clone()),
            unit: request.unit.to_string(),
            request: request.parsed,
        }));
    }
    requests.sort_by(|one, other| one.owner.cmp(&other.owner));
    Ok(own.into_iter().chain(requests).collect())
}

/// Whose each name is. When nothing that we remember is sure, our own published answers say it.
fn claims(hook: &Hook) -> Result<Claims> {
    if hook.standing != Standing::Unknown {
        return Ok(Claims::of(hook.state.kept_all(CLAIMS)?));
    }
    let mut claims = Claims::default();
    for endpoint in serving_endpoints(hook) {
        let mut units = hook.state.view.units_by_relation(&endpoint)?;
        for relation in hook.relations(&endpoint)? {
            let units: Vec<String> =
                units.remove(&relation).iter().flatten().map(ToString::to_string).collect();
            for name in granted(hook.published(&relation, "status")?.unwrap_or_default()) {
                claims.recover(&name, &Owner::Relation(relation.clone()), units.iter().cloned());
            }
        }
    }
    Ok(claims)
}

/// The names that an answer of ours gives to its relation: those at the top, and those that wait for anything but
/// another's claim.
fn granted(answer: &str) -> Vec<Fqdn> {
    let Ok(serde_json::Value::Object(answer)) = serde_json::from_str(answer) else { return Vec::new() };
    let pending = answer.get("_pending").and_then(serde_json::Value::as_object);
    let waiting = pending.into_iter().flatten().filter(|(_, reason)| *reason != super::plan::TAKEN);
    answer.keys().chain(waiting.map(|(name, _)| name)).filter_map(|name| name.parse().ok()).collect()
}

fn serving_endpoints(hook: &Hook) -> Vec<String> {
    let serves =
        |endpoint: &Endpoint<'_>| endpoint.interface == "ssl-termination" && endpoint.role == Role::Provides;
    hook.metadata.endpoints().filter(serves).map(|endpoint| endpoint.name.to_owned()).collect()
}

fn relations(hook: &Hook) -> Result<Vec<RelationId>> {
    let mut relations = Vec::new();
    for endpoint in serving_endpoints(hook) {
        relations.extend(hook.relations(&endpoint)?);
    }
    Ok(relations)
}

/// Opens the ports with the first site, closes them after the last.
fn set_ports(hook: &mut Hook, options: &Options, serves: bool) -> Result<()> {
    let open: BTreeSet<u16> = hook.state.kept(PORTS)?;
    let should =
        if serves { BTreeSet::from([options.http_port, options.https_port]) } else { BTreeSet::new() };
    for port in open.difference(&should) {
        port::close(&hook.host, *port)?;
    }
    for port in should.iter().filter(|port| hook.anew || !open.contains(port)) {
        port::open(&hook.host, *port)?;
    }
    hook.state.keep(PORTS, &should)
}

/// Ends serving until the unit is started again.
pub fn stop(hook: &mut Hook) -> Result<()> {
    hook.flags().set(flag("proxy.stopped")?);
    nginx::stop(&hook.host, &nginx::Paths::new(&hook.host, &hook.context.unit)?)
}

/// Takes up serving again.
pub fn start(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&flag("proxy.stopped")?);
    look_again(hook)
}

/// Deletes all that we keep outside the charm's folder.
pub fn remove(hook: &mut Hook) -> Result<()> {
    nginx::remove(&hook.host, &nginx::Paths::new(&hook.host, &hook.context.unit)?)
}

/// What a person must put right before anything can change.
pub(super) fn obstacle(hook: &Hook) -> Result<Option<String>> {
    Ok(hook.state.kept::<Summary>(SUMMARY)?.obstacle)
}

/// What `juju status` should say of this side; nothing, if nobody asks for anything.
pub fn status(hook: &Hook) -> Result<Option<Status>> {
    let summary: Summary = hook.state.kept(SUMMARY)?;
    let nameless = hook.state.view.is_related(OWN_SITE) && options::in_force(hook)?.fqdns.is_empty();
    Ok(summary.status(nameless))
}
