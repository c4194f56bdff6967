use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::tool;
use crate::version::Version;

/// A folder with every hook tool of this Juju under its name, in place of what was there.
pub(crate) fn install_tools(dir: &Path, version: &Version) {
    let hook_tool = find_hook_tool();
    let remove = || if dir.exists() { fs::remove_dir_all(dir) } else { Ok(()) };
    let mut names = tool::names().filter(|name| version.has_tool(name));
    let made = remove()
        .and_then(|()| fs::create_dir_all(dir))
        .and_then(|()| names.try_for_each(|name| symlink(&hook_tool, dir.join(name))));
    if let Err(error) = made {
        panic!("hook tools in {}: {error}", dir.display());
    }
}

/// The player of scenarios is all tools itself. Else the executable lies in the profile's folder, and what runs us there too or in a folder of it.
fn find_hook_tool() -> PathBuf {
    let running = env::current_exe().unwrap_or_else(|error| panic!("the path of this executable: {error}"));
    if running.file_stem().is_some_and(|name| name == "test-juju") {
        return running;
    }
    let places = running.ancestors().skip(1).take(2).map(|dir| dir.join("hook-tool"));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| {
        panic!(
            "no hook-tool near {}: build it with `cargo build -p test-juju` (same profile and target)",
            running.display()
        )
    })
}
