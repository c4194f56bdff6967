use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Flag, Remote, State, View};
use crate::host::{Host, Lock, Owner};
use crate::juju::RelationId;
use crate::juju::tool::relation::Bag;
use crate::juju::tool::status::Status;

/// The format that this code writes, and the newest that it reads.
const FORMAT: u32 = 1;
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The flag file and what lies beside it, locked for one process.
///
/// The file holds two generations of the state, and Juju's charm state holds the token of the one that it has
/// committed. A generation's token is the context id of the hook that wrote it, so no two are ever alike.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    lock: Lock,
    marked: bool,
    context_id: String,
    /// As it was found.
    found: Option<FlagFile>,
    /// What the next file will say.
    file: FlagFile,
    unreadable: bool,
    /// What a hook that never ended has left in the lock file.
    pub died: Option<String>,
    /// Whether another version of this program wrote the file.
    pub migrated: bool,
}

/// How our file stands to what Juju has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A new unit: no file, no token.
    New,
    /// Juju has committed the newest generation.
    Current,
    /// An earlier process of this same hook wrote the newest generation.
    Again,
    /// Juju has committed the older generation only: the state goes back to it.
    Behind,
    /// The file was lost or restored, or Juju was: nothing that is remembered is sure.
    Unknown,
}

impl Standing {
    /// Whether what is remembered of the other sides must be read again.
    pub fn is_stale(self) -> bool {
        matches!(self, Self::Behind | Self::Unknown)
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct FlagFile {
    format: u32,
    /// The version of the program that wrote it.
    stamp: String,
    /// What `juju status` was last told. Juju takes it at once, so it is no part of a generation.
    status: Option<Status>,
    /// Newest first; at most two.
    generations: Vec<Generation>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Generation {
    /// None before the first commit of the unit's life.
    token: Option<String>,
    flags: BTreeSet<Flag>,
    published: BTreeMap<RelationId, Bag>,
    kept: BTreeMap<String, Value>,
    /// Files in the folder `view`, named after their content and never overwritten.
    config: Option<String>,
    relations: BTreeMap<RelationId, String>,
}

impl Store {
    /// Locks and reads what lies in `dir`, and notes who is at work: `mark`, if this is a hook.
    pub fn open(host: &Host, dir: &Path, context_id: &str, mark: Option<&str>) -> Result<Self> {
        host.create_folder(dir, 0o700)?;
        let mut lock = host.lock(&dir.join("lock"), LOCK_LIMIT)?;
        let died = Some(lock.mark()?).filter(|mark| !mark.is_empty());
        if let Some(mark) = mark {
            lock.set_mark(mark)?;
        }
        let mut store = Self {
            dir: dir.to_owned(),
            lock,
            marked: mark.is_some(),
            context_id: context_id.to_owned(),
            found: None,
            file: FlagFile::default(),
            unreadable: false,
            died,
            migrated: false,
        };
        store.read(host)?;
        Ok(store)
    }

    fn path(&self) -> PathBuf {
        self.dir.join("flags.json")
    }

    fn read(&mut self, host: &Host) -> Result<()> {
        let path = self.path();
        let Some(bytes) = host.read(&path)? else { return Ok(()) };
        let header: Result<Header, _> = serde_json::from_slice(&bytes);
        if let Ok(Header { format, stamp }) = &header
            && *format > FORMAT
        {
            bail!(
                "{} was written by version {stamp}, which is newer than this one ({}): refresh the charm to that version again",
                path.display(),
                env!("CARGO_PKG_VERSION")
            );
        }
        match serde_json::from_slice::<FlagFile>(&bytes) {
            Ok(file) => {
                self.migrated = file.stamp != env!("CARGO_PKG_VERSION");
                self.file = file.clone();
                self.found = Some(file);
                Ok(())
            }
            Err(error) => self.set_aside(host, &format!("line {}, column {}", error.line(), error.column())),
        }
    }

    fn set_aside(&mut self, host: &Host, why: &str) -> Result<()> {
        let path = self.path();
        let aside = self.dir.join("flags.json.unreadable");
        log::warn!(
            "{} cannot be read ({why}): kept as {}, rebuilt from Juju",
            path.display(),
            aside.display()
        );
        host.rename(&path, &aside)?;
        self.unreadable = true;
        self.file = FlagFile::default();
        self.found = None;
        Ok(())
    }

    /// Compares the file with the token that Juju has committed, and goes back to that generation if need be. `None`:
    /// this Juju keeps no charm state.
    pub fn settle(&mut self, host: &Host, committed: Option<Option<&str>>) -> Result<(State, Standing)> {
        let standing = self.standing(committed);
        if standing == Standing::Behind {
            self.file.generations.remove(0);
        }
        if standing == Standing::Current {
            self.file.generations.truncate(1);
        }
        let Some(generation) = self.file.generations.first() else { return Ok((State::default(), standing)) };
        match self.state(host, &generation.clone()) {
            Ok(state) => Ok((state, standing)),
            Err(error) => {
                self.set_aside(host, &format!("{error:#}"))?;
                Ok((State::default(), Standing::Unknown))
            }
        }
    }

    fn standing(&self, committed: Option<Option<&str>>) -> Standing {
        let tokens: Vec<Option<&str>> =
            self.file.generations.iter().map(|generation| generation.token.as_deref()).collect();
        match (tokens.as_slice(), committed) {
            _ if self.unreadable => Standing::Unknown,
            ([Some(newest), ..], _) if *newest == self.context_id => Standing::Again,
            ([], None | Some(None)) => Standing::New,
            ([_, ..], None) => Standing::Current,
            ([newest, ..], Some(token)) if *newest == token => Standing::Current,
            ([_, older], Some(token)) if *older == token => Standing::Behind,
            _ => Standing::Unknown,
        }
    }

    fn state(&self, host: &Host, generation: &Generation) -> Result<State> {
        let config = generation.config.as_deref().map(|name| self.piece(host, name)).transpose()?;
        let relations: Result<BTreeMap<RelationId, Remote>> =
            generation.relations.iter().map(|(id, name)| Ok((id.clone(), self.piece(host, name)?))).collect();
        Ok(State {
            flags: generation.flags.iter().cloned().collect(),
            view: View { config, relations: relations? },
            published: generation.published.clone(),
            kept: generation.kept.clone(),
        })
    }

    /// Reads a piece of the view; one whose content is not what its name says is no piece.
    fn piece<T: serde::de::DeserializeOwned>(&self, host: &Host, name: &str) -> Result<T> {
        let bytes =
            host.read(&self.dir.join("view").join(name))?.with_context(|| format!("{name} is missing"))?;
        if !name.contains(&digest(&bytes)) {
            bail!("{name} is damaged");
        }
        serde_json::from_slice(&bytes).with_context(|| format!("{name} is damaged"))
    }

    /// What `juju status` was last told.
    pub fn status(&self) -> Option<&Status> {
        self.file.status.as_ref()
    }

    /// Remembers what `juju status` was told.
    pub fn set_status(&mut self, status: Status) {
        self.file.status = Some(status);
    }

    /// Writes the state and ends well. `changed` says that it is a new generation; then Juju must have been told our
    /// token with `state-set`.
    pub fn commit(mut self, host: &Host, state: &State, standing: Standing, changed: bool) -> Result<()> {
        if changed {
            let generation = self.generation(host, state)?;
            let generations = &mut self.file.generations;
            match standing {
                Standing::Again => drop(generations.remove(0)),
                Standing::Unknown => generations.clear(),
                Standing::New | Standing::Current | Standing::Behind => {}
            }
            generations.insert(0, generation);
            generations.resize_with(2, Generation::default);
        }
        self.file.format = FORMAT;
        env!("CARGO_PKG_VERSION").clone_into(&mut self.file.stamp);
        if self.found.as_ref() != Some(&self.file)
            && (changed || self.found.is_some() || self.file.status.is_some())
        {
            let text = serde_json::to_vec_pretty(&self.file).context("cannot write the flags as JSON")?;
            host.write(&self.path(), &text, 0o600, Owner::Us)?;
            self.remove_unnamed_pieces(host)?;
        }
        if self.marked {
            self.lock.set_mark("")?;
        }
        Ok(())
    }

    fn generation(&self, host: &Host, state: &State) -> Result<Generation> {
        let config =
            state.view.config.as_ref().map(|config| self.write_piece(host, "config", config)).transpose()?;
        let relations: Result<BTreeMap<RelationId, String>> = state
            .view
            .relations
            .iter()
            .map(|(id, remote)| Ok((id.clone(), self.write_piece(host, &id.file_name(), remote)?)))
            .collect();
        Ok(Generation {
            token: Some(self.context_id.clone()),
            flags: state.flags.iter().cloned().collect(),
            published: state.published.clone(),
            kept: state.kept.clone(),
            config,
            relations: relations?,
        })
    }

    /// Writes a piece of the view under a name that no other content has.
    fn write_piece(&self, host: &Host, name: &str, value: &impl Serialize) -> Result<String> {
        let bytes = serde_json::to_vec(value).context("cannot write the view as JSON")?;
        let name = format!("{name}.{}.json", digest(&bytes));
        let named = |generation: &Generation| {
            generation.config.iter().chain(generation.relations.values()).any(|piece| *piece == name)
        };
        if !self.file.generations.iter().any(named) {
            let folder = self.dir.join("view");
            host.create_folder(&folder, 0o700)?;
            host.write(&folder.join(&name), &bytes, 0o600, Owner::Us)?;
        }
        Ok(name)
    }

    fn remove_unnamed_pieces(&self, host: &Host) -> Result<()> {
        let folder = self.dir.join("view");
        let named: BTreeSet<&String> = self
            .file
            .generations
            .iter()
            .flat_map(|generation| generation.config.iter().chain(generation.relations.values()))
            .collect();
        for name in host.list(&folder)?.iter().filter(|name| !named.contains(name)) {
            host.remove_file(&folder.join(name))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    stamp: String,
}

/// Half of a SHA-256, in hexadecimal: enough to tell two contents apart.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
