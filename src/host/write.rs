use std::fs::{self, OpenOptions, Permissions};
use std::io::ErrorKind::{InvalidInput, NotFound, Unsupported};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::file::found;
use super::{FileError, Host, Mode, Owner};

impl Host {
    /// Writes a whole file: under a temporary name beside it, then renamed over it, so that a reader sees the old or
    /// the new content and nothing between. A folder in its place goes. Not synced: what a crash of the machine loses must
    /// be told by something else.
    pub fn write(&self, path: &Path, content: &[u8], mode: Mode, owner: Owner) -> Result<(), FileError> {
        put(path, content, mode, owner, |new, path| match fs::rename(new, path) {
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                fs::remove_dir_all(path)?;
                fs::rename(new, path)
            }
            renamed => renamed,
        })
    }

    /// As [`Host::write`], for a file that is written often and is there: it changes places with the new one, which costs
    /// less, since file systems write out at once what is renamed over another file. A folder in its place goes.
    pub fn rewrite(&self, path: &Path, content: &[u8], mode: Mode, owner: Owner) -> Result<(), FileError> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let exchange = |new: &Path, path: &Path| -> io::Result<()> {
            renameat_with(CWD, new, CWD, path, RenameFlags::EXCHANGE)?;
            match fs::remove_file(new) {
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => fs::remove_dir_all(new),
                removed => removed,
            }
        };
        put(path, content, mode, owner, |new, path| match exchange(new, path) {
            // There is none, or the file system cannot exchange (ZFS before 2.2).
            Err(error) if [NotFound, InvalidInput, Unsupported].contains(&error.kind()) => {
                fs::rename(new, path)
            }
            exchanged => exchanged,
        })
    }

    /// Writes the file only if its content differs; says whether it did.
    pub fn write_if_different(
        &self,
        path: &Path,
        content: &[u8],
        mode: Mode,
        owner: Owner,
    ) -> Result<bool, FileError> {
        if self.read(path)?.is_some_and(|old| old == content) {
            return Ok(false);
        }
        self.write(path, content, mode, owner)?;
        Ok(true)
    }
}

/// Writes a file under a temporary name, and lets `place` bring that to the place of `path`.
fn put(
    path: &Path,
    content: &[u8],
    mode: Mode,
    owner: Owner,
    place: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let failed = FileError::of("write", path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.new"));
    found(fs::remove_file(&temporary)).map_err(&failed)?;
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).and_then(|mut file| {
            file.write_all(content)?;
            if let Owner::Group(group) = owner {
                std::os::unix::fs::fchown(&file, None, Some(group))?;
            }
            file.set_permissions(Permissions::from_mode(mode))?;
            place(&temporary, path)
        });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_with_its_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let file = host.path("a/b/secret");
        host.create_folder(file.parent().unwrap(), 0o711).unwrap();
        assert!(host.write_if_different(&file, b"one", 0o640, Owner::Us).unwrap());
        assert!(!host.write_if_different(&file, b"one", 0o640, Owner::Us).unwrap());
        assert!(host.write_if_different(&file, b"two", 0o640, Owner::Us).unwrap());
        assert_eq!(host.read(&file).unwrap().unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o711);
        assert_eq!(host.list(file.parent().unwrap()).unwrap(), ["secret"]);
    }

    #[test]
    fn a_file_is_rewritten_whether_it_was_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let file = host.path("file");
        for text in ["one", "two", "three"] {
            host.rewrite(&file, text.as_bytes(), 0o600, Owner::Us).unwrap();
            assert_eq!(host.read(&file).unwrap().unwrap(), text.as_bytes());
            assert_eq!(host.list(folder.path()).unwrap(), ["file"]);
        }
        fs::remove_file(&file).unwrap();
        host.create_folder(&file.join("in it"), 0o700).unwrap();
        host.rewrite(&file, b"four", 0o600, Owner::Us).unwrap();
        assert_eq!(host.read(&file).unwrap().unwrap(), b"four");
        assert_eq!(host.list(folder.path()).unwrap(), ["file"]);
    }

    #[test]
    fn an_error_names_what_was_done_and_the_path() {
        let host = Host::new("/", "");
        let error = host.write(Path::new("/proc/nope/file"), b"", 0o600, Owner::Us).unwrap_err();
        assert_eq!(error.to_string(), "cannot write /proc/nope/file: No such file or directory (os error 2)");
    }
}
