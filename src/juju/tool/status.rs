//! status-set.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ToolError, call};
use crate::host::{Command, Host};

/// What `juju status` shows of the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The word.
    pub state: State,
    /// The text after it: one short line.
    pub message: String,
}

/// The words that a charm may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A person must do something.
    Blocked,
    /// Something else must happen first.
    Waiting,
    /// The unit is at work on itself.
    Maintenance,
    /// All is as it should be.
    Active,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Maintenance => "maintenance",
            Self::Active => "active",
        })
    }
}

/// Sets the unit's status, at once and whether or not the hook ends well.
pub fn set(host: &Host, status: &Status) -> Result<(), ToolError> {
    call(host, &Command::new("status-set").arg(status.state.to_string()).arg("--").arg(&*status.message))
}
