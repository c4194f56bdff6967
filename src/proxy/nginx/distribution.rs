//! The service that comes with the distribution's package nginx: it would take our ports with a page of its own.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Paths;
use super::service::systemctl;
use crate::host::{Host, Owner};

/// Its name.
pub(super) const SERVICE: &str = "nginx.service";

/// Whether it is kept from starting, by us or by somebody else.
pub(super) fn is_masked(host: &Host, paths: &Paths) -> Result<bool> {
    let target = host.link_target(&paths.overriding_file(SERVICE))?;
    Ok(target.as_deref() == Some(Path::new("/dev/null")))
}

/// Remembers that it is us who mask it.
pub(super) fn remember(host: &Host, paths: &Paths) -> Result<()> {
    host.create_folder(&paths.state, 0o711)?;
    Ok(host.write(&memory(paths), b"", 0o600, Owner::Us)?)
}

/// After the last unit on the machine that needs nginx: whoever wants the distribution's service may start it again, if
/// it was us who kept it away. It does not start by itself: before us it was not there.
pub(super) fn let_back(host: &Host, paths: &Paths) -> Result<()> {
    let memory = memory(paths);
    let others = host.list(&folder(paths))?.into_iter().any(|name| name != MEMORY);
    if others || host.mode(&memory)?.is_none() {
        return Ok(());
    }
    systemctl(host, ["unmask", SERVICE])?;
    if host.link_target(&paths.enabling_link(SERVICE))?.is_some() {
        systemctl(host, ["disable", SERVICE])?;
    }
    Ok(host.remove(&memory)?)
}

/// The file beside the units' folders that says that we have masked the service.
const MEMORY: &str = "masked-nginx.service";

fn memory(paths: &Paths) -> PathBuf {
    folder(paths).join(MEMORY)
}

fn folder(paths: &Paths) -> PathBuf {
    paths.state.parent().unwrap_or(&paths.state).to_owned()
}
