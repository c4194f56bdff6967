use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::juju::tool::status::Status;
use crate::reactive::Flag;
use crate::reactive::state::StateRoot;
use crate::reactive::table::Root;
use crate::reactive::view_root::ViewRoot;

/// The format that this code writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// The version of this program.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What stands in `flags.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct FlagFile {
    pub(super) format: u32,
    /// The version of the program that wrote it.
    pub(super) stamp: String,
    /// What `juju status` was last told. Juju takes it at once, so it is no part of a generation.
    pub(super) status: Option<Status>,
    /// Newest first; at most two.
    pub(super) generations: Vec<Generation>,
}

/// The state as one hook left it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Row")]
pub(super) struct Generation {
    /// The context id of the hook that wrote it; none before the first of the unit's life.
    pub(super) token: Option<String>,
    /// That hook: its name, and what it was about.
    pub(super) hook: String,
    #[serde(flatten)]
    pub(super) state: StateRoot,
}

/// A generation as it is read: flattening while reading would copy all of it once more, in each hook.
#[derive(Deserialize)]
struct Row {
    token: Option<String>,
    #[serde(default)]
    hook: String,
    flags: BTreeSet<Flag>,
    view: ViewRoot,
    kept: Root,
}

impl From<Row> for Generation {
    fn from(Row { token, hook, flags, view, kept }: Row) -> Self {
        Self { token, hook, state: StateRoot { flags, view, kept } }
    }
}

/// What every format of the file has.
#[derive(Debug, Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    stamp: String,
}

/// A text that is no flag file of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// A newer program wrote it; this one must leave it alone.
    #[error(
        "written by version {0}, which is newer than this one ({VERSION}): refresh the charm to that version again"
    )]
    Newer(String),
    /// It is damaged.
    #[error("not a flag file at line {0}, column {1}")]
    Damaged(usize, usize),
}

impl FlagFile {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(file) if file.format > FORMAT => Err(Unreadable::Newer(file.stamp)),
            Ok(file) => Ok(file),
            Err(error) => match serde_json::from_slice(bytes) {
                Ok(Header { format, stamp }) if format > FORMAT => Err(Unreadable::Newer(stamp)),
                _ => Err(Unreadable::Damaged(error.line(), error.column())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_file_is_told_apart_from_a_damaged_one() {
        let said = |text: &str| FlagFile::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(
            said(r#"{"format": 2, "stamp": "9.0", "what": []}"#)
                .starts_with("written by version 9.0, which is newer")
        );
        assert_eq!(said("{}"), "not a flag file at line 1, column 2");
        assert_eq!(said("\0\0"), "not a flag file at line 1, column 1");
    }
}
