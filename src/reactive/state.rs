use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::pieces::{Piece, Pieces};
use super::table::{Root, Table};
use super::view_root::ViewRoot;
use super::{Flag, Flags, View};

/// All that a unit remembers from hook to hook.
#[derive(Debug)]
pub struct State {
    /// The flags that are set.
    pub flags: Flags,
    /// What the other sides have published, and we.
    pub view: View,
    /// What the charm keeps for itself, by name.
    kept: Table<String, Json>,
}

/// A value as its text: of many few are looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Json(Box<RawValue>);

impl Json {
    /// Nothing where it has another shape: another version has kept it.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let read = serde_json::from_str(self.0.get());
        read.inspect_err(|_| {
            log::warn!("what is kept as {name} has a shape that this version does not know: left out");
        })
        .ok()
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// Where a state is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StateRoot {
    pub(super) flags: BTreeSet<Flag>,
    pub(super) view: ViewRoot,
    pub(super) kept: Root,
}

impl StateRoot {
    /// The names of all its pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.view.pieces().chain(self.kept.pieces())
    }
}

impl State {
    /// The state that is kept at `root`.
    pub(super) fn at(pieces: &Rc<Pieces>, root: &StateRoot) -> Self {
        Self {
            flags: root.flags.iter().cloned().collect(),
            view: View::at(pieces, &root.view),
            kept: Table::at(pieces, "kept", &root.kept),
        }
    }

    /// Where the state will be kept, and the pieces that have to be written for it.
    pub(super) fn root(&self) -> Result<(StateRoot, Vec<Piece>)> {
        let mut to_write = Vec::new();
        let root = StateRoot {
            flags: self.flags.iter().cloned().collect(),
            view: self.view.root(&mut to_write)?,
            kept: self.kept.root(&mut to_write)?,
        };
        Ok((root, to_write))
    }

    /// Reads all of it, so that no later look can fail.
    pub(super) fn load(&self) -> Result<()> {
        self.kept.entries()?;
        self.view.load()
    }

    /// What the charm keeps under `name`; the default if there is nothing, or nothing of that shape.
    pub fn kept<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        Ok(self.kept.get(&name.to_owned())?.and_then(|value| value.read(name)).unwrap_or_default())
    }

    /// Keeps a value under `name`.
    pub fn keep(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let value = to_raw_value(value).with_context(|| format!("cannot keep {name} as JSON"))?;
        self.kept.insert(name.to_owned(), Json(value))?;
        Ok(())
    }

    /// Keeps nothing under `name` any more.
    pub fn forget(&mut self, name: &str) -> Result<()> {
        self.kept.remove(&name.to_owned())?;
        Ok(())
    }

    /// All that is kept under names that begin with `prefix`, by the rest of the name.
    pub fn kept_all<T: DeserializeOwned>(&self, prefix: &str) -> Result<BTreeMap<String, T>> {
        let named = |(name, value): (&String, &Json)| {
            Some((name.strip_prefix(prefix)?.to_owned(), value.read(name)?))
        };
        Ok(self.kept.entries()?.into_iter().filter_map(named).collect())
    }

    /// Keeps exactly these values under names that begin with `prefix`.
    pub fn keep_all<T: Serialize>(&mut self, prefix: &str, values: &BTreeMap<String, T>) -> Result<()> {
        let entries = self.kept.entries()?.into_iter();
        let gone = entries
            .filter(|(name, _)| name.strip_prefix(prefix).is_some_and(|rest| !values.contains_key(rest)));
        let gone: Vec<String> = gone.map(|(name, _)| name.clone()).collect();
        for name in gone {
            self.kept.remove(&name)?;
        }
        values.iter().try_for_each(|(name, value)| self.keep(&format!("{prefix}{name}"), value))
    }
}
