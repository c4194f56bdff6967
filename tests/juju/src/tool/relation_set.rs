//! `relation-set [-r ID] [--app] [--file PATH | -] [K=V…]`

use super::flags::Flags;
use super::relation::relation_of;
use super::{Call, Failure, Result, deprecated_format, pairs};
use crate::context::HookContext;
use crate::settings::changes_of;

pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>, flags: &Flags) -> Result {
    let (id, _) = relation_of(context, flags)?;
    let args = pairs::from_args(&flags.rest)?;
    let mut values = pairs::from_file(flags, call)?;
    values.extend(args);
    if flags.has("app") && !context.is_leader() {
        return Err(Failure::failed("cannot write relation settings"));
    }
    if !context.model.relations.contains_key(&id) {
        return Err(Failure::failed("permission denied"));
    }
    let writes = &mut context.writes;
    let bags = if flags.has("app") { &mut writes.application } else { &mut writes.unit };
    bags.entry(id).or_default().extend(changes_of(values));
    Ok(deprecated_format(flags, "relation-set"))
}
