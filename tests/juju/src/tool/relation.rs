//! `relation-ids` and `relation-list`, and how all relation tools find their relation.

use super::flags::Flags;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;
use crate::model::{Membership, RelationId};
use crate::tree::Tree;

/// `relation-ids [ENDPOINT]`
pub(super) fn ids(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let here = context.event.as_ref().and_then(|event| event.endpoint.as_deref());
    let endpoint = flags
        .rest
        .first()
        .map(String::as_str)
        .or(here)
        .ok_or_else(|| Failure::usage("no endpoint name specified"))?;
    flags.at_most(1)?;
    let memberships = &context.model.unit(&context.unit).agent.memberships;
    let mut ids: Vec<String> = memberships
        .iter()
        .filter(|(id, membership)| membership.endpoint == endpoint && context.is_listed(**id, membership))
        .map(|(id, _)| format!("{endpoint}:{id}"))
        .collect();
    ids.sort();
    Ok(Output::Tree(Tree::Lines(ids)))
}

/// `relation-list [-r ID] [--app]`
pub(super) fn list(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let (id, membership) = relation_of(context, flags)?;
    flags.at_most(0)?;
    Ok(Output::Tree(if flags.has("app") {
        Tree::from(&*membership.remote_application)
    } else {
        Tree::Lines(context.members(id).iter().map(ToString::to_string).collect())
    }))
}

/// The relation that `-r` names, or else the one that the hook is about.
pub(super) fn relation_of<'c>(
    context: &'c HookContext<'_>,
    flags: &Flags,
) -> Result<(RelationId, &'c Membership)> {
    let here = context.event.as_ref().and_then(|event| event.relation);
    let id = flags.relation().or(here).ok_or_else(|| Failure::usage("no relation id specified"))?;
    let membership = context.membership(id).ok_or_else(|| Failure::failed("relation not found"))?;
    Ok((id, membership))
}
