//! `status-set` and `status-get`

use serde_json::{Value, json};

use super::flags::Options;
use super::format::Format;
use super::{Call, Failure, Output, Result};
use crate::Status;
use crate::context::HookContext;

const STATES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];

/// `status-set [--application] STATE [MESSAGE]`: at once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &[], switches: &["application"] }.parse(call.args)?;
    let [state, more @ ..] = flags.rest.as_slice() else {
        return Err(Failure::usage("invalid args, require <status> [message]"));
    };
    if !STATES.contains(&state.as_str()) {
        let states = STATES.join(" ");
        return Err(Failure::usage(format!(r#"invalid status "{state}", expected one of [{states}]"#)));
    }
    flags.at_most(2)?;
    let status = Status::new(state, more.first().map_or("", String::as_str));
    if !flags.has("application") {
        context.model.unit_mut(&context.unit).status = status;
    } else if context.is_leader() {
        let application = context.application().clone();
        context.model.application_mut(&application).status = status;
    } else {
        return Err(Failure::failed("this unit is not the leader"));
    }
    Ok(Output::nothing())
}

/// `status-get [--application] [--include-data]`
pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let switches = &["application", "include-data"];
    let flags = Options { values: &["format", "output|o"], switches }.parse(call.args)?;
    flags.at_most(0)?;
    let unit = context.model.unit(&context.unit);
    let status = if !flags.has("application") {
        &unit.status
    } else if context.is_leader() {
        &context.model.application(&unit.application).status
    } else {
        return Err(Failure::failed("finding application status: this unit is not the leader"));
    };
    let format = Format::of(&flags)?;
    let state = status.state.as_str();
    let value = match format {
        _ if flags.has("include-data") => {
            json!({ "status": state, "message": status.message, "status-data": {} })
        }
        Format::Smart => Value::from(state),
        Format::Json | Format::Yaml => json!({ "status": state }),
    };
    Ok(format.print(&value))
}
