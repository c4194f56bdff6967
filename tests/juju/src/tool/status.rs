//! `status-set` and `status-get`

use super::flags::Flags;
use super::{Call, Failure, Output, Result, quote};
use crate::Status;
use crate::context::HookContext;
use crate::tree::Tree;

const STATES: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];

/// `status-set [--application] STATE [MESSAGE]`: at once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let [state, more @ ..] = flags.rest.as_slice() else {
        return Err(Failure::usage("invalid args, require <status> [message]"));
    };
    if !STATES.contains(&state.as_str()) {
        let (state, states) = (quote(state), STATES.join(" "));
        return Err(Failure::usage(format!("invalid status {state}, expected one of [{states}]")));
    }
    flags.at_most(2)?;
    let status = Status::new(state, more.first().map_or("", String::as_str));
    if !flags.has("application") {
        context.model.status_log.push((context.unit.clone(), status.clone()));
        context.model.unit_mut(&context.unit).status = status;
    } else if context.is_leader() {
        let application = context.application().clone();
        context.model.application_mut(&application).status = status;
    } else {
        return Err(Failure::failed("this unit is not the leader"));
    }
    Ok(Output::Nothing)
}

/// `status-get [--application] [--include-data]`
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(0)?;
    let unit = context.model.unit(&context.unit);
    let with_data = flags.has("include-data");
    let only_state = !with_data && flags.format().is_none_or(super::format::Format::is_smart);
    if !flags.has("application") {
        let status = &unit.status;
        return Ok(Output::Tree(if only_state {
            status.state.as_str().into()
        } else {
            details(status, with_data)
        }));
    }
    if !context.is_leader() {
        return Err(Failure::failed("finding application status: this unit is not the leader"));
    }
    let application = context.model.application(&unit.application);
    if only_state {
        return Ok(Output::Tree(application.status.state.as_str().into()));
    }
    let units = application
        .units
        .iter()
        .map(|name| (name.to_string(), details(&context.model.unit(name).status, with_data)));
    let mut all = details(&application.status, with_data);
    if let Tree::Map(fields) = &mut all {
        fields.insert("units".to_owned(), Tree::Map(units.collect()));
    }
    Ok(Output::Tree(Tree::Map([("application-status".to_owned(), all)].into())))
}

fn details(status: &Status, with_data: bool) -> Tree {
    let mut fields = vec![("status".to_owned(), status.state.as_str().into())];
    if with_data {
        fields.push(("message".to_owned(), status.message.as_str().into()));
        fields.push(("status-data".to_owned(), Tree::Record(Vec::new())));
    }
    Tree::Map(fields.into_iter().collect())
}
