//! `relation-get [-r ID] [KEY | -] [UNIT | APPLICATION] [--app]`

use std::sync::Arc;

use super::flags::Flags;
use super::relation::relation_of;
use super::{Call, Failure, Output, Result, quote};
use crate::Name;
use crate::context::HookContext;
use crate::settings::Bag;
use crate::tree::Tree;

/// Whose databag is meant.
enum Owner {
    Unit(Name),
    Application(Name),
}

pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, _) = relation_of(context, flags)?;
    let (key, owner) = match flags.rest.as_slice() {
        [] => ("-", None),
        [key] => (key.as_str(), None),
        [key, owner, ..] => (key.as_str(), Some(owner.as_str())),
    };
    let owner = match owner {
        Some(name) => named(name, flags.has("app"))?,
        None => implied(context, flags.has("app"))?,
    };
    flags.at_most(2)?;
    let bag = match owner {
        Owner::Unit(unit) => context.unit_bag(id, &unit)?,
        Owner::Application(application) => context.application_bag(id, &application)?,
    };
    Ok(Output::Tree(select(&bag, key)))
}

/// The owner that the arguments name. A unit's name with `--app` means its application.
fn named(name: &str, app: bool) -> Result<Owner> {
    match (application_of(name), is_application(name)) {
        (Some(application), _) => {
            Ok(if app { Owner::Application(application.into()) } else { Owner::Unit(name.into()) })
        }
        (None, _) if app => Ok(Owner::Application(name.into())),
        (None, true) => {
            Err(Failure::usage(format!("expected unit name, got application name {}", quote(name))))
        }
        (None, false) => Err(Failure::usage(format!("invalid unit name {}", quote(name)))),
    }
}

/// The hook's own remote unit, or the remote application where there is none.
fn implied(context: &HookContext<'_>, app: bool) -> Result<Owner> {
    let event = context.event.as_ref();
    let application = event.and_then(|event| event.remote_app.clone());
    match (event.and_then(|event| event.remote_unit.clone()), application) {
        (Some(unit), _) if !app => Ok(Owner::Unit(unit)),
        (_, Some(application)) => Ok(Owner::Application(application)),
        _ => Err(Failure::usage("no unit or application specified")),
    }
}

fn select(bag: &Arc<Bag>, key: &str) -> Tree {
    match key {
        "" | "-" => (&**bag).into(),
        key => bag.get(key).map_or(Tree::Null, |value| value.as_str().into()),
    }
}

/// A unit's application, none if that isn't a unit's name.
pub(super) fn application_of(unit: &str) -> Option<&str> {
    let (application, number) = unit.rsplit_once('/')?;
    let canonical = !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (number == "0" || !number.starts_with('0'));
    (canonical && is_application(application)).then_some(application)
}

/// Words of lowercase letters and digits with hyphens between, the first begins with a letter, each word has a letter.
pub(super) fn is_application(name: &str) -> bool {
    let word = |word: &str| {
        word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            && word.contains(|c: char| c.is_ascii_lowercase())
    };
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(word)
}
