//! `action-get`, `action-set`, `action-fail` and `action-log`

use super::flags::Flags;
use super::{Call, Failure, Output, Result, quote};
use crate::context::{ActionContext, HookContext};
use crate::tree::Tree;

const RESERVED: [&str; 4] = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"];

/// `action-get [KEY]`, where dots go into nested maps.
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(1)?;
    let params = &running(context)?.params;
    Ok(Output::Tree(match flags.rest.first() {
        Some(key) => {
            key.split('.').try_fold(params, |value, part| value.get(part)).map_or(Tree::Null, Tree::from)
        }
        None if params.is_null() => Tree::Record(Vec::new()),
        None => params.into(),
    }))
}

/// `action-set K=V…`
pub(super) fn set(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let mut results = Vec::new();
    for arg in &flags.rest {
        let (key, value) = arg.split_once('=').ok_or_else(|| {
            Failure::usage(format!("argument {} must be of the form key...=value", quote(arg)))
        })?;
        for part in key.split('.') {
            if !is_result_key(part) {
                return Err(Failure::usage(format!(
                    "key {} must start and end with lowercase alphanumeric, \
                     and contain only lowercase alphanumeric, hyphens and periods",
                    quote(part)
                )));
            }
            if RESERVED.contains(&part) {
                return Err(Failure::usage(format!(r#"cannot set reserved action key "{part}""#)));
            }
        }
        results.push((key.to_owned(), value.to_owned()));
    }
    if !results.is_empty() {
        running(context)?.results.extend(results);
    }
    Ok(Output::Nothing)
}

/// `action-fail [MESSAGE]`
pub(super) fn fail(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(1)?;
    let message =
        flags.rest.first().map_or("action failed without reason given, check action for errors", |m| m);
    running(context)?.failure = Some(message.to_owned());
    Ok(Output::Nothing)
}

/// `action-log MESSAGE…`
pub(super) fn log(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    if flags.rest.is_empty() {
        return Err(Failure::usage("no message specified"));
    }
    running(context)?.messages.push(flags.rest.join(" "));
    Ok(Output::Nothing)
}

fn running<'c>(context: &'c mut HookContext<'_>) -> Result<&'c mut ActionContext> {
    context.action.as_mut().ok_or_else(|| Failure::failed("not running an action"))
}

fn is_result_key(key: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    key.starts_with(inner) && key.ends_with(inner) && key.chars().all(|c| inner(c) || c == '-')
}
