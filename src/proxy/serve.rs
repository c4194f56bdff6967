//! Brings about what requests ask for, and answers them.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use super::answers::{Before, answers};
use super::certificates;
use super::handlers::{CLIENT_STALE, OWN_ANSWER, RETIRED, STALE, SUMMARY, told};
use super::inputs::{self, Look, Planned, planned, relations};
use super::memory::Memory;
use super::nginx::{self, Reach};
use super::obstacle::Obstacle;
use super::plan::Plan;
use super::renewal;
use super::scope::Scope;
use super::serving::{Serving, bring_about};
use super::summary::Summary;
use super::tally::Tally;
use super::wanted::Owner;
use crate::cert::{self, Gone};
use crate::interface::{Hook, provides};
use crate::juju::tool::status::{State, Status};
use crate::juju::tool::{port, unit};
use crate::options::{self, Options};

/// Under which names things are kept from hook to hook.
const GONE: &str = "pairs of gone sites";
pub(super) const PORTS: &str = "ports";
const VERSION: &str = "nginx version";

/// Brings about what requests ask for, and answers them: those of one client where the hook is about that client alone.
pub fn serve(hook: &mut Hook) -> Result<()> {
    let Some(options) = options::in_force(hook)? else { return clear(hook) };
    let scope = Scope::of(hook, &options)?;
    clear(hook)?;
    if !serve_those(hook, &options, &scope, Look::Again)? {
        serve_those(hook, &options, &Scope::All, Look::AtUnknown)?;
    }
    Ok(())
}

fn clear(hook: &mut Hook) -> Result<()> {
    for flag in [STALE, CLIENT_STALE] {
        hook.flags().clear(&flag.parse()?);
    }
    Ok(())
}

/// Whether that was enough: if not, all must be served, and what was found on the way is kept.
fn serve_those(hook: &mut Hook, options: &Options, scope: &Scope, look: Look) -> Result<bool> {
    let requests = inputs::wanted(hook, options, scope)?;
    let planned = planned(hook, options, scope, requests, look)?;
    // Whatever comes in the way of serving: who asked first asked first.
    planned.keep_claims(hook, scope)?;
    let concerns_others = planned.concerns_others();
    let Planned { plan, secrets, memory: (before, mut memory), .. } = planned;
    if concerns_others {
        return memory.keep(hook, scope).map(|()| false);
    }
    let ids = if *scope == Scope::All { BTreeSet::new() } else { before.sites() };
    let reach = if *scope == Scope::All { Reach::All } else { Reach::Only(&ids) };
    let (paths, asked) = (nginx::Paths::new(&hook.host, &hook.context.unit)?, inputs::asked(hook, options));
    let mut troubles = certificates::ask(hook, &paths.certificates, options, &asked, &plan)?;
    let serves = *scope != Scope::All || !plan.sites.is_empty();
    let served = install_nginx(hook, &paths, serves)
        .and_then(|()| bring_about((&hook.host, &paths), options, &asked, &plan, &secrets, &before, reach));
    if !matches!(served, Ok(Some(_))) {
        memory.keep(hook, scope)?;
    }
    let serving = match served {
        Ok(Some(serving)) => serving,
        Ok(None) => return Ok(false),
        Err(error) => return obstructed(hook, error).map(|()| true),
    };
    memory.note_serving(&plan, &serving);
    if *scope == Scope::All {
        forget_the_gone(hook, &paths, &plan, &serving)?;
        set_ports(hook, options, serves)?;
    }
    set_version(hook, serving.version)?;
    let files = (&hook.host, &paths.certificates);
    let wanted = renewal::wanted(files, &hook.context, options, &asked, &plan, &serving, reach)?;
    troubles.extend(renewal::bring_about(&hook.host, &hook.context, &paths, wanted.as_ref(), &serving)?);
    log::info!("{} sites are looked at, {} owners are answered", plan.sites.len(), plan.answers.len());
    let answers = answers(plan, &serving, &asked, &troubles, |owner| told_before(hook, owner));
    for relation in relations(hook, scope)? {
        let answer = answers.get(&Owner::Relation(relation.clone())).map(|told| told.answer.to_value());
        provides::send_status_to(hook, &relation, answer.as_ref())?;
    }
    for (owner, told) in &answers {
        memory.note_tally(owner, Tally::of(told));
    }
    memory.keep(hook, scope)?;
    let summary = if *scope == Scope::All {
        let own = answers.get(&Owner::Own);
        hook.state.keep(OWN_ANSWER, &own.map(|told| told.answer.to_value()))?;
        Summary::of(own, &asked, memory.tally())
    } else {
        let all = || Ok(Memory::read(hook, &Scope::All)?.tally());
        hook.state.kept::<Summary>(SUMMARY)?.with(&before.tally(), &memory.tally(), all)?
    };
    hook.state.keep(SUMMARY, &summary)?;
    Ok(true)
}

/// With which certificates an owner's names were at the top of the last answer.
fn told_before(hook: &Hook, owner: &Owner) -> Before {
    let top = |(name, served): (&String, &Value)| {
        Some((name.clone(), served.get("certificate")?.as_str()?.to_owned()))
    };
    told(hook, owner).as_object().into_iter().flatten().filter_map(top).collect()
}

/// Deletes the pairs of sites that have been gone for long, and those that are out of use. A name that is reserved for
/// somebody is not gone.
fn forget_the_gone(hook: &mut Hook, paths: &nginx::Paths, plan: &Plan, serving: &Serving) -> Result<()> {
    if hook.flags().is_set(RETIRED) {
        paths.certificates.bury(&hook.host)?;
        hook.flags().clear(&RETIRED.parse()?);
    }
    let mut gone: Gone = hook.state.kept(GONE)?;
    let names = plan.claims.by_name().keys().map(String::as_str);
    let served = serving.parts.values().flatten().map(|part| part.pem.as_path()).collect();
    paths.certificates.forget_earlier(&hook.host, &served)?;
    gone.look(&hook.host, &paths.certificates, names, &served, cert::now())?;
    hook.state.keep(GONE, &gone)
}

/// The first site brings nginx onto the machine.
fn install_nginx(hook: &mut Hook, paths: &nginx::Paths, serves: bool) -> Result<()> {
    let missing = if serves { nginx::missing(&hook.host, paths)? } else { Vec::new() };
    if missing.is_empty() {
        return Ok(());
    }
    hook.show(Status { state: State::Maintenance, message: "installing nginx".to_owned() })?;
    nginx::install(&hook.host, paths, &missing, &hook.context.proxies)
}

/// What a person must put right is no failure of the hook: the status says it, and each later look tries again.
fn obstructed(hook: &mut Hook, error: anyhow::Error) -> Result<()> {
    let obstacle = error.downcast::<Obstacle>()?;
    log::warn!("{obstacle}");
    let before: Summary = hook.state.kept(SUMMARY)?;
    hook.state.keep(SUMMARY, &before.obstructed(obstacle.to_string()))
}

/// Opens the ports with the first site, closes them after the last.
fn set_ports(hook: &mut Hook, options: &Options, serves: bool) -> Result<()> {
    let open: BTreeSet<u16> = if hook.anew { port::opened(&hook.host)? } else { hook.state.kept(PORTS)? };
    let should =
        if serves { BTreeSet::from([options.http_port, options.https_port]) } else { BTreeSet::new() };
    for port in open.difference(&should) {
        port::close(&hook.host, *port)?;
    }
    for port in should.difference(&open) {
        port::open(&hook.host, *port)?;
    }
    hook.state.keep(PORTS, &should)
}

/// Lets `juju status` show the version of nginx.
fn set_version(hook: &mut Hook, version: Option<nginx::Version>) -> Result<()> {
    let Some(version) = version.map(|version| version.to_string()) else { return Ok(()) };
    if hook.anew || hook.state.kept::<String>(VERSION)? != version {
        unit::set_version(&hook.host, &version)?;
        hook.state.keep(VERSION, &version)?;
    }
    Ok(())
}
