//! Password files, one a site: a user and a salted hash that nginx checks a visitor's password against.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha_crypt::{CustomizedPasswordHasher, Params, PasswordVerifier, ShaCrypt};
use sha2::{Digest, Sha256};

use super::paths::hex;
use super::{Look, Paths, Worker};
use crate::host::Host;
use crate::proxy::cert::remove_others;
use crate::wire::{Credentials, Fqdn};

/// What password files were found to be right for, by the site's name: to check a hash takes milliseconds, which a
/// thousand sites would take in each hook. Where nothing is known, all are checked.
#[derive(Debug)]
pub struct Known {
    look: Look,
    before: BTreeMap<String, Right>,
    now: BTreeMap<String, Right>,
}

/// What a file was right for, as digests over the credentials and something that is no other file's: so equal passwords
/// are no equal digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// With the file's stamp.
    stamp: String,
    /// With its content, which has a salt.
    content: String,
}

impl Known {
    /// What the last hook knew, and how closely the files are to be looked at now.
    pub fn of(before: BTreeMap<String, Right>, look: Look) -> Self {
        Self { look, before, now: BTreeMap::new() }
    }

    /// What this hook knows.
    pub fn now(&self) -> &BTreeMap<String, Right> {
        &self.now
    }
}

/// The password file of the site `id`. It stays as it is, salt and all, while it is right for the credentials.
///
/// nginx reads it at each request: a new password counts from now on, without a reload.
pub fn keep(
    host: &Host,
    paths: &Paths,
    worker: Option<&Worker>,
    id: &Fqdn,
    credentials: &Credentials,
    known: &mut Known,
) -> Result<PathBuf> {
    let path = paths.password_file(id);
    let mode = if worker.is_some() { 0o640 } else { 0o600 };
    let readable = Worker::readable(worker);
    let before = known.before.remove(id.as_str());
    if let Some(right) = before.as_ref().filter(|_| known.look == Look::Names)
        && host.stamp(&path)?.is_some_and(|stamp| digest(stamp.as_bytes(), credentials) == right.stamp)
    {
        known.now.insert(id.to_string(), right.clone());
        return Ok(path);
    }
    host.create_folder(&paths.state, 0o711)?;
    host.create_folder(&paths.passwords(), 0o711)?;
    let mut content = host.read(&path)?.unwrap_or_default();
    let is_right = before.is_some_and(|right| right.content == digest(&content, credentials))
        || matches(&content, credentials);
    if !is_right || host.mode(&path)? != Some(mode) || !host.belongs_to(&path, readable)? {
        let salt = host.random::<12>().context("cannot make a salt for a password")?;
        content = line(credentials, &salt)?.into_bytes();
        host.write(&path, &content, mode, readable)?;
    }
    let stamp = host.stamp(&path)?.unwrap_or_default();
    let [stamp, content] = [stamp.as_bytes(), &content].map(|unique| digest(unique, credentials));
    known.now.insert(id.to_string(), Right { stamp, content });
    Ok(path)
}

/// Deletes the password files of all sites but these.
pub fn forget<'a>(host: &Host, paths: &Paths, sites: impl IntoIterator<Item = &'a Fqdn>) -> Result<()> {
    let kept: BTreeSet<PathBuf> = sites.into_iter().map(|id| paths.password_file(id)).collect();
    remove_others(host, &paths.passwords(), &kept)
}

fn digest(unique: &[u8], credentials: &Credentials) -> String {
    let parts = [unique, credentials.user().as_bytes(), credentials.password().as_bytes()];
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    hex(&digest.finalize())
}

/// `user:$6$salt$hash`, with the 5,000 rounds that are meant where their number is not written.
fn line(credentials: &Credentials, salt: &[u8]) -> Result<String> {
    let hash = ShaCrypt::SHA512
        .hash_password_customized(credentials.password().as_bytes(), salt, None, None, Params::RECOMMENDED)
        .context("cannot hash a password")?;
    let hash = hash.as_str().replacen("$rounds=5000$", "$", 1);
    Ok(format!("{}:{hash}\n", credentials.user()))
}

/// Whether a file's content lets in exactly who has these credentials.
fn matches(content: &[u8], credentials: &Credentials) -> bool {
    let hash = std::str::from_utf8(content)
        .ok()
        .and_then(|text| text.strip_suffix('\n')?.strip_prefix(credentials.user())?.strip_prefix(':'));
    hash.is_some_and(|hash| {
        hash.starts_with("$6$")
            && ShaCrypt::SHA512.verify_password(credentials.password().as_bytes(), hash).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Owner;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials::new(user, password).unwrap()
    }

    #[test]
    fn a_hash_is_what_openssl_makes_of_the_password() {
        let line = line(&credentials("user", "hunter2"), &[7; 12]).unwrap();
        let salt = line.split('$').nth(2).unwrap();
        assert_eq!(salt.len(), 16);
        let openssl = std::process::Command::new("openssl")
            .args(["passwd", "-6", "-salt", salt, "hunter2"])
            .output()
            .expect("this test needs openssl");
        assert_eq!(line, format!("user:{}", String::from_utf8(openssl.stdout).unwrap()));
    }

    #[test]
    fn a_file_stays_while_it_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let id: Fqdn = "a.example".parse().unwrap();
        let mut before = BTreeMap::new();
        let mut kept = |user, password| {
            let mut known = Known::of(before.clone(), Look::Contents);
            let path = keep(&host, &paths, None, &id, &credentials(user, password), &mut known).unwrap();
            before = known.now;
            let mut known = Known::of(before.clone(), Look::Names);
            keep(&host, &paths, None, &id, &credentials(user, password), &mut known).unwrap();
            assert_eq!(known.now, before);
            assert_eq!(host.mode(&path).unwrap(), Some(0o600));
            String::from_utf8(host.read(&path).unwrap().unwrap()).unwrap()
        };
        let first = kept("user", "one");
        assert!(first.starts_with("user:$6$") && !first.contains("one"), "{first}");
        assert_eq!(kept("user", "one"), first);
        assert_ne!(kept("user", "two"), first);
        assert!(kept("other", "two").starts_with("other:"));
        let path = paths.password_file(&id);
        for damaged in [b"".as_slice(), b"user:one\n", b"user:$6$x$\n", b"user:$6$\nroot:$6$\n", b"\xff"] {
            host.write(&path, damaged, 0o600, Owner::Us).unwrap();
            assert!(matches(kept("user", "one").as_bytes(), &credentials("user", "one")));
        }
    }

    #[test]
    fn files_of_sites_that_are_gone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let ids: [Fqdn; 2] = ["a.example", "b.example"].map(|name| name.parse().unwrap());
        let keep_those = |ids: &[Fqdn]| {
            let mut known = Known::of(BTreeMap::new(), Look::Contents);
            for id in ids {
                keep(&host, &paths, None, id, &credentials("u", "p"), &mut known).unwrap();
            }
            forget(&host, &paths, ids).unwrap();
            known.now.len()
        };
        assert_eq!(keep_those(&ids), 2);
        assert_eq!(keep_those(&ids[1..]), 1);
        assert_eq!(host.list(&paths.passwords()).unwrap(), ["b.example"]);
        assert_eq!(keep_those(&[]), 0);
        assert_eq!(host.list(paths.state()).unwrap(), ["passwords"]);
    }
}
