use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use super::answers::{Before, answers};
use super::certificates::{self, CERTIFICATES};
use super::inputs::{self, Planned, planned, relations, serving_endpoints};
use super::nginx::{self, passwords};
use super::obstacle::Obstacle;
use super::plan::Plan;
use super::renewal;
use super::secrets;
use super::serving::{PASSWORDS, Serving, bring_about};
use super::summary::Summary;
use super::supplied;
use super::wanted::{OWN_SITE, Owner};
use crate::cert::{self, Gone};
use crate::interface::{Hook, provides, websites};
use crate::juju::tool::status::{State, Status};
use crate::juju::tool::{port, unit};
use crate::juju::{Event, RelationKind};
use crate::options::{self, Options};
use crate::reactive::Flag;
use crate::wire::{Answer, Features};

/// Under which names things are kept from hook to hook.
const PORTS: &str = "ports";
const VERSION: &str = "nginx version";
const SUMMARY: &str = "summary";
const OWN_ANSWER: &str = "own answer";
const GONE: &str = "pairs of gone sites";

/// The flag that says that files are still there which nginx may have needed until now.
pub(super) const RETIRED: &str = "proxy.has-retired-certificates";

fn flag(name: &str) -> Result<Flag> {
    Ok(name.parse()?)
}

/// Notes that what is served may have to change.
pub fn look_again(hook: &mut Hook) -> Result<()> {
    for endpoint in serving_endpoints(hook).into_iter().chain([OWN_SITE, CERTIFICATES].map(str::to_owned)) {
        hook.flags().clear(&Flag::update(&endpoint));
    }
    hook.flags().set(flag("proxy.stale")?);
    Ok(())
}

/// Tells clients what we understand beyond the original, as soon as they are there and whenever it is another.
pub fn announce(hook: &mut Hook) -> Result<()> {
    let to = match &hook.event {
        _ if hook.anew => relations(hook)?,
        Event::Relation(event) if matches!(event.kind, RelationKind::Joined | RelationKind::Changed) => {
            let serves = serving_endpoints(hook).iter().any(|endpoint| endpoint == event.relation.endpoint());
            if serves { vec![event.relation.clone()] } else { Vec::new() }
        }
        _ => return Ok(()),
    };
    let features = Features::from_iter([Features::CREDENTIALS_SECRET]);
    to.iter().try_for_each(|relation| provides::send_features_to(hook, relation, &features))
}

/// Brings about what the requests ask for, and answers them.
pub fn serve(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&flag("proxy.stale")?);
    let Some(options) = options::in_force(hook)? else { return Ok(()) };
    let requests = inputs::wanted(hook, &options)?;
    let Planned { plan, addresses, secrets } = planned(hook, &options, requests, secrets::read)?;
    // Whatever comes in the way of serving: who asked first asked first.
    hook.state.keep_all(inputs::CLAIMS, plan.claims.by_name())?;
    hook.state.keep_all(inputs::ADDRESSES, &addresses)?;
    hook.state.keep_all(secrets::SECRETS, &secrets)?;
    let (paths, asked) = (nginx::Paths::new(&hook.host, &hook.context.unit)?, inputs::asked(hook, &options));
    let mut troubles = certificates::ask(hook, &paths.certificates, &options, &asked, &plan)?;
    let mut known = passwords::Known::of(hook.state.kept_all(PASSWORDS)?);
    let served = install_nginx(hook, &paths, &plan)
        .and_then(|()| bring_about(&hook.host, &paths, &options, &asked, &plan, &secrets, &mut known));
    let serving = match served {
        Ok(serving) => serving,
        Err(error) => return obstructed(hook, error),
    };
    hook.state.keep_all(PASSWORDS, known.now())?;
    if hook.flags().is_set(RETIRED) {
        paths.certificates.bury(&hook.host)?;
        hook.flags().clear(&flag(RETIRED)?);
    }
    forget_the_gone(hook, &paths, &plan, &serving)?;
    log::info!("{} sites are served, {} owners are answered", plan.sites.len(), plan.answers.len());
    set_ports(hook, &options, !plan.sites.is_empty())?;
    set_version(hook, serving.version)?;
    let files = (&hook.host, &paths.certificates);
    let wanted = renewal::wanted(files, &hook.context, &options, &asked, &plan, &serving)?;
    troubles.extend(renewal::bring_about(&hook.host, &hook.context, &paths, wanted.as_ref(), &serving)?);
    let before = |owner: &Owner| told_before(hook, owner);
    let (answers, certified) = answers(plan, &serving, &asked, &troubles, before);
    for relation in relations(hook)? {
        let answer = answers.get(&Owner::Relation(relation.clone())).map(Answer::to_value);
        provides::send_status_to(hook, &relation, answer.as_ref())?;
    }
    hook.state.keep(OWN_ANSWER, &answers.get(&Owner::Own).map(Answer::to_value))?;
    hook.state.keep(SUMMARY, &Summary::of(&answers, &certified))
}

/// With which certificates an owner's names were at the top of the last answer.
fn told_before(hook: &Hook, owner: &Owner) -> Before {
    let top = |(name, served): (&String, &Value)| {
        Some((name.clone(), served.get("certificate")?.as_str()?.to_owned()))
    };
    told(hook, owner).as_object().into_iter().flatten().filter_map(top).collect()
}

/// The last answer to an owner.
pub(super) fn told(hook: &Hook, owner: &Owner) -> Value {
    match owner {
        Owner::Own => hook.state.kept(OWN_ANSWER).unwrap_or_default(),
        Owner::Relation(relation) => {
            let text = hook.published(relation, "status").ok().flatten();
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        }
    }
}

/// Deletes the pairs of sites that have been gone for long. A name that is reserved for somebody is not gone.
fn forget_the_gone(hook: &mut Hook, paths: &nginx::Paths, plan: &Plan, serving: &Serving) -> Result<()> {
    let mut gone: Gone = hook.state.kept(GONE)?;
    let names = plan.claims.by_name().keys().map(String::as_str);
    let served = serving.parts.values().flatten().map(|part| part.pem.as_path()).collect();
    paths.certificates.forget_earlier(&hook.host, &served)?;
    gone.look(&hook.host, &paths.certificates, names, &served, cert::now())?;
    hook.state.keep(GONE, &gone)
}

/// The first site brings nginx onto the machine.
fn install_nginx(hook: &mut Hook, paths: &nginx::Paths, plan: &Plan) -> Result<()> {
    let missing = if plan.sites.is_empty() { Vec::new() } else { nginx::missing(&hook.host, paths)? };
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
    let paths = nginx::Paths::new(&hook.host, &hook.context.unit)?;
    renewal::end(&hook.host, &paths)?;
    nginx::remove(&hook.host, &paths)
}

/// What a person must put right before anything can change.
pub(super) fn obstacle(hook: &Hook) -> Result<Option<String>> {
    Ok(hook.state.kept::<Summary>(SUMMARY)?.obstacle)
}

/// What `juju status` should say of this side; nothing, if nobody asks for anything.
pub fn status(hook: &Hook) -> Result<Option<Status>> {
    let summary: Summary = hook.state.kept(SUMMARY)?;
    let trouble = supplied::trouble(hook)?;
    if !hook.state.view.is_related(OWN_SITE) {
        return Ok(summary.status(trouble));
    }
    let nameless = options::in_force(hook)?.is_none_or(|options| options.fqdns.is_empty());
    let websites = websites::known(hook, OWN_SITE)?;
    let missing = match websites.unusable.clone() {
        _ if nameless => Some("set the option fqdns to the names of the site".to_owned()),
        Some(unusable) if websites.listening.is_empty() => Some(unusable),
        _ => trouble,
    };
    let waits = websites.listening.is_empty() && missing.is_none();
    let waiting = || Status {
        state: State::Waiting,
        message: "waiting for the web application to say where it listens".to_owned(),
    };
    let note = websites.note();
    let status = summary.status(missing).or_else(|| waits.then(waiting));
    Ok(status.map(|status| Status { message: status.message + &note, ..status }))
}
