//! Certificates that the operator supplies in Juju's secrets.

use anyhow::Result;

use super::handlers::{RETIRED, look_again};
use crate::cert::{self, Folder};
use crate::host::Host;
use crate::interface::Hook;
use crate::juju::tool::secret;
use crate::options::{self, Options};
use crate::wire::SecretUri;

/// Under which name it is kept what is wrong with secrets.
const TROUBLES: &str = "supplied certificates";

/// The keys of such a secret: the certificate and its key must be there, the chain may stand after the certificate.
const CERTIFICATE: &str = "certificate";
const CHAIN: &str = "chain";
const KEY: &str = "key";

/// Reads the secrets that the option names, and keeps what can be used. A secret that can't leaves what it had before.
pub fn read_supplied(hook: &mut Hook) -> Result<()> {
    let Some(Options { certificate_secrets, .. }) = options::in_force(hook)? else { return Ok(()) };
    let folder = Folder::of(&hook.host, &hook.context.unit);
    let mut troubles = Vec::new();
    for secret in &certificate_secrets {
        if let Err(trouble) = read(&hook.host, &folder, secret)? {
            log::warn!("{trouble}");
            troubles.push(trouble);
        }
    }
    if folder.keep_supplied_only(&hook.host, &certificate_secrets)? {
        hook.flags().set(RETIRED.parse()?);
    }
    hook.state.keep(TROUBLES, &troubles)?;
    look_again(hook)
}

/// Reads all of them again, if one has another content.
pub fn secret_has_changed(hook: &mut Hook) -> Result<()> {
    let supplied = options::in_force(hook)?.map(|options| options.certificate_secrets).unwrap_or_default();
    let changed = hook.event.changed_secret();
    let is_supplied = changed.is_some_and(|changed| supplied.iter().any(|secret| secret.is_same(changed)));
    if is_supplied { read_supplied(hook) } else { look_again(hook) }
}

/// Tries those again that could not be used: Juju does not tell when a secret is granted.
pub fn retry_supplied(hook: &mut Hook) -> Result<()> {
    if trouble(hook)?.is_some() { read_supplied(hook) } else { Ok(()) }
}

/// What is wrong with the first secret that cannot be used.
pub(super) fn trouble(hook: &Hook) -> Result<Option<String>> {
    let troubles: Vec<String> = hook.state.kept(TROUBLES)?;
    Ok(troubles.into_iter().next().map(|trouble| format!("option certificate-secrets: {trouble}")))
}

fn read(host: &Host, folder: &Folder, secret: &SecretUri) -> Result<Result<(), String>> {
    let content = match secret::get(host, secret) {
        Err(error) if error.is_unreadable_secret() => {
            let grant = "give it to this application with juju grant-secret";
            return Ok(Err(format!("{secret} cannot be read: {grant}")));
        }
        content => content?,
    };
    let text = |key: &str| content.get(key).unwrap_or_default();
    let chain = format!("{}\n{}", text(CERTIFICATE), text(CHAIN));
    match cert::supplied(host, &chain, text(KEY), cert::now()) {
        Ok(pair) => Ok(Ok(folder.keep_supplied(host, secret, &pair)?)),
        Err(why) => Ok(Err(format!("{secret}: {why}"))),
    }
}
