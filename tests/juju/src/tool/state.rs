//! `state-get`, `state-set` and `state-delete`: what Juju keeps for the charm.

use serde_json::Value;

use super::flags::Options;
use super::format::Format;
use super::{Call, Failure, Output, Result, pairs};
use crate::context::HookContext;
use crate::settings::Bag;

const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 65_536;

/// `state-get [--strict] [KEY | -]`
pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &["strict"] }.parse(call.args)?;
    flags.at_most(1)?;
    let state = state(context);
    let value = match flags.rest.first().map(String::as_str).filter(|key| !key.is_empty() && *key != "-") {
        Some(key) => match state.get(key) {
            None if flags.has("strict") => return Err(Failure::failed(format!("{key:?} not found"))),
            value => Value::from(value.map_or("", String::as_str)),
        },
        None if state.is_empty() => Value::Null,
        None => state.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect(),
    };
    Ok(Format::of(&flags)?.print(&value))
}

/// `state-set [--file PATH | -] [K=V…]`: an empty value is one.
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["file"], switches: &[] }.parse(call.args)?;
    let args = pairs::from_args(&flags.rest)?;
    let mut values = pairs::from_file(&flags, call)?;
    values.extend(args);
    for (key, value) in &values {
        let too_long = |what, length: usize, most: usize| {
            Failure::failed(format!("{what} {key:?} too long: {length} bytes, at most {most}"))
        };
        if key.len() > LONGEST_KEY {
            return Err(too_long("key", key.len(), LONGEST_KEY));
        }
        if value.len() > LONGEST_VALUE {
            return Err(too_long("value of", value.len(), LONGEST_VALUE));
        }
    }
    state_mut(context).extend(values);
    Ok(Output::nothing())
}

/// `state-delete KEY`
pub(super) fn delete(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &[], switches: &[] }.parse(call.args)?;
    flags.at_most(1)?;
    if let Some(key) = flags.rest.first() {
        state_mut(context).remove(key);
    }
    Ok(Output::nothing())
}

fn state<'c>(context: &'c HookContext<'_>) -> &'c Bag {
    context.writes.state.as_ref().unwrap_or_else(|| &context.model.unit(&context.unit).state)
}

fn state_mut<'c>(context: &'c mut HookContext<'_>) -> &'c mut Bag {
    let committed = &context.model.unit(&context.unit).state;
    context.writes.state.get_or_insert_with(|| committed.clone())
}
