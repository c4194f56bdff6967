//! `application-version-set VERSION`

use super::flags::Flags;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;

/// At once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let version = flags.rest.first().ok_or_else(|| Failure::usage("no version specified"))?;
    flags.at_most(1)?;
    let application = context.application().clone();
    context.model.unit_mut(&context.unit).workload_version.clone_from(version);
    context.model.application_mut(&application).workload_version.clone_from(version);
    Ok(Output::Nothing)
}
