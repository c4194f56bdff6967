use std::fmt;
use std::io;
use std::time::Duration;

use super::ProcessError;

/// A program to run: its arguments, what it reads, how long it may take.
///
/// Arguments are visible to every user of the machine and appear in errors: no secret may stand in them.
#[derive(Debug, Clone)]
pub struct Command {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    pub(super) stdin: Vec<u8>,
    pub(super) limit: Duration,
    pub(super) most: usize,
    pub(super) clean: bool,
    pub(super) env: Vec<(String, String)>,
}

impl Command {
    /// `program`, looked up on PATH, with one minute to finish and room for 128 MiB of output.
    ///
    /// A databag of Juju has at most 16 MB; written as JSON, a byte of it takes up to six.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            stdin: Vec::new(),
            limit: Duration::from_mins(1),
            most: 128 << 20,
            clean: false,
            env: Vec::new(),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// What the program reads from its standard input; nothing by default.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// How long the program may take; then its process group is killed.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How many bytes the program may write; then its process group is killed.
    #[must_use]
    pub fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Runs with PATH alone from our environment: for what outlives the hook.
    #[must_use]
    pub fn clean_environment(mut self) -> Self {
        self.clean = true;
        self
    }

    /// Adds variables to its environment.
    #[must_use]
    pub fn envs<K: Into<String>, V: Into<String>>(mut self, vars: impl IntoIterator<Item = (K, V)>) -> Self {
        self.env.extend(vars.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }
}

impl Command {
    /// Why it could not be run.
    pub(super) fn failed(&self, error: io::Error) -> ProcessError {
        match error.kind() {
            io::ErrorKind::NotFound => ProcessError::Missing(self.program.clone()),
            _ => ProcessError::Io { command: self.to_string(), error },
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        for arg in &self.args {
            if arg.is_empty() || arg.contains(char::is_whitespace) {
                write!(f, " {arg:?}")?;
            } else {
                write!(f, " {arg}")?;
            }
        }
        Ok(())
    }
}
