//! `application-version-set VERSION`

use super::flags::Options;
use super::{Call, Failure, Output, Result};
use crate::context::HookContext;

/// At once, whatever becomes of the hook.
pub(super) fn set(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &[], switches: &[] }.parse(call.args)?;
    let version = flags.rest.first().ok_or_else(|| Failure::usage("no version specified"))?;
    flags.at_most(1)?;
    let application = context.application().clone();
    context.model.unit_mut(&context.unit).workload_version.clone_from(version);
    context.model.application_mut(&application).workload_version.clone_from(version);
    Ok(Output::nothing())
}
