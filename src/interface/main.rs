use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::{Handler, Hook, Purpose};
use crate::host::Host;
use crate::juju::tool::status::Status;
use crate::juju::tool::unit;
use crate::juju::{self, Context, Environment, Event};
use crate::reactive;

/// Runs the hook that Juju has called this program as: takes in what happened, runs the handlers whose flags match,
/// publishes what they have decided. The whole of a charm's `main`.
///
/// `status` tells what `juju status` should say, from the whole, after the handlers; with `None` it stays as it is.
/// An error leaves flags and file as they were, goes to the unit's log as one entry, and makes Juju run the hook
/// again.
pub fn main(handlers: &[Handler], status: fn(&Hook) -> Result<Option<Status>>) -> ExitCode {
    juju::log::start(juju::log::Reader::Juju);
    let environment = Environment::read();
    let host = Host::new(&environment.root, &environment.path);
    match run(host.clone(), &environment.program, handlers, status) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = format!("{error:#}");
            if unit::log_error(&host, &message).is_err() {
                log::error!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(
    host: Host,
    program: &str,
    handlers: &[Handler],
    status: fn(&Hook) -> Result<Option<Status>>,
) -> Result<()> {
    let context = Context::read(program)?;
    let name = context.hook.clone().unwrap_or_else(|| program.to_owned());
    if Event::is_restricted(&name) {
        return Ok(());
    }
    let one_hook = || {
        let mut hook = Hook::open(host, context, Purpose::Commit)?;
        reactive::run(handlers, &mut hook, Hook::flags)?;
        let status = status(&hook)?;
        hook.commit(status)
    };
    one_hook().with_context(|| format!("{name} failed"))
}
