//! Scenarios in a small text file that reads like commands of `juju`.

mod command;
mod error;
mod expect;
mod line;
mod stage;
mod words;

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use command::COMMANDS;
pub use error::ScenarioError;
use line::Line;
use stage::Stage;

/// What happens to a model, and what is expected of it: a command a line.
#[derive(Debug, Clone)]
pub struct Scenario {
    path: PathBuf,
    lines: Vec<Line>,
}

impl Scenario {
    /// The scenario in a file. Paths in it are relative to its folder.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| ScenarioError::new(path, 0, format!("can't be read: {error}")))?;
        Self::parse(&text, path)
    }

    /// A scenario from its text, as if it were in a file of that path.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ScenarioError> {
        let lines = line::lines(text).map_err(|(line, what)| ScenarioError::new(path, line, what))?;
        Ok(Self { path: path.to_owned(), lines })
    }

    /// Play it, and tell `say` every command and everything about every hook that runs.
    pub fn play(&self, seed: u64, say: &mut dyn FnMut(&str)) -> Result<(), ScenarioError> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new(""));
        let mut stage = Stage::new(seed, folder);
        for line in &self.lines {
            say(&format!("> {line}\n"));
            // The model panics where it is asked for what isn't there, since it is made for tests.
            let played = catch_unwind(AssertUnwindSafe(|| command::play(&mut stage, line, say)));
            let played = played.unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                Err(text.unwrap_or_default())
            });
            played.map_err(|what| ScenarioError::new(&self.path, line.number, what))?;
        }
        Ok(())
    }

    /// Every command.
    pub fn help() -> String {
        let mut help = String::from("A scenario has a command a line:\n");
        for command in COMMANDS {
            // Writing to a string can't fail.
            let _ = writeln!(help, "  {} {}\n      {}", command.name, command.args, command.about);
        }
        help
    }
}
