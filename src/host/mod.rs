//! Files and processes: the one place from which the outside is touched.
//!
//! Everything above this room describes what it wants; a [`Host`] does it. All paths that do not belong to the
//! charm's own folder lie below [`Host::root`]: `/` on a real machine, or the folder that `SSL_TERMINATION_ROOT`
//! names.

mod file;
mod listening;
mod lock;
mod process;
mod running;

pub use file::{FileError, Mode, Owner};
pub use lock::Lock;
pub use process::{Command, Output, ProcessError};
pub use running::{ProcessId, Signal};

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A machine, seen through one root folder.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    path: OsString,
}

impl Host {
    /// The machine below `root`, with the PATH that programs which outlive us are given.
    pub fn new(root: impl Into<PathBuf>, path: impl Into<OsString>) -> Self {
        Self { root: root.into(), path: path.into() }
    }

    /// The root folder: `/`, or what stands for it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this is the machine itself and not a folder that stands for it.
    pub fn is_machine(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where `path` (relative, as `etc/ssl-termination`) lies below the root.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Whether this process runs as root and so can give files to another user.
    pub fn is_superuser(&self) -> bool {
        rustix::process::geteuid().is_root()
    }

    /// Random bytes that nobody can guess.
    pub fn random<const N: usize>(&self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        let mut filled = 0;
        while filled < N {
            filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
        }
        Ok(bytes)
    }
}
