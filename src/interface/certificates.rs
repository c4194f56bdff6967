//! The requires side of the `tls-certificates` interface: signing requests of this unit, and what is said to them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Hook;
use crate::juju::RelationId;
use crate::wire::tls_certificates::{Answers, REQUESTS, SigningRequest, requests_to_wire};

/// Publishes exactly these requests, in our unit's databag: every unit has keys of its own, which never leave it.
pub fn send_requests(
    hook: &mut Hook,
    relation: &RelationId,
    requests: &BTreeSet<SigningRequest>,
) -> Result<()> {
    hook.publish(relation, REQUESTS, requests_to_wire(requests))
}

/// What the provider's application says to these requests.
pub fn get_answers(
    hook: &Hook,
    relation: &RelationId,
    requests: &BTreeSet<SigningRequest>,
) -> Result<Answers> {
    let bag = hook.state.view.application_bag(relation)?;
    Ok(bag.map(|bag| Answers::parse(bag, requests)).unwrap_or_default())
}
