use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::Charm;

impl Charm {
    /// A packed charm, unpacked into this folder as Juju does: symbolic links stay links. A name or a link that
    /// leads out of the charm is refused, and so is anything that is neither file, folder nor link.
    pub fn packed(archive: impl AsRef<Path>, folder: impl AsRef<Path>) -> Self {
        let (archive, folder) = (archive.as_ref(), folder.as_ref());
        if let Err(error) = File::open(archive).and_then(|file| unpack(file, folder)) {
            panic!("{}: {error}", archive.display());
        }
        Self::at(folder)
    }
}

fn unpack(archive: File, folder: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(archive)?;
    for index in 0..archive.len() {
        unpack_entry(&mut archive.by_index(index)?, folder)?;
    }
    Ok(())
}

fn unpack_entry(entry: &mut ZipFile<'_, File>, folder: &Path) -> io::Result<()> {
    const KIND: u32 = 0o170_000;
    let name = PathBuf::from(&*entry.name()?);
    if !stays_inside(&name) {
        return Err(refused(&name, "leads out of the charm"));
    }
    let path = folder.join(&name);
    let mode = entry.unix_mode().unwrap_or(0o100_644);
    if entry.is_dir() {
        return fs::create_dir_all(&path);
    }
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    match mode & KIND {
        0o100_000 => {
            io::copy(entry, &mut File::create_new(&path)?)?;
            fs::set_permissions(&path, Permissions::from_mode(mode & 0o777))
        }
        0o120_000 => {
            let mut target = String::new();
            entry.read_to_string(&mut target)?;
            let from = name.parent().unwrap_or(Path::new(""));
            // An absolute target replaces what it is joined to.
            if !stays_inside(&from.join(&target)) {
                return Err(refused(&name, &format!("is a link out of the charm, to {target}")));
            }
            symlink(target, &path)
        }
        _ => Err(refused(&name, "is neither a file nor a folder nor a symbolic link")),
    }
}

/// Whether a path from the charm's folder never leaves it, by its names alone.
fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_u32;
    path.components().all(|component| match component {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).map(|less| depth = less).is_some(),
        Component::RootDir | Component::Prefix(_) => false,
    })
}

fn refused(name: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{} {why}", name.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn unpacked(fill: impl Fn(&mut ZipWriter<File>)) -> (tempfile::TempDir, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("x.charm");
        let mut writer = ZipWriter::new(File::create(&archive).unwrap());
        fill(&mut writer);
        writer.finish().unwrap();
        let result = unpack(File::open(archive).unwrap(), &folder.path().join("charm"));
        (folder, result.map_err(|error| error.to_string()))
    }

    fn plain() -> SimpleFileOptions {
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)
    }

    #[test]
    fn files_keep_their_modes_and_links_stay_links() {
        let (folder, result) = unpacked(|zip| {
            zip.start_file("bin/it", plain().unix_permissions(0o755)).unwrap();
            zip.write_all(b"content").unwrap();
            zip.add_symlink("hooks/install", "../bin/it", plain()).unwrap();
        });
        result.unwrap();
        let hook = folder.path().join("charm/hooks/install");
        assert_eq!(fs::read_link(&hook).unwrap(), Path::new("../bin/it"));
        assert_eq!(fs::read_to_string(&hook).unwrap(), "content");
        assert_eq!(fs::metadata(&hook).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn what_leads_out_of_the_charm_is_refused() {
        for target in ["/etc/passwd", "../../outside", "../hooks/../../outside"] {
            let (_folder, result) =
                unpacked(|zip| zip.add_symlink("hooks/install", target, plain()).unwrap());
            let expected = format!("hooks/install is a link out of the charm, to {target}");
            assert_eq!(result.unwrap_err(), expected);
        }
        for name in ["../outside", "a/../../outside"] {
            let (_folder, result) = unpacked(|zip| zip.start_file(name, plain()).unwrap());
            assert_eq!(result.unwrap_err(), format!("{name} leads out of the charm"));
        }
    }
}
