//! `juju-log [-l LEVEL] MESSAGE…`

use super::flags::Flags;
use super::{Call, Failure, Result, deprecated_format, quote};
use crate::context::HookContext;

/// Levels as they may be asked for, and as the log has them.
const LEVELS: [(&str, &str); 8] = [
    ("UNSPECIFIED", "UNSPECIFIED"),
    ("TRACE", "TRACE"),
    ("DEBUG", "DEBUG"),
    ("INFO", "INFO"),
    ("WARN", "WARNING"),
    ("WARNING", "WARNING"),
    ("ERROR", "ERROR"),
    ("CRITICAL", "CRITICAL"),
];

pub(super) fn log(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    if flags.rest.is_empty() {
        return Err(Failure::usage("no message specified"));
    }
    let asked = match flags.text("l") {
        _ if flags.has("debug") => "DEBUG",
        asked => asked.unwrap_or("INFO"),
    };
    let known = LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(asked));
    if known.is_none() {
        write(context, "WARNING", format!("Specified log level of {} is not valid", quote(asked)));
    }
    write(context, known.map_or("INFO", |(_, level)| level), flags.rest.join(" "));
    Ok(deprecated_format(flags, "juju-log"))
}

fn write(context: &mut HookContext<'_>, level: &str, message: String) {
    let entry = (level.to_owned(), message);
    context.model.unit_mut(&context.unit).log.push(entry.clone());
    context.log.push(entry);
}
