//! The hook tools: each a function from a context, arguments and standard input to what it prints.

mod action;
mod config;
mod flags;
mod format;
mod goal_state;
mod leader;
mod list;
mod log;
mod network;
mod option;
mod pairs;
mod port;
mod quote;
mod relation;
mod relation_get;
mod relation_set;
mod secret;
mod secret_content;
mod secret_list;
mod state;
mod status;
mod version;

use std::fs;
use std::path::Path;

use flags::Flags;
use format::Format;
pub(crate) use list::names;
use list::{TOOLS, Tool};
use option::Kind;
use quote::quote;

use crate::context::HookContext;
use crate::tree::Tree;
use crate::wire::Answer;

/// One call, as the tool gets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    /// The arguments after the tool's name.
    pub(crate) args: &'c [String],
    pub(crate) stdin: &'c [u8],
    pub(crate) cwd: &'c Path,
}

/// What a tool has to say when it succeeds.
#[derive(Debug)]
pub(crate) enum Output {
    Nothing,
    /// In the format that was asked for.
    Tree(Tree),
    /// As it is.
    Text(String),
    /// A remark on standard error.
    Remark(String),
}

/// A call that failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit 1: the call was well-formed.
    Failed(String),
    /// Exit 2: the arguments were wrong.
    Usage(String),
    /// Exit 0: all that was wanted is the tool's help.
    Help,
}

type Result<T = Output> = std::result::Result<T, Failure>;

/// Run a tool by its name.
pub(crate) fn run(context: &mut HookContext<'_>, name: &str, call: Call<'_>) -> Answer {
    let known = TOOLS.iter().find(|tool| tool.name == name && context.model.version.has_tool(name));
    let Some(tool) = known else {
        return answer(1, String::new(), format!("ERROR bad request: unknown command {name:?}\n"));
    };
    match carry_out(context, tool, call) {
        Ok((stdout, stderr)) => answer(0, stdout, stderr),
        Err(Failure::Failed(message)) => answer(1, String::new(), format!("ERROR {message}\n")),
        Err(Failure::Usage(message)) => answer(2, String::new(), format!("ERROR {message}\n")),
        Err(Failure::Help) => answer(0, tool.help(), String::new()),
    }
}

fn answer(exit: u8, stdout: String, stderr: String) -> Answer {
    Answer { exit, stdout: stdout.into(), stderr: stderr.into() }
}

fn carry_out(context: &mut HookContext<'_>, tool: &Tool, call: Call<'_>) -> Result<(String, String)> {
    let flags = Flags::parse(context, tool.options, call.args)?;
    match (tool.run)(context, call, &flags)? {
        Output::Nothing => Ok(Default::default()),
        Output::Text(text) => Ok((text, String::new())),
        Output::Remark(remark) => Ok((String::new(), remark)),
        Output::Tree(tree) => {
            let smart = tool.options.iter().any(|option| option.kind == Kind::Format);
            let format = flags.format().unwrap_or(if smart { Format::Smart } else { Format::Yaml });
            let text = format.print(&tree);
            match flags.text("o") {
                None => Ok((text, String::new())),
                Some(path) => {
                    let written = fs::write(call.cwd.join(path), text);
                    written.map_err(|error| Failure::file(path, &error))?;
                    Ok(Default::default())
                }
            }
        }
    }
}

impl Failure {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A file that can't be opened, in Go's words.
    fn file(path: &str, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory",
            std::io::ErrorKind::PermissionDenied => "permission denied",
            std::io::ErrorKind::IsADirectory => "is a directory",
            std::io::ErrorKind::NotADirectory => "not a directory",
            _ => return Self::failed(format!("open {path}: {error}")),
        };
        Self::failed(format!("open {path}: {reason}"))
    }
}

/// The remark of a tool whose `--format` means nothing any more.
fn deprecated_format(flags: &Flags, tool: &str) -> Output {
    match flags.text("format") {
        Some(_) => Output::Remark(format!("--format flag deprecated for command {tool:?}")),
        None => Output::Nothing,
    }
}
