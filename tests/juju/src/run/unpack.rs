use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::Charm;

/// From this size on a file isn't copied where a hard link does.
const LARGE: u64 = 256 * 1024;

/// Lay a charm over a unit's charm folder, as Juju does: files of the charm before it that the new one
/// doesn't have go away, files of nobody stay. Symbolic links stay links.
pub(crate) fn unpack(charm: &Charm, before: Option<&Charm>, to: &Path) {
    let unpacked = fs::create_dir_all(to).and_then(|()| {
        if let (Some(old), Some(new)) = (before.and_then(Charm::dir), charm.dir()) {
            remove_old(old, new, to)?;
        }
        charm.dir().map_or(Ok(()), |dir| copy(dir, to))
    });
    if let Err(error) = unpacked {
        panic!("charm to {}: {error}", to.display());
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for (path, kind) in entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&path, &target)?;
            continue;
        }
        remove_if_there(&target)?;
        if kind.is_symlink() {
            symlink(fs::read_link(&path)?, &target)?;
        } else {
            lay(&path, &target)?;
        }
    }
    Ok(())
}

/// Share a large file, copy a small one: what a hook or a test writes into is small.
fn lay(file: &Path, target: &Path) -> io::Result<()> {
    if file.metadata()?.len() < LARGE || fs::hard_link(file, target).is_err() {
        fs::copy(file, target)?;
    }
    Ok(())
}

fn remove_old(old: &Path, new: &Path, unpacked: &Path) -> io::Result<()> {
    if !old.is_dir() {
        return Ok(());
    }
    for (path, kind) in entries(old)? {
        let name = path.file_name().unwrap_or_default();
        let (new, unpacked) = (new.join(name), unpacked.join(name));
        if kind.is_dir() {
            remove_old(&path, &new, &unpacked)?;
        } else if new.symlink_metadata().is_err() {
            remove_if_there(&unpacked)?;
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
    fs::read_dir(dir)?.map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))).collect()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
