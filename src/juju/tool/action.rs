//! action-get, action-set, action-fail.

use serde_json::{Map, Value};

use super::{ToolError, ask, call};
use crate::host::{Command, Host};

/// What the person who runs the action has said, and the defaults of what is left out.
pub fn get(host: &Host) -> Result<Map<String, Value>, ToolError> {
    ask(host, &Command::new("action-get").arg("--format=json"))
}

/// Sets results; a dot in a key leads into a nested one. All of them are arguments: no secret may be among them.
pub fn set(host: &Host, results: &[(String, String)]) -> Result<(), ToolError> {
    let pairs = results.iter().map(|(key, value)| format!("{key}={value}"));
    call(host, &Command::new("action-set").args(pairs))
}

/// Says that the action has failed, and why.
pub fn fail(host: &Host, message: &str) -> Result<(), ToolError> {
    call(host, &Command::new("action-fail").args(["--", message]))
}
