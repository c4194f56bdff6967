mod controller;
mod faults;
mod hooks;
mod operator;
mod queue;
mod secrets;
mod settings;
mod views;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use tempfile::TempDir;

pub use controller::Controller;
pub use hooks::ActionRun;
pub use queue::Pending;

use crate::Name;
use crate::fault::Faults;
use crate::model::Model;
use crate::run;

/// A controller with one model, its machines, and the agents on them.
///
/// Nothing happens by itself: after [`deploy`](Self::deploy) or [`relate`](Self::relate) the events wait until
/// [`settle`](Self::settle), [`step`](Self::step) or [`run`](Self::run) has the hooks run, one at a time.
#[derive(Debug)]
pub struct Juju {
    model: Model,
    rng: Rng,
    root: TempDir,
    limit: Duration,
    call_delay: Duration,
    retries: u32,
    faults: BTreeMap<Name, Faults>,
}

impl Juju {
    /// An empty model. What Juju leaves to chance follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self::new_in(&env::temp_dir(), seed)
    }

    /// The same, whose machines keep their files below this folder.
    pub fn new_in(folder: &Path, seed: u64) -> Self {
        let root = tempfile::Builder::new().prefix("juju-").tempdir_in(folder);
        let root = root.unwrap_or_else(|error| panic!("a temporary folder: {error}"));
        let mut rng = Rng::with_seed(seed);
        let uuid = format!("{:08x}-0bad-400d-8000-{:012x}", rng.u32(..), rng.u64(..1 << 48));
        let model = Model::new("test", &uuid);
        run::install_tools(&root.path().join("tools"), &model.version);
        Self {
            model,
            rng,
            root,
            limit: Duration::from_mins(2),
            call_delay: Duration::ZERO,
            retries: 3,
            faults: BTreeMap::new(),
        }
    }

    /// The unit's charm folder, where its hooks run.
    pub fn charm_dir(&self, unit: &str) -> PathBuf {
        let tag = format!("unit-{}", unit.replace('/', "-"));
        self.root.path().join("agents").join(tag).join("charm")
    }

    fn tools(&self) -> PathBuf {
        self.root.path().join("tools")
    }
}
