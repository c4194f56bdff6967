use anyhow::Result;
use serde_json::Value;

use super::certificates::CERTIFICATES;
use super::inputs::{relations, serving_endpoints};
use super::nginx;
use super::renewal;
use super::scope::Scope;
use super::summary::Summary;
use super::supplied;
use super::wanted::{OWN_SITE, Owner};
use crate::interface::{Hook, provides, websites};
use crate::juju::tool::status::{State, Status};
use crate::juju::{Event, RelationKind};
use crate::options;
use crate::reactive::Flag;
use crate::wire::Features;

/// Under which names things are kept from hook to hook.
pub(super) const SUMMARY: &str = "summary";
pub(super) const OWN_ANSWER: &str = "own answer";

/// The flag that says that what is served may have to change, for everybody.
pub(super) const STALE: &str = "proxy.stale";

/// The flag that says so of the client alone whose hook it is.
pub(super) const CLIENT_STALE: &str = "proxy.client-stale";

/// The flag that says that files are still there which nginx may have needed until now.
pub(super) const RETIRED: &str = "proxy.has-retired-certificates";

fn flag(name: &str) -> Result<Flag> {
    Ok(name.parse()?)
}

/// Notes that what is served may have to change.
pub fn look_again(hook: &mut Hook) -> Result<()> {
    take_up(hook, &[OWN_SITE, CERTIFICATES], STALE)
}

/// Notes that what is served may have to change for the client whose hook it is.
pub fn look_at_client(hook: &mut Hook) -> Result<()> {
    take_up(hook, &[], CLIENT_STALE)
}

/// The updates of the endpoints on which we serve, and of these, become the flag that says what to look at.
fn take_up(hook: &mut Hook, besides: &[&str], stale: &str) -> Result<()> {
    for endpoint in serving_endpoints(hook).iter().map(String::as_str).chain(besides.iter().copied()) {
        hook.flags().clear(&Flag::update(endpoint));
    }
    hook.flags().set(flag(stale)?);
    Ok(())
}

/// Tells clients what we understand beyond the original, as soon as they are there and whenever it is another.
pub fn announce(hook: &mut Hook) -> Result<()> {
    let to = match &hook.event {
        _ if hook.anew => relations(hook, &Scope::All)?,
        Event::Relation(event) if matches!(event.kind, RelationKind::Joined | RelationKind::Changed) => {
            let serves = serving_endpoints(hook).iter().any(|endpoint| endpoint == event.relation.endpoint());
            if serves { vec![event.relation.clone()] } else { Vec::new() }
        }
        _ => return Ok(()),
    };
    let features = Features::from_iter([Features::CREDENTIALS_SECRET]);
    to.iter().try_for_each(|relation| provides::send_features_to(hook, relation, &features))
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
