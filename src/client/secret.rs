//! The operator's secret in the option `credentials`, and the one of our own that goes to the proxy in its place.
//!
//! Only its owner may grant a secret: the operator grants the one in the option to us, and we hand on what is in it with
//! a secret of our unit's own. It is there as long as a request names it. What is in a secret is not kept.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::handlers::PROXY;
use super::way::{Unit, Way, way};
use crate::interface::Hook;
use crate::juju::tool::secret::{self, Content};
use crate::juju::tool::status::{State, Status};
use crate::juju::{Event, Lifecycle, RelationId, SecretEvent, SecretKind};
use crate::options::Options;
use crate::reactive::digest;
use crate::wire::{Composed, Credentials, Features, Protection, SecretUri};

/// Under which label our secret is found again, whatever was lost.
const LABEL: &str = "credentials";

/// Under which name this is kept from hook to hook.
const KEPT: &str = "credentials";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// The operator's secret that was last read.
    source: Option<SecretUri>,
    /// Why it cannot be used.
    trouble: Option<String>,
    /// Our own secret.
    own: Option<SecretUri>,
    /// A digest of what was last written into it, so that a look at everything writes nothing.
    written: Option<String>,
    /// To which relations it is granted.
    granted: BTreeSet<RelationId>,
}

/// The request to each proxy, protected as the option says: with the secret, with what is in it, or not at all.
pub(super) fn protect(
    hook: &mut Hook,
    options: &Options,
    request: Option<&Composed>,
) -> Result<BTreeMap<RelationId, Option<Composed>>> {
    let mut kept = known(hook)?;
    let relations = hook.relations(PROXY)?;
    let (Some(Protection::Secret(source)), Some(request)) = (&options.protection, request) else {
        let_go(hook)?;
        return Ok(relations.into_iter().map(|relation| (relation, request.cloned())).collect());
    };
    let ways = ways(hook, options)?;
    let credentials =
        if must_read(hook, &kept, source, &ways)? { read(hook, &mut kept, source) } else { None };
    if ways.values().any(|way| *way == Way::Secret) && kept.trouble.is_none() {
        provide(hook, &mut kept, credentials.as_ref())?;
        grant(hook, &mut kept, &ways)?;
    } else {
        withdraw(hook, &mut kept)?;
    }
    hook.state.keep(KEPT, &kept)?;
    let mut requests = BTreeMap::new();
    for relation in relations {
        let protection = match ways.get(&relation) {
            _ if kept.trouble.is_some() => None,
            Some(Way::Secret) => {
                kept.own.clone().map(|own| Protection::Secret(own.in_model(&hook.context.model)))
            }
            Some(Way::Text) => {
                let text = credentials.clone().map(Protection::Text);
                text.or(sent(hook, &relation)?.filter(|sent| matches!(sent, Protection::Text(_))))
            }
            Some(Way::None) | None => None,
        };
        // Without protection there is no request: it would open the site.
        let protected = protection.map(|protection| {
            let mut request = request.clone();
            request.protection = Some(protection);
            request
        });
        requests.insert(relation, protected);
    }
    Ok(requests)
}

/// What keeps a request back, for `juju status`.
pub(super) fn obstacle(hook: &Hook, options: &Options) -> Result<Option<Status>> {
    let Some(Protection::Secret(_)) = &options.protection else { return Ok(None) };
    let kept: Kept = hook.state.kept(KEPT)?;
    if let Some(trouble) = kept.trouble {
        return Ok(Some(Status { state: State::Blocked, message: format!("option credentials: {trouble}") }));
    }
    let held_back = ways(hook, options)?.into_iter().find(|(_, way)| *way == Way::None);
    Ok(held_back.map(|_| Status {
        state: State::Waiting,
        message:
            "nothing is asked: not every unit of the proxy takes secrets (so far): refresh it, or set credentials-as-text"
                .to_owned(),
    }))
}

/// Ends with our own secret, and with what is known of the operator's.
pub fn let_go(hook: &mut Hook) -> Result<()> {
    let mut kept = known(hook)?;
    if kept == Kept::default() {
        return Ok(());
    }
    withdraw(hook, &mut kept)?;
    hook.state.keep(KEPT, &Kept::default())
}

/// Lets Juju forget a password of before that nobody reads any more.
pub fn forget_revision(hook: &mut Hook) -> Result<()> {
    let Event::Secret(SecretEvent { kind: SecretKind::Remove, secret, revision }) = &hook.event else {
        return Ok(());
    };
    match secret::remove(&hook.host, secret, *revision) {
        Err(error) if error.is_unreadable_secret() => Ok(()),
        removed => Ok(removed?),
    }
}

/// What is kept. Where Juju may have done more or less than is remembered, it says what it has.
fn known(hook: &Hook) -> Result<Kept> {
    let kept: Kept = hook.state.kept(KEPT)?;
    if !hook.standing.is_stale() {
        return Ok(kept);
    }
    Ok(Kept { own: secret::find(&hook.host, LABEL)?, granted: BTreeSet::new(), ..kept })
}

fn ways(hook: &Hook, options: &Options) -> Result<BTreeMap<RelationId, Way>> {
    let mut units: BTreeMap<&RelationId, Vec<Unit>> = BTreeMap::new();
    for (relation, _, bag) in hook.state.view.units(PROXY)? {
        let features = bag.get("features").map(String::as_str);
        units.entry(relation).or_default().push(Unit {
            takes_secrets: Features::parse(features).has(Features::CREDENTIALS_SECRET),
            has_spoken: features.is_some() || bag.contains_key("status"),
        });
    }
    let mut ways = BTreeMap::new();
    for relation in hook.relations(PROXY)? {
        let before = matches!(sent(hook, &relation)?, Some(Protection::Secret(_)));
        let units = units.get(&relation).map_or(&[][..], Vec::as_slice);
        ways.insert(relation, way(units, before, options.credentials_as_text));
    }
    Ok(ways)
}

/// How the request that a proxy has is protected.
fn sent(hook: &Hook, relation: &RelationId) -> Result<Option<Protection>> {
    let text = hook.published(relation, "cert-request")?.unwrap_or_default();
    Ok(Composed::compose(text).ok().flatten().and_then(|request| request.protection))
}

/// Whether what is in the operator's secret may be another than before, or is needed and not at hand.
fn must_read(hook: &Hook, kept: &Kept, source: &SecretUri, ways: &BTreeMap<RelationId, Way>) -> Result<bool> {
    let may_differ = hook.anew
        || kept.source.as_ref() != Some(source)
        || [Lifecycle::UpdateStatus, Lifecycle::ConfigChanged].iter().any(|step| hook.event.is(*step))
        || hook.event.changed_secret().is_some_and(|changed| changed.is_same(source));
    if may_differ || kept.trouble.is_some() {
        return Ok(may_differ);
    }
    for (relation, way) in ways {
        let at_hand = match way {
            Way::Secret => kept.own.is_some(),
            Way::Text => matches!(sent(hook, relation)?, Some(Protection::Text(_))),
            Way::None => true,
        };
        if !at_hand {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the operator's secret. Where Juju does not say that it is gone, but cannot give it either, all stays as it is.
fn read(hook: &Hook, kept: &mut Kept, source: &SecretUri) -> Option<Credentials> {
    let before = kept.source.replace(source.clone());
    let (credentials, trouble) = match secret::get(&hook.host, source) {
        Ok(content) => match Credentials::of_secret(&content.0) {
            Ok(credentials) => (Some(credentials), None),
            Err(reason) => (None, Some(format!("the secret cannot be used: {reason}"))),
        },
        Err(error) if error.is_unreadable_secret() => {
            log::warn!("{error}");
            let app = hook.context.unit.app();
            (
                None,
                Some(format!(
                    "the secret cannot be read: is it there, and granted (juju grant-secret … {app})?"
                )),
            )
        }
        Err(error) if before.as_ref() == Some(source) => {
            log::warn!("cannot read a secret this time, what was sent stays: {error}");
            (None, kept.trouble.take())
        }
        Err(error) => {
            log::warn!("{error}");
            (None, Some("the secret cannot be read this time".to_owned()))
        }
    };
    kept.trouble = trouble;
    credentials
}

/// Sees to it that our own secret is there, with these credentials if they were read.
fn provide(hook: &Hook, kept: &mut Kept, credentials: Option<&Credentials>) -> Result<()> {
    let Some(credentials) = credentials else { return Ok(()) };
    let own = match kept.own.take() {
        Some(own) => Some(own),
        None => secret::find(&hook.host, LABEL)?,
    };
    let (content, folder) = (Content(credentials.to_secret()), hook.context.state_dir());
    let digest = |own: &SecretUri| Some(digest(format!("{own} {}", credentials.to_wire()).as_bytes()));
    let own = match own {
        Some(own) if kept.written == digest(&own) && !hook.anew => own,
        Some(own) => {
            secret::set(&hook.host, &folder, &own, &content)?;
            own
        }
        None => secret::add(&hook.host, &folder, LABEL, &content)?,
    };
    kept.written = digest(&own);
    kept.own = Some(own);
    Ok(())
}

fn grant(hook: &Hook, kept: &mut Kept, ways: &BTreeMap<RelationId, Way>) -> Result<()> {
    let Some(own) = &kept.own else { return Ok(()) };
    let should: BTreeSet<RelationId> =
        ways.iter().filter(|(_, way)| **way == Way::Secret).map(|(relation, _)| relation.clone()).collect();
    for relation in should.iter().filter(|relation| hook.anew || !kept.granted.contains(*relation)) {
        match secret::grant(&hook.host, own, relation) {
            // Who is gone needs no grant.
            Err(error) if error.is_gone() => {}
            granted => granted?,
        }
    }
    kept.granted = should;
    Ok(())
}

/// Removes our own secret; what is known of the operator's stays.
fn withdraw(hook: &Hook, kept: &mut Kept) -> Result<()> {
    if let Some(own) = kept.own.take() {
        secret::remove(&hook.host, &own, None)?;
    }
    kept.written = None;
    kept.granted.clear();
    Ok(())
}
