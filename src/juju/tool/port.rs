//! open-port and close-port. Opening an open port and closing a closed one are no errors.

use super::{ToolError, call};
use crate::host::{Command, Host};

/// Opens a TCP port when the application is exposed.
pub fn open(host: &Host, port: u16) -> Result<(), ToolError> {
    call(host, &Command::new("open-port").arg(format!("{port}/tcp")))
}

/// Closes a TCP port.
pub fn close(host: &Host, port: u16) -> Result<(), ToolError> {
    call(host, &Command::new("close-port").arg(format!("{port}/tcp")))
}
