//! network-get, unit-get.

use super::{ToolError, ask};
use crate::host::{Command, Host};

/// The address under which the other side of an endpoint reaches this unit.
pub fn ingress_address(host: &Host, endpoint: &str) -> Result<String, ToolError> {
    ask(host, &Command::new("network-get").args(["--format=json", "--ingress-address", endpoint]))
}

/// The address under which the unit is reached from outside its model, or its name: behind a cloud's address translation
/// no interface has it.
pub fn public_address(host: &Host) -> Result<String, ToolError> {
    ask(host, &Command::new("unit-get").args(["--format=json", "public-address"]))
}
