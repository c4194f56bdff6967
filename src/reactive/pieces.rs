use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::host::{Host, Owner};

/// A folder of JSON files that are never overwritten: each is named after its content, so a name stands for one content
/// only, and what a crash has damaged does not pass for what it was.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    host: Host,
    folder: PathBuf,
}

/// A piece that may have to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) name: String,
    content: Vec<u8>,
}

impl Piece {
    /// A piece about a topic, which is the start of its name.
    pub(super) fn of(topic: &str, value: &impl Serialize) -> Result<Self> {
        let content = serde_json::to_vec(value).with_context(|| format!("cannot write {topic} as JSON"))?;
        Ok(Self { name: format!("{topic}.{}.json", digest(&content)), content })
    }
}

impl Pieces {
    pub(super) fn in_folder(host: &Host, folder: &Path) -> Self {
        Self { host: host.clone(), folder: folder.to_owned() }
    }

    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.folder.join(name);
        let bytes = self.host.read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
        ensure!(name.ends_with(&format!(".{}.json", digest(&bytes))), "{} is damaged", path.display());
        serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
    }

    pub(super) fn write<'p>(&self, pieces: impl IntoIterator<Item = &'p Piece>) -> Result<()> {
        let mut pieces = pieces.into_iter().peekable();
        if pieces.peek().is_some() {
            self.host.create_folder(&self.folder, 0o700)?;
        }
        for piece in pieces {
            self.host.write(&self.folder.join(&piece.name), &piece.content, 0o600, Owner::Us)?;
        }
        Ok(())
    }

    /// Deletes all pieces but these.
    pub(super) fn keep_only(&self, names: &BTreeSet<&str>) -> Result<()> {
        for name in self.host.list(&self.folder)?.iter().filter(|name| !names.contains(name.as_str())) {
            self.host.remove(&self.folder.join(name))?;
        }
        Ok(())
    }
}

/// Half of a SHA-256 in hexadecimal: enough to tell two contents apart.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
