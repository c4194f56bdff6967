//! state-get and state-set: the unit's charm state, kept by the controller, committed with the hook.

use std::collections::BTreeMap;

use super::{Asked, read, yaml_safe};
use crate::host::{Command, Host};

/// The value of a key; nothing if it was never set.
pub fn get(host: &Host, key: &str) -> Asked<Option<String>> {
    Asked::new(host, Command::new("state-get").args(["--format=json", key]), |command, printed| {
        let value: Option<String> = read(command, printed)?;
        Ok(value.filter(|value| !value.is_empty()))
    })
}

/// Sets one key.
pub fn set(host: &Host, key: &str, value: &str) -> Asked<()> {
    let command = Command::new("state-set").args(["--file", "-"]);
    Asked::new(host, command.stdin(yaml_safe(&BTreeMap::from([(key, value)]))), |_, _| Ok(()))
}
