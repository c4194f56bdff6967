//! `action-get`, `action-set`, `action-fail` and `action-log`

use super::flags::{Flags, Options};
use super::format::Format;
use super::{Call, Failure, Output, Result};
use crate::context::{ActionContext, HookContext};

const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

/// `action-get [KEY]`, where dots go into nested maps.
pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &[] }.parse(call.args)?;
    flags.at_most(1)?;
    let params = &running(context)?.params;
    let value = match flags.rest.first() {
        Some(key) => {
            key.split('.').try_fold(params, |value, part| value.get(part)).cloned().unwrap_or_default()
        }
        None => params.clone(),
    };
    Ok(Format::of(&flags)?.print(&value))
}

/// `action-set K=V…`
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = plain(call)?;
    let mut results = Vec::new();
    for arg in &flags.rest {
        let (key, value) = arg
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Failure::usage(format!(r#"argument "{arg}" must be of the form key...=value"#)))?;
        if RESERVED.contains(&key) {
            return Err(Failure::usage(format!(r#"cannot set reserved action key "{key}""#)));
        }
        if !key.split('.').all(is_result_key) {
            return Err(Failure::usage(format!(
                "key {key:?} must start and end with lowercase alphanumeric, \
                 and contain only lowercase alphanumeric, hyphens and periods"
            )));
        }
        results.push((key.to_owned(), value.to_owned()));
    }
    running(context)?.results.extend(results);
    Ok(Output::nothing())
}

/// `action-fail [MESSAGE]`
pub(super) fn fail(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = plain(call)?;
    flags.at_most(1)?;
    let message =
        flags.rest.first().map_or("action failed without reason given, check action for errors", |m| m);
    running(context)?.failure = Some(message.to_owned());
    Ok(Output::nothing())
}

/// `action-log MESSAGE…`
pub(super) fn log(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = plain(call)?;
    if flags.rest.is_empty() {
        return Err(Failure::usage("no message specified"));
    }
    running(context)?.messages.push(flags.rest.join(" "));
    Ok(Output::nothing())
}

fn plain(call: Call<'_>) -> Result<Flags> {
    Options { values: &[], switches: &[] }.parse(call.args)
}

fn running<'c>(context: &'c mut HookContext<'_>) -> Result<&'c mut ActionContext> {
    context.action.as_mut().ok_or_else(|| Failure::failed("not running an action"))
}

fn is_result_key(key: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    key.starts_with(inner) && key.ends_with(inner) && key.chars().all(|c| inner(c) || c == '-')
}
