//! state-get and state-set: the unit's charm state, kept by the controller, committed with the hook.

use std::collections::BTreeMap;

use super::{ToolError, ask, call, yaml_safe};
use crate::host::{Command, Host};

/// The value of a key; nothing if it was never set.
pub fn get(host: &Host, key: &str) -> Result<Option<String>, ToolError> {
    let value: Option<String> = ask(host, &Command::new("state-get").args(["--format=json", key]))?;
    Ok(value.filter(|value| !value.is_empty()))
}

/// Sets one key.
pub fn set(host: &Host, key: &str, value: &str) -> Result<(), ToolError> {
    call(
        host,
        &Command::new("state-set").args(["--file", "-"]).stdin(yaml_safe(&BTreeMap::from([(key, value)]))),
    )
}
