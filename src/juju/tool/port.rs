//! open-port, close-port and opened-ports. Opening an open port and closing a closed one are no errors.

use std::collections::BTreeSet;

use super::{ToolError, ask, call};
use crate::host::{Command, Host};

/// Opens a TCP port when the application is exposed.
pub fn open(host: &Host, port: u16) -> Result<(), ToolError> {
    call(host, &Command::new("open-port").arg(format!("{port}/tcp")))
}

/// Closes a TCP port.
pub fn close(host: &Host, port: u16) -> Result<(), ToolError> {
    call(host, &Command::new("close-port").arg(format!("{port}/tcp")))
}

/// The TCP ports that are open, as far as they are open one by one: as we open them.
pub fn opened(host: &Host) -> Result<BTreeSet<u16>, ToolError> {
    let ranges: Vec<String> = ask(host, &Command::new("opened-ports").arg("--format=json"))?;
    Ok(ranges.iter().filter_map(|range| range.strip_suffix("/tcp")?.parse().ok()).collect())
}
