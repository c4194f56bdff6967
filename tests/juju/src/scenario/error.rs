use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a scenario, or with the charm in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    path: PathBuf,
    /// 0 for the file as a whole.
    line: usize,
    what: String,
}

impl ScenarioError {
    pub(super) fn new(path: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl Error for ScenarioError {}
