use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::parts::{self, Named};
use super::{Paths, Version};
use crate::host::{Host, Owner};
use crate::reactive::digest;

/// What nginx has taken: a note beside its process number, which goes when nginx does. It is written after a reload that
/// came, and removed before the next: after a failure or a killed hook there is none.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The version that the configuration is written for.
    nginx: String,
    /// A digest of the main file, which names the other files after their content.
    main: String,
    certificates: Digests,
}

/// Digests of certificates, by path.
pub(super) type Digests = BTreeMap<PathBuf, String>;

/// The certificates of sites as they are now.
pub(super) fn certificates(host: &Host, paths: &Paths, sites: &[Named<'_>]) -> Result<Digests> {
    let fallback = paths.certificates.fallback();
    let files: BTreeSet<&PathBuf> =
        sites.iter().flat_map(|one| one.site.certificates()).chain([&fallback]).collect();
    files.into_iter().map(|file| Ok((file.clone(), digest(&host.read(file)?.unwrap_or_default())))).collect()
}

impl Taken {
    /// A configuration for these sites.
    pub(super) fn of(
        version: Version,
        main: &str,
        sites: &[Named<'_>],
        all: &Digests,
        paths: &Paths,
    ) -> Self {
        let fallback = paths.certificates.fallback();
        let named = sites.iter().flat_map(|one| one.site.certificates()).chain([&fallback]);
        let certificates = named.filter_map(|file| Some((file.clone(), all.get(file)?.clone()))).collect();
        Self { nginx: version.to_string(), main: digest(main.as_bytes()), certificates }
    }

    /// What is noted; nothing where that is of no use.
    pub(super) fn read(host: &Host, paths: &Paths) -> Result<Option<Self>> {
        let note = host.read(&paths.served())?;
        Ok(note.and_then(|note| serde_json::from_slice(&note).ok()))
    }

    pub(super) fn note(&self, host: &Host, paths: &Paths) -> Result<()> {
        let text = serde_json::to_vec(self).context("cannot note what nginx serves as JSON")?;
        Ok(host.write(&paths.served(), &text, 0o600, Owner::Us)?)
    }

    /// The parts of the live main file, if it is the one that nginx has taken, in this version.
    pub(super) fn parts<'l>(&self, version: Version, live: &'l str) -> BTreeSet<&'l str> {
        let is_ours = self.nginx == version.to_string() && self.main == digest(live.as_bytes());
        if is_ours { parts::named_in(live).collect() } else { BTreeSet::new() }
    }

    /// Whether nginx has a certificate as it is now.
    pub(super) fn has(&self, certificate: &Path, now: &Digests) -> bool {
        let taken = self.certificates.get(certificate);
        taken.is_some() && taken == now.get(certificate)
    }
}
