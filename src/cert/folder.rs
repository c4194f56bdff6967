use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Source;
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

    /// Deletes the files of a folder that are not to be kept.
    pub fn keep_only(host: &Host, folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), FileError> {
        let files = host.list(folder)?.into_iter().map(|name| folder.join(name));
        files.filter(|file| !kept.contains(file)).try_for_each(|file| host.remove(&file))
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

    /// Writes a file that holds a key, whole and lasting; others can't read it.
    pub(super) fn write_key(&self, host: &Host, path: &Path, content: &[u8]) -> Result<(), FileError> {
        host.create_folder(&self.state, 0o711)?;
        host.create_folder(&self.certificates(), KEYS_MODE)?;
        if let Some(parent) = path.parent().filter(|parent| **parent != self.certificates()) {
            host.create_folder(parent, KEYS_MODE)?;
        }
        host.write(path, content, KEY_MODE, Owner::Us)?;
        host.sync(path)
    }

    /// Closes a key's file that others can read.
    pub(super) fn close(&self, host: &Host, path: &Path) -> Result<(), FileError> {
        let is_closed =
            host.mode(path)? == Some(KEY_MODE) && host.mode(&self.certificates())? == Some(KEYS_MODE);
        match host.read(path)? {
            Some(content) if !is_closed => self.write_key(host, path, &content),
            _ => Ok(()),
        }
    }
}
