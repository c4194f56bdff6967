//! `is-leader`, and the settings that only a leader writes.

use super::flags::Flags;
use super::{Call, Failure, Output, Result, pairs, quote};
use crate::context::HookContext;
use crate::settings::changes_of;
use crate::tree::Tree;

/// `is-leader`
pub(super) fn is_leader(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(0)?;
    Ok(Output::Tree(Tree::Bool(context.is_leader())))
}

/// `leader-set K=V…`: at once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
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
    Ok(Output::Nothing)
}

/// `leader-get [KEY | -]`
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let key = flags.rest.first().map_or("", String::as_str);
    if key.contains('=') {
        return Err(Failure::usage(format!("invalid key {}", quote(key))));
    }
    flags.at_most(1)?;
    let settings = &*context.model.application(context.application()).leader_settings.bag;
    Ok(Output::Tree(match key {
        "" | "-" => settings.into(),
        key => settings.get(key).map_or(Tree::Null, |value| value.as_str().into()),
    }))
}
