//! `juju-log [-l LEVEL] MESSAGE…`

use super::flags::Options;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;

const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"];

pub(super) fn log(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["l|log-level", "format"], switches: &["debug"] }.parse(call.args)?;
    if flags.rest.is_empty() {
        return Err(Failure::usage("no message specified"));
    }
    let asked = flags.value("l").unwrap_or(if flags.has("debug") { "DEBUG" } else { "INFO" });
    let known = LEVELS.iter().find(|level| level.eq_ignore_ascii_case(asked));
    if known.is_none() {
        write(context, "WARNING", format!("Specified log level of {asked:?} is not a valid level"));
    }
    write(context, known.copied().unwrap_or("INFO"), flags.rest.join(" "));
    Ok(Output::nothing())
}

fn write(context: &mut HookContext<'_>, level: &str, message: String) {
    let entry = (level.to_owned(), message);
    context.model.unit_mut(&context.unit).log.push(entry.clone());
    context.log.push(entry);
}
