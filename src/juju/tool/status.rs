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

impl Status {
    /// With no more of the message than a line of `juju status` has room for.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        const LONGEST: usize = 160;
        if let Some((end, _)) = self.message.char_indices().nth(LONGEST) {
            let kept = &self.message[..end];
            let kept = kept.rsplit_once(' ').map_or(kept, |(words, _)| words);
            self.message = format!("{kept} …");
        }
        self
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_ends_after_a_word() {
        let shortened = |message: String| Status { state: State::Active, message }.shortened().message;
        assert_eq!(shortened("short".to_owned()), "short");
        assert_eq!(shortened("é".repeat(160)), "é".repeat(160));
        assert_eq!(shortened("five ".repeat(33)), format!("{}…", "five ".repeat(32)));
        assert_eq!(shortened("x".repeat(161)), format!("{} …", "x".repeat(160)));
    }
}
