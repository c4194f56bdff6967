//! `relation-get [-r ID] [KEY | -] [UNIT | APPLICATION] [--app]`

use std::sync::Arc;

use serde_json::Value;

use super::flags::Options;
use super::format::Format;
use super::relation::relation_of;
use super::{Call, Failure, Result};
use crate::Name;
use crate::context::HookContext;
use crate::settings::Bag;

/// Whose databag is meant.
enum Owner {
    Unit(Name),
    Application(Name),
}

pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags =
        Options { values: &["r|relation", "format", "output|o"], switches: &["app"] }.parse(call.args)?;
    let (id, membership) = relation_of(context, &flags)?;
    let remote_application = membership.remote_application.clone();
    let (key, owner) = match flags.rest.as_slice() {
        [] => ("-", None),
        [key] => (key.as_str(), None),
        [key, owner, ..] => (key.as_str(), Some(owner.as_str())),
    };
    flags.at_most(2)?;
    let owner = match owner {
        Some(name) => named(name, flags.has("app"))?,
        None => implied(context, flags.has("app"), remote_application)?,
    };
    let format = Format::of(&flags)?;
    let bag = match owner {
        Owner::Unit(unit) => context.unit_bag(id, &unit)?,
        Owner::Application(application) => context.application_bag(id, &application)?,
    };
    Ok(format.print(&select(&bag, key)))
}

/// The owner that the arguments name. A unit's name with `--app` means its application.
fn named(name: &str, app: bool) -> Result<Owner> {
    let is_application = is_application(name);
    match name.rsplit_once('/') {
        Some((application, number)) if is_number(number) && self::is_application(application) => {
            Ok(if app { Owner::Application(application.into()) } else { Owner::Unit(name.into()) })
        }
        _ if is_application => Ok(Owner::Application(name.into())),
        _ => Err(Failure::usage(format!(r#"invalid unit name "{name}""#))),
    }
}

/// The hook's own remote unit, or the remote application where there is none.
fn implied(context: &HookContext<'_>, app: bool, remote_application: Name) -> Result<Owner> {
    let event = context.event.as_ref().filter(|event| event.relation.is_some());
    match event {
        Some(event) => Ok(match &event.remote_unit {
            Some(unit) if !app => Owner::Unit(unit.clone()),
            _ => Owner::Application(event.remote_app.clone().unwrap_or(remote_application)),
        }),
        None if app => Ok(Owner::Application(remote_application)),
        None => Err(Failure::usage("no unit or application specified")),
    }
}

fn select(bag: &Arc<Bag>, key: &str) -> Value {
    if key.is_empty() || key == "-" {
        return bag.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    }
    bag.get(key).map_or(Value::Null, |value| Value::from(value.as_str()))
}

fn is_application(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
