//! The hook tools: each a function from a context, arguments and standard input to what it prints.

mod action;
mod config;
mod flags;
mod format;
mod go_yaml;
mod leader;
mod log;
mod network;
mod pairs;
mod port;
mod relation;
mod relation_get;
mod relation_set;
mod state;
mod status;
mod version;

use std::path::Path;

use crate::context::HookContext;
use crate::wire::Answer;

/// One call, as the tool gets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    /// The arguments after the tool's name.
    pub(crate) args: &'c [String],
    pub(crate) stdin: &'c [u8],
    pub(crate) cwd: &'c Path,
}

/// What a tool prints when it succeeds.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A call that failed: exit 2 for wrong arguments, 1 for anything else.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: u8,
    message: String,
}

type Result<T = Output> = std::result::Result<T, Failure>;

type Tool = fn(&mut HookContext<'_>, Call<'_>) -> Result;

/// Every tool under its name.
const TOOLS: &[(&str, Tool)] = &[
    ("action-fail", action::fail),
    ("action-get", action::get),
    ("action-log", action::log),
    ("action-set", action::set),
    ("application-version-set", version::set),
    ("close-port", port::close),
    ("config-get", config::get),
    ("is-leader", leader::is_leader),
    ("juju-log", log::log),
    ("leader-get", leader::get),
    ("leader-set", leader::set),
    ("network-get", network::get),
    ("open-port", port::open),
    ("opened-ports", port::opened),
    ("relation-get", relation_get::get),
    ("relation-ids", relation::ids),
    ("relation-list", relation::list),
    ("relation-set", relation_set::set),
    ("state-delete", state::delete),
    ("state-get", state::get),
    ("state-set", state::set),
    ("status-get", status::get),
    ("status-set", status::set),
    ("unit-get", network::unit_get),
];

/// The names of all tools.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().map(|(name, _)| *name)
}

/// Run a tool by its name.
pub(crate) fn run(context: &mut HookContext<'_>, name: &str, call: Call<'_>) -> Answer {
    let result = match TOOLS.iter().find(|(tool, _)| *tool == name) {
        Some((_, tool)) => tool(context, call),
        None => Err(Failure::failed(format!("bad request: unknown command {name:?}"))),
    };
    match result {
        Ok(output) => Answer { exit: 0, stdout: output.stdout.into(), stderr: output.stderr.into() },
        Err(failure) => Answer {
            exit: failure.exit,
            stdout: Vec::new(),
            stderr: format!("ERROR {}\n", failure.message).into(),
        },
    }
}

impl Output {
    pub(crate) fn nothing() -> Self {
        Self::default()
    }
}

impl From<String> for Output {
    fn from(stdout: String) -> Self {
        Self { stdout, stderr: String::new() }
    }
}

impl Failure {
    /// The call was well-formed but failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { exit: 1, message: message.into() }
    }

    /// The arguments were wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: 2, message: message.into() }
    }
}
