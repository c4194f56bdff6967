//! `config-get [--all] [KEY]`

use super::flags::Flags;
use super::{Call, Failure, Output, Result, quote};
use crate::context::HookContext;
use crate::tree::Tree;

pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let key = flags.rest.first().filter(|key| !key.is_empty());
    if let Some(key) = key.filter(|_| flags.has("a")) {
        return Err(Failure::usage(format!("cannot use argument --all together with key {}", quote(key))));
    }
    flags.at_most(1)?;
    let config = &context.model.application(context.application()).config;
    Ok(Output::Tree(match key {
        Some(key) => config.get(key).map_or(Tree::Null, Tree::from),
        None => Tree::Map(
            config
                .iter()
                .filter(|(_, value)| flags.has("a") || !value.is_null())
                .map(|(key, value)| (key.clone(), value.into()))
                .collect(),
        ),
    }))
}
