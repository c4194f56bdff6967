use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::parts;
use super::{Paths, Version};
use crate::host::{Host, Owner};
use crate::reactive::digest;

/// What nginx has taken: a note beside its process number, which goes when nginx does. It is written after a reload that
/// came, and removed before the next: after a failure or a killed hook there is none.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The version that the configuration is written for.
    nginx: String,
    /// A digest of the main file, which names the other files after their content, and so after the certificates.
    main: String,
}

impl Taken {
    /// A configuration with this main file.
    pub(super) fn of(version: Version, main: &str) -> Self {
        Self { nginx: version.to_string(), main: digest(main.as_bytes()) }
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

    /// The parts that the live main file names, if it is the one that nginx has taken, in this version.
    pub(super) fn parts(&self, version: Version, live: &str) -> Option<BTreeSet<String>> {
        (*self == Self::of(version, live)).then(|| parts::named_in(live).map(str::to_owned).collect())
    }
}
