use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::host::Host;

/// Where something that cannot be used is kept for a person to look at.
pub(super) fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unreadable");
    path.with_file_name(name)
}

/// Moves a folder aside that stands where a file should be, or the other way round.
pub(super) fn make_way(host: &Host, path: &Path, for_folder: bool) -> Result<()> {
    if host.is_folder(path)?.is_some_and(|is_folder| is_folder != for_folder) {
        let (should, aside) = (if for_folder { "a folder" } else { "a file" }, aside(path));
        log::warn!("{} is not {should}: kept as {}", path.display(), aside.display());
        host.remove(&aside)?;
        host.rename(path, &aside)?;
    }
    Ok(())
}
