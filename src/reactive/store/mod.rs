mod aside;
mod file;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use self::aside::{aside, make_way};
use self::file::{FORMAT, FlagFile, Generation, Unreadable, VERSION};
pub use self::standing::{Committed, Standing};
use super::State;
use super::pieces::{Piece, Pieces};
use super::state::StateRoot;
use crate::host::{Host, Lock, Owner};
use crate::juju::tool::status::Status;

/// How long another process of this unit may hold the lock.
const LOCK_LIMIT: Duration = Duration::from_mins(1);

/// What stands in the lock file: who is at work, or who was the last.
const RUNNING: &str = "running ";
const ENDED: &str = "ended ";

/// The flag file and what lies beside it, locked for one process.
///
/// The file holds two generations of the state, and Juju's charm state holds the token of the one that it has
/// committed. A generation's token is the context id of the hook that wrote it, so no two are ever alike.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Store {
    path: PathBuf,
    lock: Lock,
    /// The hook that is at work; none beside the hooks.
    mark: Option<String>,
    context_id: String,
    pieces: Rc<Pieces>,
    /// The state that was found.
    base: StateRoot,
    /// The file as it was found.
    found: Option<FlagFile>,
    /// What the next file will say.
    file: FlagFile,
    unreadable: bool,
    /// Whether no older generation is kept: a Juju without charm state never says to go back to it.
    keeps_one: bool,
    /// Whether no hook has left its word: the unit is new, or has lost all its state.
    pub is_blank: bool,
    /// The hook that began before this one and never ended.
    pub died: Option<String>,
    /// Whether an earlier process of this same hook has taken the event in.
    pub taken_in: bool,
}

/// A state as it will be written.
#[derive(Debug)]
pub struct Next {
    root: StateRoot,
    pieces: Vec<Piece>,
}

impl Next {
    /// Of what the state has become.
    pub fn of(state: &State) -> Result<Self> {
        let (root, pieces) = state.root()?;
        Ok(Self { root, pieces })
    }
}

impl Store {
    /// Locks and reads what lies in `dir`, and notes who is at work: `mark`, if this is a hook.
    pub fn open(host: &Host, dir: &Path, context_id: &str, mark: Option<&str>) -> Result<Self> {
        make_way(host, dir, true)?;
        host.create_folder(dir, 0o700)?;
        host.take(dir)?; // whoever has it can look at all that is in it
        make_way(host, &dir.join("lock"), false)?;
        let mut lock = host.lock(&dir.join("lock"), LOCK_LIMIT)?;
        make_way(host, &dir.join("view"), true)?;
        let left = lock.mark()?;
        let died = left.strip_prefix(RUNNING).map(str::to_owned);
        let taken_in = left.strip_prefix(ENDED) == Some(context_id);
        if let Some(mark) = mark {
            lock.set_mark(&format!("{RUNNING}{mark}"))?;
        }
        let mut store = Self {
            path: dir.join("flags.json"),
            lock,
            mark: mark.map(str::to_owned),
            context_id: context_id.to_owned(),
            pieces: Rc::new(Pieces::in_folder(host, &dir.join("view"))),
            base: StateRoot::default(),
            found: None,
            file: FlagFile::default(),
            unreadable: false,
            keeps_one: false,
            died,
            taken_in,
            is_blank: left.is_empty(),
        };
        store.read(host)?;
        // A unit that has a file has had a hook, which has left its word. It is lost if the hook was stopped while it
        // wrote, or if somebody removed the lock.
        if (store.found.is_some() || store.unreadable) && !left.starts_with(ENDED) {
            store.died.get_or_insert_with(|| "of unknown name".to_owned());
        }
        Ok(store)
    }

    fn read(&mut self, host: &Host) -> Result<()> {
        let bytes = match host.read(&self.path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(()),
            Err(error) => return self.set_aside(host, &error.to_string()),
        };
        match FlagFile::parse(&bytes) {
            Ok(file) => {
                self.file = file.clone();
                self.found = Some(file);
                Ok(())
            }
            Err(newer @ Unreadable::Newer(_)) => bail!("cannot use {}: {newer}", self.path.display()),
            Err(damaged) => self.set_aside(host, &damaged.to_string()),
        }
    }

    /// Whether there is a file, this version wrote it, and the hook that did has ended.
    pub fn is_sound(&self) -> bool {
        self.found.is_some() && !self.is_migrated() && self.died.is_none()
    }

    /// Whether another version of this program wrote the file.
    pub fn is_migrated(&self) -> bool {
        self.found.as_ref().is_some_and(|file| file.stamp != VERSION)
    }

    /// A file that cannot be read is kept for a person to look at, and the next hook learns all from Juju again.
    fn set_aside(&mut self, host: &Host, why: &str) -> Result<()> {
        let aside = aside(&self.path);
        log::warn!(
            "{} cannot be read ({why}): kept as {}, rebuilt from Juju",
            self.path.display(),
            aside.display()
        );
        if self.mark.is_some() {
            host.remove(&aside)?;
            host.rename(&self.path, &aside)?;
        }
        self.unreadable = true;
        self.file = FlagFile::default();
        self.found = None;
        Ok(())
    }

    /// What Juju has committed, where an earlier process of this same hook has compared it with the file: that need not be
    /// asked again.
    pub fn settled(&self) -> Option<Committed> {
        let token = self.file.generations.first().and_then(|newest| newest.token.clone());
        self.taken_in.then(|| token.map_or(Committed::Nothing, Committed::Token))
    }

    /// The newest state, which is most often the one to go on with.
    pub fn newest(&self) -> Option<State> {
        Some(State::at(&self.pieces, &self.file.generations.first()?.state))
    }

    /// Compares the file with what Juju has committed, and goes back to that generation if need be.
    /// `newest` is the newest state, where some of it has been read already.
    pub fn settle(&mut self, committed: &Committed, newest: Option<State>) -> (State, Standing) {
        let standing = self.standing(committed);
        self.keeps_one = *committed == Committed::Unsupported;
        let generations = &mut self.file.generations;
        match standing {
            Standing::Behind => drop(generations.remove(0)),
            Standing::Current => generations.truncate(1),
            Standing::New | Standing::Again | Standing::Unknown => {}
        }
        self.base = generations.first().map(|generation| generation.state.clone()).unwrap_or_default();
        let newest = newest.filter(|_| standing != Standing::Behind);
        (newest.unwrap_or_else(|| State::at(&self.pieces, &self.base)), standing)
    }

    /// Reads all of a state before it is relied on. If a piece of it is damaged, nothing of it is.
    pub fn load(&mut self, host: &Host, state: State, standing: Standing) -> Result<(State, Standing)> {
        match state.load() {
            Ok(()) => Ok((state, standing)),
            Err(error) => {
                self.set_aside(host, &format!("{error:#}"))?;
                self.base = StateRoot::default();
                Ok((State::at(&self.pieces, &self.base), Standing::Unknown))
            }
        }
    }

    fn standing(&self, committed: &Committed) -> Standing {
        let tokens: Vec<Option<&str>> =
            self.file.generations.iter().map(|generation| generation.token.as_deref()).collect();
        let token = match committed {
            Committed::Token(token) => Some(token.as_str()),
            Committed::Nothing | Committed::Unsupported => None,
        };
        match tokens.as_slice() {
            _ if self.unreadable => Standing::Unknown,
            [Some(newest), ..] if *newest == self.context_id => Standing::Again,
            [] if token.is_none() => Standing::New,
            [_, ..] if *committed == Committed::Unsupported => Standing::Current,
            [newest, ..] if *newest == token => Standing::Current,
            [_, older] if *older == token => Standing::Behind,
            _ => Standing::Unknown,
        }
    }

    /// Whether this same hook wrote the newest generation, in an earlier run. Then Juju may have failed it after the
    /// token was committed.
    pub fn repeats(&self) -> bool {
        let newest = self.file.generations.first();
        newest.is_some_and(|newest| self.mark.as_ref() == Some(&newest.hook))
    }

    /// What `juju status` was last told.
    pub fn status(&self) -> Option<&Status> {
        self.file.status.as_ref()
    }

    /// Remembers what `juju status` was told.
    pub fn set_status(&mut self, status: Status) {
        self.file.status = Some(status);
    }

    /// Whether the state is another than the one that was found.
    pub fn differs(&self, next: &Next) -> bool {
        next.root != self.base
    }

    /// Writes what is new in a state where nobody looks at it yet. Beside hooks nothing is written ahead: if the call fails,
    /// no hook would know that something lies there.
    pub fn write_ahead(&self, next: &mut Next) -> Result<()> {
        if self.mark.is_some() { self.write_pieces(next) } else { Ok(()) }
    }

    fn write_pieces(&self, next: &mut Next) -> Result<()> {
        let generations = self.file.generations.iter();
        let known: BTreeSet<&str> = generations.flat_map(|generation| generation.state.pieces()).collect();
        let pieces = std::mem::take(&mut next.pieces);
        self.pieces.write(pieces.iter().filter(|piece| !known.contains(piece.name.as_str())))
    }

    /// Writes the state and ends well. `changed` says that it is a new generation; then Juju must have been told our
    /// token with `state-set`.
    pub fn commit(mut self, host: &Host, next: Next, standing: Standing, changed: bool) -> Result<()> {
        // Beside the hooks, reading leaves everything as it is: the next hook must see what Juju has not committed.
        if !changed && self.mark.is_none() {
            return Ok(());
        }
        if changed {
            self.push(next, standing)?;
        }
        if self.found.as_ref().map_or_else(|| self.file != FlagFile::default(), |found| *found != self.file) {
            self.file.format = FORMAT;
            // Another version's stamp tells the next hook to read everything: only a hook may replace it.
            if self.mark.is_some() || self.found.is_none() {
                VERSION.clone_into(&mut self.file.stamp);
            }
            let text = serde_json::to_vec_pretty(&self.file).context("cannot write the flags as JSON")?;
            host.rewrite(&self.path, &text, 0o600, Owner::Us)?;
            self.forget_others()?;
        } else if self.died.is_some() {
            self.forget_others()?;
        }
        if self.mark.is_some() { self.lock.set_mark(&format!("{ENDED}{}", self.context_id)) } else { Ok(()) }
    }

    /// Deletes what no generation names: earlier ones, and what a hook has left that died.
    fn forget_others(&self) -> Result<()> {
        let generations = self.file.generations.iter();
        self.pieces.keep_only(&generations.flat_map(|generation| generation.state.pieces()).collect())
    }

    /// Puts a new generation before the one that was found.
    fn push(&mut self, mut next: Next, standing: Standing) -> Result<()> {
        self.write_pieces(&mut next)?;
        let generations = &mut self.file.generations;
        match standing {
            Standing::Again => drop(generations.remove(0)),
            Standing::Unknown => generations.clear(),
            Standing::New | Standing::Current | Standing::Behind => {}
        }
        let hook = self.mark.clone().unwrap_or_default();
        generations.insert(0, Generation { token: Some(self.context_id.clone()), hook, state: next.root });
        if standing == Standing::New {
            generations.push(Generation::default()); // nothing, to go back to
        }
        generations.truncate(if self.keeps_one { 1 } else { 2 });
        Ok(())
    }
}
