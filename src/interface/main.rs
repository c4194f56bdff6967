use anyhow::{Context as _, Result};

use super::Hook;
use crate::host::Host;
use crate::juju::tool::status::Status;
use crate::juju::tool::unit;
use crate::juju::{self, Context, Environment, Event};
use crate::reactive::{self, Handler};

/// Runs the hook that Juju has called us as; gives the exit code.
///
/// `status` tells what `juju status` should say, from the whole, after the handlers. An error leaves flags and file
/// as they were, goes to the unit's log as one entry, and makes Juju run the hook again.
pub fn main(
    environment: &Environment,
    table: &[Handler<Hook>],
    status: fn(&Hook) -> Result<Option<Status>>,
) -> u8 {
    juju::log::start(juju::log::Reader::Juju);
    let host = Host::new(&environment.root, &environment.path);
    match run(host.clone(), &environment.program, table, status) {
        Ok(()) => 0,
        Err(error) => {
            let message = format!("{error:#}");
            if unit::log_error(&host, &message).is_err() {
                log::error!("{message}");
            }
            1
        }
    }
}

fn run(
    host: Host,
    program: &str,
    table: &[Handler<Hook>],
    status: fn(&Hook) -> Result<Option<Status>>,
) -> Result<()> {
    let context = Context::read(program)?;
    let name = context.hook.clone().unwrap_or_else(|| program.to_owned());
    if Event::is_restricted(&name) {
        return Ok(());
    }
    let one_hook = || {
        let mut hook = Hook::begin(host, context)?;
        reactive::run(table, &mut hook, Hook::flags)?;
        let status = status(&hook)?;
        hook.commit(status)
    };
    one_hook().with_context(|| format!("{name} failed"))
}
