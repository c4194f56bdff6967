use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Host;

/// Permission bits of a file or folder, as in `0o600`.
pub type Mode = u32;

/// Who a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The user who runs us, and their group.
    Us,
    /// The user who runs us, and the group with this number.
    Group(u32),
}

/// A file or folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {error}", path.display())]
pub struct FileError {
    doing: &'static str,
    path: PathBuf,
    error: io::Error,
}

impl FileError {
    pub(super) fn of<'a>(doing: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Self + 'a {
        move |error| Self { doing, path: path.to_owned(), error }
    }

    /// What the system said.
    pub fn kind(&self) -> io::ErrorKind {
        self.error.kind()
    }
}

/// `Ok(None)` instead of "not found".
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Host {
    /// A file's content; nothing if there is no such file, or a folder in its place.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, FileError> {
        match found(fs::read(path)) {
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
            content => content.map_err(FileError::of("read", path)),
        }
    }

    /// What a file has from `offset` on, as text; empty if there is no such file or it ends before.
    pub fn read_from(&self, path: &Path, mut offset: u64) -> Result<String, FileError> {
        let failed = FileError::of("read", path);
        let Some(file) = found(fs::File::open(path)).map_err(&failed)? else { return Ok(String::new()) };
        let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let read = file.read_at(&mut chunk, offset).map_err(&failed)?;
            if read == 0 {
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            bytes.extend_from_slice(&chunk[..read]);
            offset += read as u64;
        }
    }

    /// How many bytes a file has; 0 if there is no such file.
    pub fn size(&self, path: &Path) -> Result<u64, FileError> {
        let size = found(fs::metadata(path)).map_err(FileError::of("look at", path))?;
        Ok(size.map_or(0, |metadata| metadata.len()))
    }

    /// When a file was last written; nothing if it is not there.
    pub fn modified(&self, path: &Path) -> Result<Option<SystemTime>, FileError> {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        found(modified).map_err(FileError::of("look at", path))
    }

    /// A file's or folder's permission bits; nothing if it is not there.
    pub fn mode(&self, path: &Path) -> Result<Option<Mode>, FileError> {
        let metadata = found(fs::metadata(path)).map_err(FileError::of("look at", path))?;
        Ok(metadata.map(|metadata| metadata.permissions().mode() & 0o7777))
    }

    /// Where a symbolic link leads; nothing if it is none or not there.
    pub fn link_target(&self, path: &Path) -> Result<Option<PathBuf>, FileError> {
        match fs::read_link(path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
            read => found(read).map_err(FileError::of("look at", path)),
        }
    }

    /// Whether a folder is there, or something else; nothing if nothing is.
    pub fn is_folder(&self, path: &Path) -> Result<Option<bool>, FileError> {
        match fs::metadata(path) {
            // Something that is no folder stands in the way to it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
            metadata => {
                let metadata = found(metadata).map_err(FileError::of("look at", path))?;
                Ok(metadata.map(|metadata| metadata.is_dir()))
            }
        }
    }

    /// Makes ours what is somebody else's; only root can.
    pub fn take(&self, path: &Path) -> Result<(), FileError> {
        let failed = FileError::of("change the owner of", path);
        let us = rustix::process::geteuid().as_raw();
        if fs::metadata(path).map_err(&failed)?.uid() == us {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(us), Some(rustix::process::getegid().as_raw())).map_err(failed)
    }

    /// Gives a file or folder to somebody.
    pub fn give(&self, path: &Path, owner: Owner) -> Result<(), FileError> {
        let Owner::Group(group) = owner else { return Ok(()) };
        std::os::unix::fs::chown(path, None, Some(group)).map_err(FileError::of("change the group of", path))
    }

    /// The names in a folder, sorted; none if there is no such folder, or a file in its place.
    pub fn list(&self, path: &Path) -> Result<Vec<String>, FileError> {
        let failed = FileError::of("list", path);
        let entries = match found(fs::read_dir(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => None,
            entries => entries.map_err(&failed)?,
        };
        let Some(entries) = entries else { return Ok(Vec::new()) };
        let names: io::Result<Vec<String>> =
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
        let mut names = names.map_err(failed)?;
        names.sort();
        Ok(names)
    }

    /// Makes a folder and those above it; an existing one gets the mode.
    pub fn create_folder(&self, path: &Path, mode: Mode) -> Result<(), FileError> {
        let failed = FileError::of("create the folder", path);
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            DirBuilder::new().recursive(true).mode(0o755).create(parent).map_err(&failed)?;
        }
        match DirBuilder::new().mode(mode).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
            Err(_) if self.mode(path)? == Some(mode) => Ok(()),
            _ => fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed),
        }
    }

    /// Whether a file or folder is there and belongs to somebody.
    pub fn belongs_to(&self, path: &Path, owner: Owner) -> Result<bool, FileError> {
        let metadata = found(fs::metadata(path)).map_err(FileError::of("look at", path))?;
        Ok(metadata.is_some_and(|metadata| match owner {
            Owner::Us => true,
            Owner::Group(group) => metadata.gid() == group,
        }))
    }

    /// Forces a file's content and its place in the folder to the disk.
    pub fn sync(&self, path: &Path) -> Result<(), FileError> {
        let failed = FileError::of("sync", path);
        fs::File::open(path).and_then(|file| file.sync_all()).map_err(&failed)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Gives a file a new name, in the place of what had that name.
    pub fn rename(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        fs::rename(from, to).map_err(FileError::of("rename", from))
    }

    /// Removes a file, or a folder in its place with all that is in it; what is not there is no error.
    pub fn remove(&self, path: &Path) -> Result<(), FileError> {
        match found(fs::remove_file(path)) {
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => self.remove_folder(path),
            removed => removed.map(|_| ()).map_err(FileError::of("remove", path)),
        }
    }

    /// Removes a folder and all that is in it; one that is not there is no error.
    pub fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        found(fs::remove_dir_all(path)).map(|_| ()).map_err(FileError::of("remove", path))
    }

    /// Removes a folder if it is empty; says nothing if it isn't.
    pub fn remove_folder_if_empty(&self, path: &Path) -> Result<(), FileError> {
        use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
        match found(fs::remove_dir(path)) {
            Err(error) if [AlreadyExists, DirectoryNotEmpty].contains(&error.kind()) => Ok(()),
            removed => removed.map(|_| ()).map_err(FileError::of("remove", path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_no_error_to_read_list_or_remove() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let path = host.path("nothing");
        assert!(host.read(&path).unwrap().is_none());
        assert!(host.list(&path).unwrap().is_empty());
        host.remove(&path).unwrap();
        host.remove_folder(&path).unwrap();
        host.remove(&path).unwrap();
        assert_eq!(host.is_folder(&path).unwrap(), None);
    }

    #[test]
    fn a_folder_where_a_file_should_be_can_be_told_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let (file, other) = (host.path("file"), host.path("folder"));
        host.write(&file, b"", 0o600, Owner::Us).unwrap();
        host.create_folder(&other.join("in it"), 0o700).unwrap();
        for (path, is_folder) in [(&file, false), (&other, true)] {
            assert_eq!(host.is_folder(path).unwrap(), Some(is_folder));
            host.remove(path).unwrap();
            assert_eq!(host.is_folder(path).unwrap(), None);
        }
    }

    #[test]
    fn the_end_of_a_file_is_read_alone() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let file = host.path("log");
        assert_eq!((host.size(&file).unwrap(), host.read_from(&file, 0).unwrap().as_str()), (0, ""));
        host.write(&file, b"old new", 0o600, Owner::Us).unwrap();
        assert_eq!((host.size(&file).unwrap(), host.mode(&file).unwrap()), (7, Some(0o600)));
        assert_eq!(host.read_from(&file, 4).unwrap(), "new");
        assert_eq!(host.read_from(&file, 9).unwrap(), "");
    }
}
