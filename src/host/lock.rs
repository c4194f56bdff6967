use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::Host;

/// A lock that one process holds, until it ends; its file carries a few words of the holder.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Host {
    /// Takes the lock at `path`, waiting for another holder at most `limit`.
    pub fn lock(&self, path: &Path, limit: Duration) -> Result<Lock> {
        let open =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = open.with_context(|| {
            format!("cannot open the lock {} (if it is another user's, remove it)", path.display())
        })?;
        let deadline = Instant::now() + limit;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { file, path: path.to_owned() }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => bail!(
                    "another process has held the lock {} for {limit:?}: look for a hook or command of this unit that hangs",
                    path.display()
                ),
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }
}

impl Lock {
    /// What an earlier holder left; empty if there was none.
    pub fn mark(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut bytes))
            .with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Leaves a mark for the next holder, over the one that was there: on a full disk that one stays.
    pub fn set_mark(&mut self, mark: &str) -> Result<()> {
        // Never empty in between: file systems take that for a replaced file and write it out at once.
        self.file
            .write_all_at(mark.as_bytes(), 0)
            .and_then(|()| self.file.set_len(mark.len() as u64))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_waits_and_is_told_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let path = host.path("lock");
        let mut first = host.lock(&path, Duration::ZERO).unwrap();
        first.set_mark("install").unwrap();
        let error = host.lock(&path, Duration::from_millis(30)).unwrap_err();
        assert!(error.to_string().starts_with("another process has held the lock"), "{error}");
        drop(first);
        let mut second = host.lock(&path, Duration::ZERO).unwrap();
        assert_eq!(second.mark().unwrap(), "install");
        second.set_mark("").unwrap();
        assert_eq!(second.mark().unwrap(), "");
    }
}
