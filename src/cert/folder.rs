use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Source;
use super::pair::{Pair, RETIRED};
use crate::host::{FileError, Host, Owner, file_stem};
use crate::juju::UnitName;
use crate::wire::{Fqdn, SecretUri};

/// Keys are for us alone.
const KEY_MODE: u32 = 0o600;
const KEYS_MODE: u32 = 0o700;

/// Where one unit keeps certificates and what belongs to them: `/var/lib/ssl-termination/UNIT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    state: PathBuf,
    unit: UnitName,
}

impl Folder {
    /// The unit's folder below the host's root.
    pub fn of(host: &Host, unit: &UnitName) -> Self {
        Self { state: host.path("var/lib/ssl-termination").join(unit.file_name()), unit: unit.clone() }
    }

    /// Whose it is.
    pub fn unit(&self) -> &UnitName {
        &self.unit
    }

    /// Certificates with their keys.
    pub fn certificates(&self) -> PathBuf {
        self.state.join("certificates")
    }

    /// What a source has for the sites.
    pub fn of_source(&self, source: Source) -> PathBuf {
        self.certificates().join(source.as_str())
    }

    /// What a source has for the site with this id: certificate, chain and key.
    pub fn pair(&self, source: Source, id: &Fqdn) -> PathBuf {
        self.of_source(source).join(format!("{}.pem", file_stem(id.as_str())))
    }

    /// Where the ACME client leaves the pair before a new one that has not all of its names.
    pub fn earlier(pair: &Path) -> PathBuf {
        pair.with_extension("earlier.pem")
    }

    /// Signing requests that wait for their answers, with their keys.
    pub fn requests(&self) -> PathBuf {
        self.certificates().join("requests")
    }

    /// The signing request for the site with this id.
    pub fn request(&self, id: &Fqdn) -> PathBuf {
        self.requests().join(format!("{}.pem", file_stem(id.as_str())))
    }

    /// The pair that the operator has put into a secret.
    pub fn supplied(&self, secret: &SecretUri) -> PathBuf {
        let uri = secret.to_string();
        let id = uri.rsplit([':', '/']).next().unwrap_or_default();
        self.of_source(Source::Operator).join(format!("{id}.pem"))
    }

    /// Keeps that pair.
    pub fn keep_supplied(&self, host: &Host, secret: &SecretUri, pair: &str) -> Result<(), FileError> {
        let path = self.supplied(secret);
        match host.read(&path)? {
            Some(kept) if kept == pair.as_bytes() => self.close(host, &path),
            _ => self.write_key(host, &path, pair.as_bytes()),
        }
    }

    /// Deletes pairs that stay beside the ACME client's new ones, where nothing is served with them and a new one has all of
    /// their names. The client writes the earlier pair before the new one: while they are alike it is at work.
    pub fn forget_earlier(&self, host: &Host, served: &BTreeSet<&Path>) -> Result<(), FileError> {
        let folder = self.of_source(Source::Acme);
        for name in host.list(&folder)? {
            let Some(id) = name.strip_suffix(".earlier.pem") else { continue };
            let new = folder.join(format!("{id}.pem"));
            let earlier = Self::earlier(&new);
            let (Some(before), Some(now)) = (host.read(&earlier)?, host.read(&new)?) else { continue };
            let has_all = || Some(Pair::read(&before)?.names.is_subset(&Pair::read(&now)?.names));
            if !served.contains(&*earlier) && before != now && has_all() == Some(true) {
                host.remove(&earlier)?;
            }
        }
        Ok(())
    }

    /// Takes a pair out of use. It stays where it is until nginx does without it: [`Folder::bury`].
    pub fn retire(&self, host: &Host, path: &Path) -> Result<(), FileError> {
        match host.read(path)? {
            Some(content) if !content.starts_with(RETIRED) => {
                self.write_key(host, path, &[RETIRED, &content].concat())
            }
            _ => Ok(()),
        }
    }

    /// Deletes all pairs that are out of use.
    pub fn bury(&self, host: &Host) -> Result<(), FileError> {
        for source in Source::ALL {
            for path in others(host, &self.of_source(source), &BTreeSet::new())? {
                if host.read(&path)?.is_some_and(|content| content.starts_with(RETIRED)) {
                    host.remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Takes all pairs of the operator's out of use but those of these secrets; says whether there were others.
    pub fn keep_supplied_only(&self, host: &Host, secrets: &[SecretUri]) -> Result<bool, FileError> {
        let kept = secrets.iter().map(|secret| self.supplied(secret)).collect();
        let others = others(host, &self.of_source(Source::Operator), &kept)?;
        others.iter().try_for_each(|other| self.retire(host, other))?;
        Ok(!others.is_empty())
    }

    /// Deletes all signing requests but those for these sites.
    pub fn keep_requests_only<'s>(
        &self,
        host: &Host,
        sites: impl IntoIterator<Item = &'s Fqdn>,
    ) -> Result<(), FileError> {
        let kept = sites.into_iter().map(|id| self.request(id)).collect();
        others(host, &self.requests(), &kept)?.iter().try_for_each(|other| host.remove(other))
    }

    /// The pair shown to those who ask for no name of ours, where nginx cannot refuse them.
    pub fn fallback(&self) -> PathBuf {
        self.certificates().join("default.pem")
    }

    /// The authority that signs self-signed certificates, with its key.
    pub fn authority(&self) -> PathBuf {
        self.certificates().join("authority.pem")
    }

    /// The authority's certificate alone, for those who are to trust it.
    pub fn authority_certificate(&self) -> PathBuf {
        self.state.join("ca.crt")
    }

    /// What the ACME client and the hook tell each other.
    pub fn acme(&self) -> PathBuf {
        self.state.join("acme")
    }

    /// The key of the ACME account.
    pub fn account_key(&self) -> PathBuf {
        self.acme().join("account.pem")
    }

    /// The key of the operator's account outside ACME, where it comes from a secret.
    pub fn external_key(&self) -> PathBuf {
        self.acme().join("external.key")
    }

    /// What is wanted from ACME.
    pub fn wanted(&self) -> PathBuf {
        self.acme().join("wanted.json")
    }

    /// How far the ACME client has come.
    pub fn progress(&self) -> PathBuf {
        self.acme().join("progress.json")
    }

    /// Held by the ACME client while it is at work.
    pub fn lock(&self) -> PathBuf {
        self.acme().join("lock")
    }

    /// Creates the folder for all that the unit keeps; the workers may pass through it.
    pub(super) fn create(&self, host: &Host) -> Result<(), FileError> {
        host.create_folder(&self.state, 0o711)
    }

    /// Writes a file that holds a key, whole and lasting; others can't read it.
    pub(crate) fn write_key(&self, host: &Host, path: &Path, content: &[u8]) -> Result<(), FileError> {
        self.create(host)?;
        if path.starts_with(self.certificates()) {
            host.create_folder(&self.certificates(), KEYS_MODE)?;
        }
        if let Some(parent) = path.parent() {
            host.create_folder(parent, KEYS_MODE)?;
        }
        host.write(path, content, KEY_MODE, Owner::Us)?;
        host.sync(path)
    }

    /// Closes a key's file that others can read.
    pub(crate) fn close(&self, host: &Host, path: &Path) -> Result<(), FileError> {
        let parent = if path.starts_with(self.certificates()) { self.certificates() } else { self.acme() };
        if host.mode(path)? == Some(KEY_MODE) && host.mode(&parent)? == Some(KEYS_MODE) {
            return Ok(());
        }
        match host.read(path)? {
            Some(content) => self.write_key(host, path, &content),
            None => Ok(()),
        }
    }
}

/// The files of a folder but these.
fn others(host: &Host, folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>, FileError> {
    let files = host.list(folder)?.into_iter().map(|name| folder.join(name));
    Ok(files.filter(|file| !kept.contains(file)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::authority::Authority as Own;
    use crate::cert::signing::tests::{Authority, now};
    use crate::cert::supplied;
    use crate::host::Command;

    #[test]
    fn a_retired_pair_is_passed_over_while_nginx_may_still_need_it_and_then_buried() {
        let machine = tempfile::tempdir().unwrap();
        let host = Host::new(machine.path(), "");
        let folder = Folder::of(&host, &"proxy/0".parse().unwrap());
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = Authority::root("root").issue(&key, &["a.example"]).to_pem();
        let pair = supplied(&host, &certificate, &key.serialize_pem(), now()).unwrap();
        let secrets = ["secret:9m4e2mr0ui3e8a215n4g", "secret:9m4e2mr0ui3e8a215n50"];
        let secrets = secrets.map(|secret| secret.parse::<SecretUri>().unwrap());
        for secret in &secrets {
            folder.keep_supplied(&host, secret, &pair).unwrap();
        }
        let files = secrets.each_ref().map(|secret| folder.supplied(secret));
        let read = |file| host.read(file).unwrap().and_then(|content| Pair::read(&content));
        assert!(!folder.keep_supplied_only(&host, &secrets).unwrap());
        assert!(folder.keep_supplied_only(&host, &secrets[..1]).unwrap());
        assert!(read(&files[0]).is_some() && read(&files[1]).is_none());
        assert_eq!(host.mode(&files[1]).unwrap(), Some(KEY_MODE));
        for what in ["x509", "pkey"] {
            let openssl = Command::new("openssl").args([what, "-noout", "-in", &*files[1].to_string_lossy()]);
            host.run_ok(&openssl).unwrap();
        }
        folder.bury(&host).unwrap();
        assert!(read(&files[0]).is_some() && host.read(&files[1]).unwrap().is_none());
    }

    #[test]
    fn an_earlier_pair_stays_while_anything_needs_it() {
        let machine = tempfile::tempdir().unwrap();
        let host = Host::new(machine.path(), "");
        let folder = Folder::of(&host, &"proxy/0".parse().unwrap());
        let issue = |names: &[&str]| {
            let names: Vec<Fqdn> = names.iter().map(|name| name.parse().unwrap()).collect();
            Own::new("test", now()).unwrap().issue(&names, now()).unwrap()
        };
        let (both, one, another) =
            (issue(&["a.example", "b.example"]), issue(&["a.example"]), issue(&["a.example", "b.example"]));
        let new = folder.pair(Source::Acme, &"a.example".parse().unwrap());
        let earlier = Folder::earlier(&new);
        let stays = |before: &str, now: &str, served: &BTreeSet<&Path>| {
            folder.write_key(&host, &earlier, before.as_bytes()).unwrap();
            folder.write_key(&host, &new, now.as_bytes()).unwrap();
            folder.forget_earlier(&host, served).unwrap();
            assert!(host.read(&new).unwrap().is_some());
            host.read(&earlier).unwrap().is_some()
        };
        let nothing = BTreeSet::new();
        assert!(stays(&both, &one, &nothing), "the new one has not all of its names");
        assert!(stays(&both, &both, &nothing), "the client is about to write the new one");
        assert!(stays(&both, &another, &BTreeSet::from([earlier.as_path()])), "it is served");
        assert!(stays("garbage", &another, &nothing));
        assert!(!stays(&both, &another, &nothing));
    }
}
