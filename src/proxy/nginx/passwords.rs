//! Password files, one a site: a user and a salted hash that nginx checks a visitor's password against.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha_crypt::{CustomizedPasswordHasher, Params, PasswordVerifier, ShaCrypt};
use sha2::{Digest, Sha256};

use super::{Paths, Reach, Worker};
use crate::host::{Host, hex};
use crate::wire::{Credentials, Fqdn};

/// What password files are right for, by the site's name: a digest of the content, which has a salt, and the credentials.
/// To check a hash takes milliseconds, which a thousand sites would take in each hook. Where nothing is known, all are
/// checked.
#[derive(Debug, Default)]
pub struct Known {
    before: BTreeMap<String, String>,
    now: BTreeMap<String, String>,
}

impl Known {
    /// What the last hook knew.
    pub fn of(before: BTreeMap<String, String>) -> Self {
        Self { before, now: BTreeMap::new() }
    }

    /// What this hook knows.
    pub fn into_now(self) -> BTreeMap<String, String> {
        self.now
    }

    fn is_right(&self, id: &Fqdn, content: &[u8], credentials: &Credentials) -> bool {
        self.before.get(id.as_str()).is_some_and(|known| *known == digest(content, credentials))
            || matches(content, credentials)
    }
}

/// What stands in a password file: `user:$6$salt$hash`. The default lets nobody in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(String);

impl Line {
    /// For these credentials, with a new salt.
    pub fn of(host: &Host, credentials: &Credentials) -> Result<Self> {
        let salt = host.random::<12>().context("cannot make a salt for a password")?;
        line(credentials, &salt).map(Self)
    }

    /// Whether it lets in exactly who has these credentials.
    pub fn is_right(&self, credentials: &Credentials) -> bool {
        matches(self.0.as_bytes(), credentials)
    }
}

/// A hash can be guessed at: it is not shown.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

/// The folder of the password files, which must be there before the first of them.
pub fn make_folder(host: &Host, paths: &Paths) -> Result<()> {
    host.create_folder(&paths.state, 0o711)?;
    Ok(host.create_folder(&paths.passwords(), 0o711)?)
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
) -> Result<()> {
    let present = host.read(&paths.password_file(id))?.unwrap_or_default();
    let content = match &present {
        present if known.is_right(id, present, credentials) => present.clone(),
        _ => Line::of(host, credentials)?.0.into_bytes(),
    };
    write(host, paths, worker, id, &present, &content)?;
    known.now.insert(id.to_string(), digest(&content, credentials));
    Ok(())
}

/// The same, from a line that is known.
pub fn put(host: &Host, paths: &Paths, worker: Option<&Worker>, id: &Fqdn, line: &Line) -> Result<()> {
    let present = host.read(&paths.password_file(id))?.unwrap_or_default();
    write(host, paths, worker, id, &present, line.0.as_bytes())
}

/// Makes the file what it should be, for nginx's workers to read and nobody else.
fn write(
    host: &Host,
    paths: &Paths,
    worker: Option<&Worker>,
    id: &Fqdn,
    present: &[u8],
    content: &[u8],
) -> Result<()> {
    let path = paths.password_file(id);
    let mode = if worker.is_some() { 0o640 } else { 0o600 };
    let readable = Worker::readable(worker);
    if present != content || host.mode(&path)? != Some(mode) || !host.belongs_to(&path, readable)? {
        host.write(&path, content, mode, readable)?;
    }
    Ok(())
}

/// Deletes the password files of the sites that a change is about, but of these.
pub fn forget<'a>(
    host: &Host,
    paths: &Paths,
    reach: Reach<'_>,
    sites: impl IntoIterator<Item = &'a Fqdn>,
) -> Result<()> {
    let kept: BTreeSet<PathBuf> = sites.into_iter().map(|id| paths.password_file(id)).collect();
    let files: Vec<PathBuf> = match reach {
        Reach::All => {
            host.list(&paths.passwords())?.into_iter().map(|name| paths.passwords().join(name)).collect()
        }
        Reach::Only(ids) => ids.iter().map(|id| paths.password_file(id)).collect(),
    };
    let files = files.into_iter();
    Ok(files.filter(|file| !kept.contains(file)).try_for_each(|file| host.remove(&file))?)
}

fn digest(content: &[u8], credentials: &Credentials) -> String {
    let parts = [content, credentials.user().as_bytes(), credentials.password().as_bytes()];
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
        make_folder(&host, &paths).unwrap();
        let id: Fqdn = "a.example".parse().unwrap();
        let mut before = BTreeMap::new();
        let mut kept = |user, password| {
            let mut known = Known::of(before.clone());
            let path = paths.password_file(&id);
            keep(&host, &paths, None, &id, &credentials(user, password), &mut known).unwrap();
            before = known.now;
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
        make_folder(&host, &paths).unwrap();
        let ids: [Fqdn; 2] = ["a.example", "b.example"].map(|name| name.parse().unwrap());
        let keep_those = |ids: &[Fqdn]| {
            let mut known = Known::default();
            for id in ids {
                keep(&host, &paths, None, id, &credentials("u", "p"), &mut known).unwrap();
            }
            forget(&host, &paths, Reach::All, ids).unwrap();
            known.now.len()
        };
        assert_eq!(keep_those(&ids), 2);
        assert_eq!(keep_those(&ids[1..]), 1);
        assert_eq!(host.list(&paths.passwords()).unwrap(), ["b.example"]);
        assert_eq!(keep_those(&[]), 0);
        assert_eq!(host.list(&paths.state).unwrap(), ["passwords"]);
    }
}
