use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::kept::Kept;
use super::pieces::{Piece, Pieces};

/// Up to how many entries a table is spread over how many pieces; a larger one over [`MOST`]. Both what a hook touches,
/// a piece, and what each hook reads, the names of all of them, stay small.
const SPREADS: [(usize, u8); 2] = [(64, 1), (1024, 16)];
const MOST: u8 = 128;

/// A map that is kept in pieces: what a hook does not look at is not read, what it does not change is not written.
#[derive(Debug, Clone)]
pub(super) struct Table<K, V> {
    pieces: Rc<Pieces>,
    topic: String,
    size: usize,
    buckets: BTreeMap<u8, Bucket<K, V>>,
}

#[derive(Debug, Clone)]
struct Bucket<K, V> {
    /// The piece that holds it; none if it has been changed.
    name: Option<String>,
    entries: OnceCell<BTreeMap<K, Kept<V>>>,
}

/// Where a table is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Root {
    size: usize,
    pieces: Vec<(u8, String)>,
}

impl Root {
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|(_, name)| name.as_str())
    }
}

/// What can be a key: it has a text that says all of it.
pub(super) trait Key: Ord + Clone + ToString + Serialize + DeserializeOwned {}
impl<K: Ord + Clone + ToString + Serialize + DeserializeOwned> Key for K {}

impl<K: Key, V: PartialEq + Serialize + DeserializeOwned> Table<K, V> {
    /// The table that is kept at `root`; nothing is read yet.
    pub(super) fn at(pieces: &Rc<Pieces>, topic: impl Into<String>, root: &Root) -> Self {
        let bucket = |(number, name): &(u8, String)| {
            (*number, Bucket { name: Some(name.clone()), entries: OnceCell::new() })
        };
        Self {
            pieces: Rc::clone(pieces),
            topic: topic.into(),
            size: root.size,
            buckets: root.pieces.iter().map(bucket).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.size
    }

    pub(super) fn get(&self, key: &K) -> Result<Option<&V>> {
        Ok(self.entry(key)?.map(|(_, value)| value))
    }

    pub(super) fn entry(&self, key: &K) -> Result<Option<(&K, &V)>> {
        let Some(bucket) = self.buckets.get(&self.place(key)) else { return Ok(None) };
        let entry = bucket.entries(&self.pieces)?.get_key_value(key);
        entry.map(|(key, value)| Ok((key, value.get()?))).transpose()
    }

    /// All entries in the order of their keys; reads the whole table.
    pub(super) fn entries(&self) -> Result<Vec<(&K, &V)>> {
        let mut all = Vec::new();
        for bucket in self.buckets.values() {
            for (key, value) in bucket.entries(&self.pieces)? {
                all.push((key, value.get()?));
            }
        }
        let (found, size) = (all.len(), self.size);
        ensure!(found == size, "{} is damaged: {found} entries, not {size}", self.topic);
        all.sort_unstable_by(|one, other| one.0.cmp(other.0));
        Ok(all)
    }

    /// Puts a value in the place of another, which is given back. The same value changes nothing.
    pub(super) fn insert(&mut self, key: K, value: V) -> Result<Option<V>> {
        let place = self.place(&key);
        let bucket = self.buckets.entry(place).or_insert_with(Bucket::empty);
        let known = bucket.entries(&self.pieces)?.get(&key).map(Kept::get).transpose()?;
        if known == Some(&value) {
            return Ok(Some(value));
        }
        let before = bucket.change(&self.pieces)?.insert(key, value.into());
        let before = before.map(Kept::into_value).transpose()?;
        self.resize(self.size.saturating_add(before.is_none().into()))?;
        Ok(before)
    }

    pub(super) fn remove(&mut self, key: &K) -> Result<Option<V>> {
        let place = self.place(key);
        let Some(bucket) = self.buckets.get_mut(&place) else { return Ok(None) };
        if !bucket.entries(&self.pieces)?.contains_key(key) {
            return Ok(None);
        }
        let entries = bucket.change(&self.pieces)?;
        let before = entries.remove(key).map(Kept::into_value).transpose()?;
        if entries.is_empty() {
            self.buckets.remove(&place);
        }
        self.resize(self.size.saturating_sub(1))?;
        Ok(before)
    }

    /// Where the table will be kept, and the pieces that have to be written for it.
    pub(super) fn root(&self, to_write: &mut Vec<Piece>) -> Result<Root> {
        let mut root = Root { size: self.size, pieces: Vec::with_capacity(self.buckets.len()) };
        for (number, bucket) in &self.buckets {
            let name = if let Some(name) = &bucket.name {
                name.clone()
            } else {
                let list: Vec<(&K, &Kept<V>)> = bucket.entries(&self.pieces)?.iter().collect();
                let piece = Piece::of(&format!("{}.{number}", self.topic), &list)?;
                let name = piece.name.clone();
                to_write.push(piece);
                name
            };
            root.pieces.push((*number, name));
        }
        Ok(root)
    }

    fn place(&self, key: &K) -> u8 {
        match spread(self.size) {
            1 => 0,
            pieces => Sha256::digest(key.to_string())[0] % pieces,
        }
    }

    /// Spreads the entries over more pieces, or gathers them, when the table has grown or shrunk over a limit.
    fn resize(&mut self, size: usize) -> Result<()> {
        let moves = spread(self.size) != spread(size);
        let before = std::mem::replace(&mut self.size, size);
        if !moves {
            return Ok(());
        }
        log::debug!("{}: from {before} to {size} entries", self.topic);
        let mut all: BTreeMap<u8, BTreeMap<K, Kept<V>>> = BTreeMap::new();
        for mut bucket in std::mem::take(&mut self.buckets).into_values() {
            for (key, value) in std::mem::take(bucket.change(&self.pieces)?) {
                all.entry(self.place(&key)).or_default().insert(key, value);
            }
        }
        self.buckets = all
            .into_iter()
            .map(|(number, entries)| (number, Bucket { name: None, entries: entries.into() }))
            .collect();
        Ok(())
    }
}

impl<K: Key, V: DeserializeOwned> Bucket<K, V> {
    fn empty() -> Self {
        Self { name: None, entries: BTreeMap::new().into() }
    }

    fn entries(&self, pieces: &Pieces) -> Result<&BTreeMap<K, Kept<V>>> {
        if let (None, Some(name)) = (self.entries.get(), &self.name) {
            let list: Vec<(K, Kept<V>)> = pieces.read(name)?;
            let _ = self.entries.set(list.into_iter().collect());
        }
        Ok(self.entries.get_or_init(BTreeMap::new))
    }

    /// The entries, to be changed.
    fn change(&mut self, pieces: &Pieces) -> Result<&mut BTreeMap<K, Kept<V>>> {
        self.entries(pieces)?;
        self.name = None;
        self.entries.get_mut().context("the entries were read the line before")
    }
}

/// Over how many pieces a table of that size is spread.
fn spread(size: usize) -> u8 {
    SPREADS.iter().find(|(most, _)| size <= *most).map_or(MOST, |(_, pieces)| *pieces)
}

#[cfg(test)]
mod tests;
