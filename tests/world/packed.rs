//! The charm that the worlds deploy: a packed one, unpacked as Juju does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use test_juju::Charm;

/// Where the charm is packed: `CHARM` if it is set, such as the one that `make charm` wrote, else one that has just
/// been packed with the binary of this build.
pub(crate) fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        std::env::var_os("CHARM").map_or_else(
            || {
                let archive = of_this_program("charm");
                pack(&binary(), &archive);
                archive
            },
            PathBuf::from,
        )
    })
}

/// The folder into which it is unpacked, once for all worlds of this process. It is not to be changed.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (folder, _lock) = FOLDER.get_or_init(|| {
        let lock = File::create(of_this_program("lock")).unwrap();
        lock.lock().unwrap(); // until the process ends
        let folder = of_this_program("unpacked");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        Charm::packed(archive(), &folder);
        (folder, lock)
    });
    folder
}

/// Packs the charm as `make charm` does, but quickly.
pub(crate) fn pack(binary: &Path, archive: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/pack");
    let packed = Command::new(script).arg("-1").args([binary, archive]).status().unwrap();
    assert!(packed.success(), "scripts/pack: {packed}");
}

/// The binary that was built with this program: two folders up from it.
pub(crate) fn binary() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let binary = program.ancestors().nth(2).unwrap().join("ssl-termination");
    assert!(binary.exists(), "{} is missing: cargo build --workspace --bins --examples", binary.display());
    binary
}

/// A file beside this program, of its name.
fn of_this_program(extension: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_extension(extension)
}
