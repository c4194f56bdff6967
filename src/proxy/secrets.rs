//! The secrets that requests name in the place of credentials.
//!
//! What a secret holds is hashed at once, and only the hash is kept. It is read again when it may have changed: when
//! Juju says so, when the request that names it changes, and at each look at everything. A secret that cannot be read
//! any more ends what it protected.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::inputs::Look;
use super::memory::Known;
use super::nginx::passwords::Line;
use super::wanted::Wanted;
use crate::host::Host;
use crate::interface::Hook;
use crate::juju::tool::secret;
use crate::wire::{Credentials, Protection, Refusal, SecretUri};

/// How long reading may take in one hook. What is left over keeps its last password until the next look.
const LIMIT: Duration = Duration::from_secs(30);

/// What is told of a secret that cannot be used. One sentence for all cases: a client may name the secret of another,
/// and is to learn nothing about it. The log says more.
const UNUSABLE: &str = "the secret cannot be read (is it there, and granted?), or does not hold what it should: \
     a username and a password";

/// The lines of password files by the URIs of the secrets that they come from; none of one that cannot be used.
pub(super) type Secrets = BTreeMap<String, Option<Line>>;

/// Reads those of which it is not known that they are as before.
pub(super) fn read(
    hook: &Hook,
    requests: &[Wanted],
    mut before: Known<Option<Line>>,
    look: Look,
) -> Result<Secrets> {
    let named = || requests.iter().filter_map(|wanted| Some((wanted, named(wanted)?)));
    let has_changed = |secret: &SecretUri| hook.event.changed_secret().is_some_and(|one| one.is_same(secret));
    let stale: BTreeSet<&SecretUri> = named()
        .filter(|(wanted, secret)| look == Look::Again && (wanted.is_subject_of(hook) || has_changed(secret)))
        .map(|(_, secret)| secret)
        .collect();
    let deadline = Instant::now() + LIMIT;
    let mut secrets = Secrets::new();
    for secret in named().map(|(_, secret)| secret).collect::<BTreeSet<_>>() {
        let uri = secret.to_string();
        let is_known = !before.lacks(&uri) && !stale.contains(secret);
        let line = match before.known.remove(&uri) {
            Some(line) if is_known || Instant::now() > deadline => line,
            before => ask(&hook.host, secret, before.flatten())?,
        };
        secrets.insert(uri, line);
    }
    Ok(secrets)
}

/// Refuses a request whose secret cannot be used: its site must neither be open nor have an old password for ever.
pub(super) fn judge(mut wanted: Wanted, secrets: &Secrets) -> Wanted {
    let unusable =
        named(&wanted).is_some_and(|secret| !matches!(secrets.get(&secret.to_string()), Some(Some(_))));
    if unusable {
        wanted.request = Err(Refusal { field: "credentials-secret".to_owned(), reason: UNUSABLE.to_owned() });
    }
    wanted
}

/// The secret that a good request names.
pub(super) fn named(wanted: &Wanted) -> Option<&SecretUri> {
    match &wanted.request.as_ref().ok()?.protection {
        Some(Protection::Secret(secret)) => Some(secret),
        _ => None,
    }
}

/// Reads one. Where Juju does not say that it is gone, but cannot give it either, its last password stays.
fn ask(host: &Host, secret: &SecretUri, before: Option<Line>) -> Result<Option<Line>> {
    let content = match secret::get(host, secret) {
        Ok(content) => content,
        Err(error) if error.is_unreadable_secret() => {
            log::warn!("a request names a secret that cannot be read: {error}");
            return Ok(None);
        }
        Err(error) => {
            log::warn!("cannot read a secret this time, what is known of it stays: {error}");
            return Ok(before);
        }
    };
    match Credentials::of_secret(&content.0) {
        Ok(credentials) => match before.filter(|line| line.is_right(&credentials)) {
            Some(line) => Ok(Some(line)),
            None => Line::of(host, &credentials).map(Some),
        },
        Err(reason) => {
            log::warn!("{secret}, which a request names, cannot be used: {reason}");
            Ok(None)
        }
    }
}
