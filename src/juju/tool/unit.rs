//! juju-log, application-version-set.

use super::{ToolError, call};
use crate::host::{Command, Host};

/// Writes an entry of level ERROR to the unit's log.
pub fn log_error(host: &Host, message: &str) -> Result<(), ToolError> {
    call(host, &Command::new("juju-log").args(["-l", "ERROR", "--", message]))
}

/// Sets the version that `juju status` shows for the application.
pub fn set_version(host: &Host, version: &str) -> Result<(), ToolError> {
    call(host, &Command::new("application-version-set").args(["--", version]))
}
