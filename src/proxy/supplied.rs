//! What the operator supplies in Juju's secrets: certificates, and the key of an account with who runs the ACME server.

use anyhow::Result;

use super::handlers::{RETIRED, look_again};
use crate::cert::{self, Folder};
use crate::host::Host;
use crate::interface::Hook;
use crate::juju::tool::secret::{self, Content};
use crate::options::{self, Options};
use crate::wire::SecretUri;

/// Under which name it is kept what is wrong with secrets.
const TROUBLES: &str = "supplied certificates";

/// The keys of such a secret: the certificate and its key must be there, the chain may stand after the certificate.
const CERTIFICATE: &str = "certificate";
const CHAIN: &str = "chain";
const KEY: &str = "key";

/// The key of the secret with an account's key.
const HMAC_KEY: &str = "hmac-key";

/// Reads the secrets that options name, and keeps what can be used. A certificate that can't leaves the one before it in
/// use; an account's key that can't be read is forgotten.
pub fn read_supplied(hook: &mut Hook) -> Result<()> {
    let Some(Options { certificate_secrets, acme, .. }) = options::in_force(hook)? else { return Ok(()) };
    let folder = Folder::of(&hook.host, &hook.context.unit);
    let mut troubles = Vec::new();
    for secret in &certificate_secrets {
        if let Err(trouble) = read(&hook.host, &folder, secret)? {
            troubles.push(format!("option certificate-secrets: {trouble}"));
        }
    }
    if let Err(trouble) = read_external(&hook.host, &folder, acme.secret())? {
        troubles.push(format!("option acme-eab-hmac-key: {trouble}"));
    }
    for trouble in &troubles {
        log::warn!("{trouble}");
    }
    if folder.keep_supplied_only(&hook.host, &certificate_secrets)? {
        hook.flags().set(RETIRED.parse()?);
    }
    hook.state.keep(TROUBLES, &troubles)?;
    look_again(hook)
}

/// Reads all of them again, if one has another content.
pub fn secret_has_changed(hook: &mut Hook) -> Result<()> {
    let options = options::in_force(hook)?.unwrap_or_default();
    let mut supplied = options.certificate_secrets.iter().chain(options.acme.secret());
    let changed = hook.event.changed_secret();
    let is_supplied = changed.is_some_and(|changed| supplied.any(|secret| secret.is_same(changed)));
    if is_supplied { read_supplied(hook) } else { look_again(hook) }
}

/// Reads those again that could not be used, and an account's key: Juju does not tell when a secret is granted or revoked.
/// A certificate stays then.
pub fn retry_supplied(hook: &mut Hook) -> Result<()> {
    let has_key = options::in_force(hook)?.is_some_and(|options| options.acme.secret().is_some());
    if has_key || trouble(hook)?.is_some() { read_supplied(hook) } else { Ok(()) }
}

/// What is wrong with the first secret that cannot be used.
pub(super) fn trouble(hook: &Hook) -> Result<Option<String>> {
    let troubles: Vec<String> = hook.state.kept(TROUBLES)?;
    Ok(troubles.into_iter().next())
}

fn read(host: &Host, folder: &Folder, secret: &SecretUri) -> Result<Result<(), String>> {
    let content = match content(host, secret)? {
        Ok(content) => content,
        Err(why) => return Ok(Err(why)),
    };
    let text = |key: &str| content.get(key).unwrap_or_default();
    let chain = format!("{}\n{}", text(CERTIFICATE), text(CHAIN));
    match cert::supplied(host, &chain, text(KEY), cert::now()) {
        Ok(pair) => Ok(Ok(folder.keep_supplied(host, secret, &pair)?)),
        Err(why) => Ok(Err(format!("{secret}: {why}"))),
    }
}

/// Keeps the key of an external account that is in a secret, in the place of another.
fn read_external(host: &Host, folder: &Folder, secret: Option<&SecretUri>) -> Result<Result<(), String>> {
    let (kept, key) = (folder.external_key(), secret.map(|secret| external(host, secret)).transpose()?);
    match key {
        Some(Ok(key)) if host.read(&kept)?.as_deref() == Some(key.as_bytes()) => {
            Ok(Ok(folder.close(host, &kept)?))
        }
        Some(Ok(key)) => Ok(Ok(folder.write_key(host, &kept, key.as_bytes())?)),
        other => {
            if host.mode(&kept)?.is_some() {
                host.remove(&kept)?;
            }
            Ok(other.map_or(Ok(()), |key| key.map(drop)))
        }
    }
}

fn external(host: &Host, secret: &SecretUri) -> Result<Result<String, String>> {
    let unusable = |why: &str| format!("{secret}: what is under {HMAC_KEY} is {why}");
    let key =
        |content: Content| options::hmac_key(content.get(HMAC_KEY).unwrap_or_default()).map_err(unusable);
    Ok(content(host, secret)?.and_then(key))
}

fn content(host: &Host, secret: &SecretUri) -> Result<Result<Content, String>> {
    match secret::get(host, secret) {
        Err(error) if error.is_unreadable_secret() => {
            let grant = "give it to this application with juju grant-secret";
            Ok(Err(format!("{secret} cannot be read: {grant}")))
        }
        content => Ok(Ok(content?)),
    }
}
