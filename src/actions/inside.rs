use anyhow::Result;

use super::Params;
use super::results::Results;
use crate::interface::Hook;
use crate::reactive::Standing;
use crate::{client, proxy};

/// The flags that are set, one a line.
#[expect(clippy::unnecessary_wraps, reason = "as every action")]
pub(super) fn flags(hook: &mut Hook, _: &Params) -> Result<Results> {
    let mut results = Results::default();
    let flags: Vec<String> = hook.flags().iter().map(ToString::to_string).collect();
    results.put("count", flags.len().to_string());
    if !flags.is_empty() {
        results.put("flags", flags.join("\n"));
    }
    if let Some(said) = standing(hook.standing) {
        results.put("message", said);
    }
    Ok(results)
}

/// What is wrong with what is remembered.
pub(super) fn standing(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Behind => {
            Some("Juju has not committed this unit's last hook: the next one does its work again")
        }
        Standing::Unknown => {
            Some("the flag file was lost, or Juju was restored: the next hook reads everything again")
        }
        Standing::New => Some("this unit has not run a hook yet"),
        Standing::Current | Standing::Again => None,
    }
}

/// What would be served, what would change and why.
pub(super) fn plan(hook: &mut Hook, _: &Params) -> Result<Results> {
    let mut results = Results::default();
    results.put("plan", [proxy::explain(hook)?, client::explain(hook)?].concat().join("\n"));
    Ok(results)
}
