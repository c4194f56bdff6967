//! The hook tools, one function a call, one file a family. Each call costs a process and a round trip to the agent.

pub mod action;
pub mod config;
pub mod network;
pub mod port;
pub mod relation;
pub mod secret;
pub mod state;
pub mod status;
pub mod unit;

use std::fmt::Write as _;

use serde::de::DeserializeOwned;

use crate::host::{Begun, Command, FileError, Host, ProcessError};

/// A hook tool that could not be called, refused, or answered what it should not.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It did not run, or ran into its time limit, or said no.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// What it should read could not be put where it reads it.
    #[error(transparent)]
    File(#[from] FileError),
    /// What it printed is not what its documentation says. The answer itself may hold secrets and is not shown.
    #[error(
        "cannot read the answer of `{command}`: {fault} error at line {line}, column {column}: is it Juju's own?"
    )]
    Answer {
        /// The command line.
        command: String,
        /// What kind of error it is.
        fault: &'static str,
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
}

impl ToolError {
    /// Whether Juju says that the relation or unit is not ours, or gone. For a relation that was removed by force it has
    /// other words in other versions, over models, and when the agent has restarted; how they end is the same.
    pub fn is_gone(&self) -> bool {
        let Self::Process(ProcessError::Failed { stderr, .. }) = self else { return false };
        let said = stderr.strip_suffix(" (unauthorized access)").unwrap_or(stderr);
        ["permission denied", "relation not found"].iter().any(|end| said.ends_with(end))
    }

    /// Whether it answered more than it may.
    pub fn is_too_much(&self) -> bool {
        matches!(self, Self::Process(ProcessError::TooMuch { .. }))
    }

    /// Whether this Juju has no such tool.
    pub fn is_missing_tool(&self) -> bool {
        matches!(self, Self::Process(ProcessError::Missing(_)))
    }
}

/// A tool that is at work while we go on. Juju takes one call after the other, in whatever order they come; what they
/// share is the time that their programs take to start.
#[derive(Debug)]
#[must_use = "it is killed if nobody waits for its answer"]
pub struct Asked<T> {
    command: Command,
    begun: Result<Begun, ProcessError>,
    read: fn(&Command, &[u8]) -> Result<T, ToolError>,
}

impl<T> Asked<T> {
    fn new(host: &Host, command: Command, read: fn(&Command, &[u8]) -> Result<T, ToolError>) -> Self {
        Self { begun: host.begin(&command), command, read }
    }

    /// Waits for its answer.
    pub fn answer(self) -> Result<T, ToolError> {
        (self.read)(&self.command, &self.begun?.end_ok()?.stdout)
    }
}

/// How many calls are on their way to Juju at once.
const AT_ONCE: usize = 4;

/// Makes a call for each of many things, some at once, and takes the answers in order.
pub fn each<I, T>(
    items: &[I],
    ask: impl Fn(&I) -> Asked<T>,
    mut take: impl FnMut(&I, Result<T, ToolError>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for some in items.chunks(AT_ONCE) {
        let asked: Vec<Asked<T>> = some.iter().map(&ask).collect();
        let answers: Vec<_> = asked.into_iter().map(Asked::answer).collect();
        some.iter().zip(answers).try_for_each(|(item, answer)| take(item, answer))?;
    }
    Ok(())
}

/// Calls a tool for what it does.
fn call(host: &Host, command: &Command) -> Result<(), ToolError> {
    host.run_ok(command)?;
    Ok(())
}

/// Calls a tool for what it answers, as JSON.
fn ask<T: DeserializeOwned>(host: &Host, command: &Command) -> Result<T, ToolError> {
    read(command, &host.run_ok(command)?.stdout)
}

/// Reads what a tool has printed, as JSON. What is no UTF-8 in it is replaced: it is somebody's value, not an error.
pub fn read<T: DeserializeOwned>(command: &Command, printed: &[u8]) -> Result<T, ToolError> {
    serde_json::from_str(&String::from_utf8_lossy(printed)).map_err(|error| ToolError::Answer {
        command: command.to_string(),
        fault: if error.is_data() { "data" } else { "syntax" },
        line: error.line(),
        column: error.column(),
    })
}

/// `map` as a JSON text that Juju's YAML reader takes for the same map: JSON may hold stands above 0x7e as it
/// is, and YAML refuses or folds some of that.
fn yaml_safe(map: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(map).unwrap_or_default();
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn what_is_gone_is_told_from_what_fails() {
        let is_gone = |stderr: &str| {
            let (command, status) = ("relation-get".to_owned(), ExitStatus::from_raw(1 << 8));
            let failed = ProcessError::Failed { command, status, stderr: stderr.to_owned() };
            ToolError::from(failed).is_gone()
        };
        for gone in [
            "ERROR permission denied",
            "ERROR permission denied (unauthorized access)",
            "ERROR cannot read relation application settings: permission denied (unauthorized access)",
            "ERROR relation not found",
            r#"ERROR invalid value "proxy:1" for option -r: relation not found"#,
        ] {
            assert!(is_gone(gone), "{gone}");
        }
        for other in [
            "",
            "ERROR cannot write relation settings",
            "ERROR permission denied, try again later",
            r#"ERROR cannot read settings for unit "a/0" in relation "a:b c:d": unit "a/0": settings not found"#,
            "ERROR connection is shut down",
        ] {
            assert!(!is_gone(other), "{other}");
        }
    }

    #[test]
    fn what_yaml_would_fold_or_refuse_is_escaped() {
        let text = yaml_safe(&["a\u{7f}\u{85}\u{2028}😀/\"\n"]);
        assert_eq!(text, r#"["a\u007f\u0085\u2028😀/\"\n"]"#);
    }
}
