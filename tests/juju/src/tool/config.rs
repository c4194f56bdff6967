//! `config-get [--all] [KEY]`

use serde_json::Value;

use super::flags::Options;
use super::format::Format;
use super::{Call, Result};
use crate::context::HookContext;

pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &["all|a"] }.parse(call.args)?;
    flags.at_most(1)?;
    let config = &context.model.application(context.application()).config;
    let value = match flags.rest.first().filter(|key| !key.is_empty()) {
        Some(key) => config.get(key).cloned().unwrap_or_default(),
        None => config
            .iter()
            .filter(|(_, value)| flags.has("all") || !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<Value>(),
    };
    Ok(Format::of(&flags)?.print(&value))
}
