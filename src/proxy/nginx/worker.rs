use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::host::{Host, Owner};
use crate::proxy::Obstacle;

/// Whom Debian and Ubuntu have for web servers.
pub(super) const USER: &str = "www-data";

/// The user whom the worker processes are, where that is another one than we are.
///
/// Only root can start workers as somebody else; otherwise there is no `Worker` and they are who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    user: String,
    group: u32,
}

impl Worker {
    /// A user by name, and the number of the group of that name.
    pub fn new(user: impl Into<String>, group: u32) -> Self {
        Self { user: user.into(), group }
    }

    /// Debian's and Ubuntu's `www-data` if we are root, nobody else otherwise.
    pub fn of(host: &Host) -> Result<Option<Self>> {
        if !host.is_superuser() {
            return Ok(None);
        }
        let groups = host.read(Path::new("/etc/group"))?.unwrap_or_default();
        match group(&String::from_utf8_lossy(&groups), USER) {
            Some(group) => Ok(Some(Self::new(USER, group))),
            None => bail!(
                "there is no group {USER}, as which nginx would work: install Debian's or Ubuntu's package nginx"
            ),
        }
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Owner for what only we write and the workers read.
    pub(super) fn readable(worker: Option<&Self>) -> Owner {
        worker.map_or(Owner::Us, |worker| Owner::Group(worker.group))
    }

    /// Fails if the workers could not enter a folder because of it or one above it.
    pub(super) fn must_enter(&self, host: &Host, folder: &Path) -> Result<()> {
        let mut way: Vec<PathBuf> = folder.ancestors().map(Path::to_owned).collect();
        way.reverse();
        for folder in way {
            if let Some(mode) = host.mode(&folder)?
                && mode & 0o001 == 0
            {
                bail!(Obstacle(format!(
                    "nginx works as {} and cannot enter {} (mode {mode:o}): make it searchable by others with `chmod o+x {}`, or use another root folder",
                    self.user,
                    folder.display(),
                    folder.display()
                )));
            }
        }
        Ok(())
    }
}

/// A group's number in the text of `/etc/group`.
fn group(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_number_is_found() {
        let groups = "root:x:0:\nwww-data:x:33:a,b\nwww:x:5:\n";
        assert_eq!(
            (group(groups, "www-data"), group(groups, "www"), group(groups, "x")),
            (Some(33), Some(5), None)
        );
    }

    #[test]
    fn the_first_folder_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        for (name, mode) in [("a", 0o711), ("a/b", 0o700), ("a/b/c", 0o711)] {
            host.create_folder(&host.path(name), mode).unwrap();
        }
        host.create_folder(host.root(), 0o711).unwrap();
        let worker = Worker::new("www-data", 33);
        worker.must_enter(&host, &host.path("a")).unwrap();
        let error = worker.must_enter(&host, &host.path("a/b/c")).unwrap_err().to_string();
        let b = host.path("a/b");
        assert_eq!(
            error,
            format!(
                "nginx works as www-data and cannot enter {0} (mode 700): make it searchable by others with `chmod o+x {0}`, or use another root folder",
                b.display()
            )
        );
    }
}
