//! `goal-state`: the units there will be, and how those are that there are.

use std::collections::BTreeMap;

use super::flags::Flags;
use super::{Call, Output, Result};
use crate::Name;
use crate::context::HookContext;
use crate::model::Model;
use crate::tree::Tree;

pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    flags.at_most(0)?;
    let model = &*context.model;
    if let Some(given) = &model.goal_state {
        return Ok(Output::Tree(given.clone()));
    }
    let own = context.application();
    let mut relations: BTreeMap<String, BTreeMap<String, Tree>> = BTreeMap::new();
    for id in &model.application(own).relations {
        let relation = &model.relations[id];
        let (Some(end), false) = (relation.end_of(own), relation.is_peer()) else { continue };
        let other = &relation.ends[relation.opposite(end)].application;
        let entry = relations.entry(relation.ends[end].endpoint.name.clone()).or_default();
        let state = if relation.suspended {
            "suspended"
        } else if relation.is_joined() {
            "joined"
        } else {
            "joining"
        };
        entry.insert(other.to_string(), since(model, state));
        entry.extend(units(model, other));
    }
    Ok(Output::Tree(Tree::Record(vec![
        ("units", Tree::Map(units(model, own))),
        (
            "relations",
            Tree::Map(relations.into_iter().map(|(name, units)| (name, Tree::Map(units))).collect()),
        ),
    ])))
}

fn units(model: &Model, application: &Name) -> BTreeMap<String, Tree> {
    let names = model.applications.get(application).map(|application| &application.units);
    let states = names.into_iter().flatten().map(|name| {
        let unit = model.unit(name);
        (name.to_string(), since(model, if unit.dying { "dying" } else { &unit.status.state }))
    });
    states.collect()
}

/// A state and since when. No time passes here.
fn since(model: &Model, state: &str) -> Tree {
    Tree::Record(vec![("status", state.into()), ("since", model.now.as_str().into())])
}
