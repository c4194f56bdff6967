//! `state-get`, `state-set` and `state-delete`: what Juju keeps for the charm.

use super::flags::Flags;
use super::{Call, Failure, Output, Result, pairs, quote};
use crate::context::HookContext;
use crate::settings::Bag;
use crate::tree::Tree;

const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 65_536;

/// `state-get [--strict] [KEY | -]`
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(1)?;
    let state = state(context);
    Ok(Output::Tree(match flags.rest.first().map_or("", String::as_str) {
        "" | "-" if state.is_empty() => Tree::NoMap,
        "" | "-" => state.into(),
        key => match state.get(key) {
            None if flags.has("strict") => return Err(Failure::failed(format!("{} not found", quote(key)))),
            value => value.map_or("", String::as_str).into(),
        },
    }))
}

/// `state-set [--file PATH | -] [K=V…]`: an empty value is one.
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>, flags: &Flags) -> Result {
    let args = pairs::from_args(&flags.rest)?;
    let mut values = pairs::from_file(flags, call)?;
    values.extend(args);
    for (key, value) in &values {
        let limits = [("key", key.len(), LONGEST_KEY), ("value", value.len(), LONGEST_VALUE)];
        for (what, length, most) in limits {
            if length > most {
                return Err(Failure::failed(format!("max allowed {what} length ({most}) exceeded")));
            }
        }
    }
    state_mut(context).extend(values);
    Ok(Output::Nothing)
}

/// `state-delete KEY`
pub(super) fn delete(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(1)?;
    if let Some(key) = flags.rest.first() {
        state_mut(context).remove(key);
    }
    Ok(Output::Nothing)
}

fn state<'c>(context: &'c HookContext<'_>) -> &'c Bag {
    context.writes.state.as_ref().unwrap_or_else(|| &context.model.unit(&context.unit).state)
}

fn state_mut<'c>(context: &'c mut HookContext<'_>) -> &'c mut Bag {
    let committed = &context.model.unit(&context.unit).state;
    context.writes.state.get_or_insert_with(|| committed.clone())
}
