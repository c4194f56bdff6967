//! `relation-ids` and `relation-list`, and how all relation tools find their relation.

use serde_json::Value;

use super::flags::{Flags, Options};
use super::format::Format;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;
use crate::model::{Membership, RelationId};

/// `relation-ids [ENDPOINT]`
pub(super) fn ids(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &[] }.parse(call.args)?;
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
    Ok(Format::of(&flags)?.print(&Value::from(ids)))
}

/// `relation-list [-r ID] [--app]`
pub(super) fn list(context: &mut HookContext<'_>, call: Call<'_>) -> Result<Output> {
    let flags =
        Options { values: &["r|relation", "format", "output|o"], switches: &["app"] }.parse(call.args)?;
    let (id, membership) = relation_of(context, &flags)?;
    flags.at_most(0)?;
    let result = if flags.has("app") {
        Value::from(&*membership.remote_application)
    } else {
        context.members(id).iter().map(|member| &**member).collect()
    };
    Ok(Format::of(&flags)?.print(&result))
}

/// The relation that `-r` names, or else the one that the hook is about.
pub(super) fn relation_of<'c>(
    context: &'c HookContext<'_>,
    flags: &Flags,
) -> Result<(RelationId, &'c Membership)> {
    let wrong = |text: &str, what| Failure::usage(format!(r#"invalid value "{text}" for option -r: {what}"#));
    let id = match flags.value("r") {
        Some(text) => {
            let number = text.rsplit(':').next().unwrap_or(text);
            RelationId(number.parse().map_err(|_| wrong(text, "invalid relation id"))?)
        }
        None => context
            .event
            .as_ref()
            .and_then(|event| event.relation)
            .ok_or_else(|| Failure::usage("no relation id specified"))?,
    };
    let membership = context
        .membership(id)
        .ok_or_else(|| wrong(flags.value("r").unwrap_or_default(), "relation not found"))?;
    Ok((id, membership))
}
