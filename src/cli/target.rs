//! Which endpoint and which relations a call is about.

use anyhow::{Result, bail};
use clap::Args;

use crate::interface::Hook;
use crate::juju::{Endpoint, RelationId, Role};

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The charm's endpoint; needed only if it has several of this side.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// One relation of it, such as tls:7; without it, all.
    #[arg(long, value_name = "ID")]
    relation: Option<RelationId>,
}

impl Target {
    /// The endpoint, which must have the right side, and those of its relations that are meant.
    pub(super) fn find(&self, hook: &Hook, role: Role) -> Result<(String, Vec<RelationId>)> {
        let endpoint = self.endpoint(hook, role)?;
        let mut relations = hook.relations(&endpoint)?;
        if let Some(wanted) = &self.relation {
            relations.retain(|relation| relation == wanted);
            if relations.is_empty() {
                bail!(
                    "the endpoint {endpoint} has no relation {wanted}: `relation-ids {endpoint}` lists those it has"
                );
            }
        }
        Ok((endpoint, relations))
    }

    fn endpoint(&self, hook: &Hook, role: Role) -> Result<String> {
        let fits = |one: &Endpoint<'_>| one.interface == "ssl-termination" && one.role == role;
        let fitting: Vec<&str> = hook.metadata.endpoints().filter(fits).map(|one| one.name).collect();
        let side = if role == Role::Provides { "provides" } else { "requires" };
        let there = if fitting.is_empty() { "none".to_owned() } else { fitting.join(", ") };
        let named = self.endpoint.as_deref().or(self.relation.as_ref().map(RelationId::endpoint));
        match (named, fitting.as_slice()) {
            (Some(name), fitting) if fitting.contains(&name) => Ok(name.to_owned()),
            (None, [only]) => Ok((*only).to_owned()),
            (None, [_, ..]) => bail!(
                "several endpoints of metadata.yaml {} the interface ssl-termination: say which with --endpoint ({there})",
                side.trim_end_matches('s')
            ),
            (Some(name), _) => bail!(
                "{name} is no endpoint of metadata.yaml that {side} the interface ssl-termination (there is: {there})"
            ),
            (None, []) => {
                bail!("no endpoint of metadata.yaml {side} the interface ssl-termination: declare one there")
            }
        }
    }
}
