//! `is-leader`, and the settings that only a leader writes.

use serde_json::Value;

use super::flags::Options;
use super::format::Format;
use super::{Call, Failure, Output, Result, pairs};
use crate::context::HookContext;
use crate::settings::changes_of;

/// `is-leader`
pub(super) fn is_leader(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &[] }.parse(call.args)?;
    flags.at_most(0)?;
    Ok(Format::of(&flags)?.print(&Value::from(context.is_leader())))
}

/// `leader-set K=V…`: at once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &[], switches: &[] }.parse(call.args)?;
    let values = pairs::from_args(&flags.rest)?;
    if !context.is_leader() {
        return Err(Failure::failed(
            "cannot write leadership settings: cannot write settings: not the leader",
        ));
    }
    let name = context.application().clone();
    let application = context.model.application_mut(&name);
    if !application.leader_settings.write(&changes_of(values)).is_empty() {
        context.model.busy.extend(context.model.applications[&name].units.iter().cloned());
    }
    Ok(Output::nothing())
}

/// `leader-get [KEY | -]`
pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &[] }.parse(call.args)?;
    flags.at_most(1)?;
    let settings = &context.model.application(context.application()).leader_settings.bag;
    let value = match flags.rest.first().filter(|key| !key.is_empty() && *key != "-") {
        Some(key) => settings.get(key).map_or(Value::Null, |value| Value::from(value.as_str())),
        None => settings.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect(),
    };
    Ok(Format::of(&flags)?.print(&value))
}
