//! The token by which Juju says which generation of the state it has committed: a key of its charm state.

use anyhow::{Context as _, Result};

use crate::host::Host;
use crate::juju::tool::{Asked, ToolError, state};
use crate::reactive::Committed;

const KEY: &str = "ssl-termination-generation";

/// Asks Juju for the token of what it has committed.
pub(super) fn ask(host: &Host) -> Asked<Option<String>> {
    state::get(host, KEY)
}

/// What its answer means.
pub(super) fn committed(answer: Result<Option<String>, ToolError>) -> Result<Committed> {
    match answer {
        Ok(Some(token)) => Ok(Committed::Token(token)),
        Ok(None) => Ok(Committed::Nothing),
        Err(error) if error.is_missing_tool() => Ok(Committed::Unsupported),
        Err(error) => Err(error).context("cannot learn what Juju has committed"),
    }
}

/// Gives Juju the token of the generation that is about to be written.
pub(super) fn tell(host: &Host, token: &str) -> Asked<()> {
    state::set(host, KEY, token)
}

/// Whether it has taken it; a Juju that keeps no charm state need not.
pub(super) fn told(asked: Asked<()>) -> Result<()> {
    match asked.answer() {
        Err(error) if error.is_missing_tool() => Ok(()),
        told => Ok(told?),
    }
}
