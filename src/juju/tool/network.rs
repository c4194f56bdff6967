//! network-get.

use super::{ToolError, ask};
use crate::host::{Command, Host};

/// The address under which the other side of an endpoint reaches this unit.
pub fn ingress_address(host: &Host, endpoint: &str) -> Result<String, ToolError> {
    ask(host, &Command::new("network-get").args(["--format=json", "--ingress-address", endpoint]))
}
