use anyhow::Result;
use clap::Subcommand;

use super::say;
use crate::interface::Hook;
use crate::reactive::Flag;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the flags that are set, one a line.
    List,
    /// Exit with 0 if the flag is set, with 1 if it is not.
    IsSet {
        /// The flag's name.
        flag: Flag,
    },
    /// Set a flag.
    Set {
        /// The flag's name.
        flag: Flag,
    },
    /// Clear a flag.
    Clear {
        /// The flag's name.
        flag: Flag,
    },
}

/// Runs a command about flags; says no only to `is-set`.
pub(super) fn run(command: &Command, mut hook: Hook) -> Result<bool> {
    let flags = hook.flags();
    let yes = match command {
        Command::List => {
            flags.iter().try_for_each(|flag| say(&flag.to_string()))?;
            true
        }
        Command::IsSet { flag } => flags.is_set(&flag.to_string()),
        Command::Set { flag } => {
            flags.set(flag.clone());
            true
        }
        Command::Clear { flag } => {
            flags.clear(flag);
            true
        }
    };
    hook.commit(None)?;
    Ok(yes)
}
