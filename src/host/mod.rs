//! Files and processes: the one place from which the outside is touched.
//!
//! Everything above this room describes what it wants; a [`Host`] does it. All paths that do not belong to the
//! charm's own folder lie below [`Host::root`]: `/` on a real machine, or the folder that `SSL_TERMINATION_ROOT`
//! names.

mod at_once;
mod begun;
mod command;
mod connect;
mod file;
mod listening;
mod lock;
mod name;
mod process;
mod running;
mod space;
mod write;

pub use at_once::at_once;
pub use begun::Begun;
pub use command::Command;
pub use file::{FileError, Mode, Owner};
pub use lock::Lock;
pub use name::{file_stem, hex};
pub use process::{Output, ProcessError};
pub use running::{ProcessId, Signal};
pub use space::Space;

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
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

    /// The variable by which a program of ours works below the same root.
    pub fn root_variable(&self) -> (String, String) {
        ("SSL_TERMINATION_ROOT".to_owned(), self.root.to_string_lossy().into_owned())
    }

    /// The file that runs under a program's name, if there is one on PATH.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        let folders = self.path.as_bytes().split(|byte| *byte == b':').map(OsStr::from_bytes);
        let is_program = |file: &PathBuf| matches!(self.mode(file), Ok(Some(mode)) if mode & 0o111 != 0);
        folders.map(|folder| Path::new(folder).join(name)).find(is_program)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_path() {
        let host = Host::new("/", "/nothing:/usr/bin:/bin");
        assert!(host.find_program("sh").is_some_and(|sh| sh.ends_with("bin/sh")));
        assert_eq!(host.find_program("no-such-tool"), None);
    }
}
