//! config-get.

use serde_json::{Map, Value};

use super::{ToolError, ask};
use crate::host::{Command, Host};

/// All options that have a value.
pub fn get(host: &Host) -> Result<Map<String, Value>, ToolError> {
    ask(host, &Command::new("config-get").arg("--format=json"))
}
