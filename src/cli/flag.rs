use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::say;
use crate::interface::{self, Hook};
use crate::juju::Metadata;
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
    /// Exit with 0 if all of the flags are set, with 1 if one is not.
    AllSet(Names),
    /// Exit with 0 if one of the flags is set, with 1 if none is.
    AnySet(Names),
    /// Set flags of your own, or an endpoint's update, to look at it again.
    Set(Names),
    /// Clear flags.
    Clear(Names),
}

#[derive(Debug, Args)]
pub(super) struct Names {
    /// Their names.
    #[arg(required = true, value_name = "FLAG")]
    flags: Vec<Flag>,
}

/// Runs a command about flags; says no only to questions.
pub(super) fn run(command: &Command, mut hook: Hook) -> Result<bool> {
    let changes = matches!(command, Command::Set(_) | Command::Clear(_));
    for flag in command.flags() {
        check(flag, changes, &hook.metadata)?;
    }
    let flags = hook.flags();
    let yes = match command {
        Command::List => {
            flags.iter().filter(|flag| !flag.is_of_hook()).try_for_each(|flag| say(flag.as_str()))?;
            true
        }
        Command::IsSet { flag } => flags.is_set(flag.as_str()),
        Command::AllSet(Names { flags: all }) => all.iter().all(|flag| flags.is_set(flag.as_str())),
        Command::AnySet(Names { flags: any }) => any.iter().any(|flag| flags.is_set(flag.as_str())),
        Command::Set(Names { flags: names }) => {
            for flag in names {
                flags.set(flag.clone());
            }
            true
        }
        Command::Clear(Names { flags: names }) => {
            for flag in names {
                flags.clear(flag);
            }
            true
        }
    };
    hook.commit(None)?;
    Ok(yes)
}

impl Command {
    fn flags(&self) -> &[Flag] {
        match self {
            Self::List => &[],
            Self::IsSet { flag } => std::slice::from_ref(flag),
            Self::AllSet(names) | Self::AnySet(names) | Self::Set(names) | Self::Clear(names) => &names.flags,
        }
    }
}

/// Refuses what can never be so, or would be forgotten: a script would wait for it in vain.
fn check(flag: &Flag, changes: bool, metadata: &Metadata) -> Result<()> {
    if flag.is_of_hook() {
        bail!(
            "{flag} comes and goes with its hook, for handlers in Rust: a script finds its hook's name in JUJU_HOOK_NAME"
        );
    }
    if !flag.as_str().starts_with("endpoint.") {
        return Ok(());
    }
    let known: Vec<[Flag; 2]> = interface::of_endpoints(metadata).collect();
    if !known.as_flattened().contains(flag) {
        let names: Vec<&str> = known.as_flattened().iter().map(Flag::as_str).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        bail!("no endpoint of metadata.yaml has the flag {flag} (there is: {there})");
    }
    if changes && known.iter().any(|[available, _]| available == flag) {
        bail!("{flag} is set while there is a unit at the other side: nobody else sets or clears it");
    }
    Ok(())
}
