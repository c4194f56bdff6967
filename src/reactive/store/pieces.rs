use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::file::Generation;
use crate::host::{Host, Owner};

/// The view, in files that are never overwritten: each is named after its content, so a name stands for one content
/// only, and what a crash has damaged does not pass for what it was.
#[derive(Debug)]
pub(super) struct Pieces(PathBuf);

impl Pieces {
    pub(super) fn in_folder(dir: &Path) -> Self {
        Self(dir.join("view"))
    }

    pub(super) fn read<T: DeserializeOwned>(&self, host: &Host, name: &str) -> Result<T> {
        let bytes = host.read(&self.0.join(name))?.with_context(|| format!("{name} is missing"))?;
        ensure!(name.ends_with(&format!(".{}.json", digest(&bytes))), "{name} is damaged");
        serde_json::from_slice(&bytes).with_context(|| format!("{name} is damaged"))
    }

    /// Writes a piece, if it is not among `known`; gives its name.
    pub(super) fn write(
        &self,
        host: &Host,
        known: &[Generation],
        topic: &str,
        value: &impl Serialize,
    ) -> Result<String> {
        let bytes = serde_json::to_vec(value).context("cannot write the view as JSON")?;
        let name = format!("{topic}.{}.json", digest(&bytes));
        if !known.iter().flat_map(Generation::pieces).any(|piece| *piece == name) {
            host.create_folder(&self.0, 0o700)?;
            host.write(&self.0.join(&name), &bytes, 0o600, Owner::Us)?;
        }
        Ok(name)
    }

    /// Deletes what belongs to none of the generations.
    pub(super) fn keep_only(&self, host: &Host, generations: &[Generation]) -> Result<()> {
        let named: BTreeSet<&String> = generations.iter().flat_map(Generation::pieces).collect();
        for name in host.list(&self.0)?.iter().filter(|name| !named.contains(name)) {
            host.remove_file(&self.0.join(name))?;
        }
        Ok(())
    }
}

/// Half of a SHA-256 in hexadecimal: enough to tell two contents apart.
fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
