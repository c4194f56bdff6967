use std::path::Path;

use super::Host;

/// How much of a file system is free for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Which file system it is.
    pub id: u64,
    /// Bytes that may still be written.
    pub free: u64,
    /// Of how many.
    pub size: u64,
    /// Files that may still be made.
    pub free_files: u64,
    /// Of how many; 0 where the file system sets no limit.
    pub files: u64,
}

impl Host {
    /// The space in the file system that holds `path`; nothing if there is no such path.
    pub fn space(&self, path: &Path) -> Option<Space> {
        let found = rustix::fs::statvfs(path).ok()?;
        Some(Space {
            id: found.f_fsid,
            free: found.f_bavail.saturating_mul(found.f_frsize),
            size: found.f_blocks.saturating_mul(found.f_frsize),
            free_files: found.f_favail,
            files: found.f_files,
        })
    }
}
