use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Membership, RelationId};
use crate::{Charm, Event};

/// What a unit's agent has done and has been told: hooks fire on the difference to the model.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as in Juju's own agent state")]
pub(crate) struct Agent {
    pub(crate) installed: bool,
    pub(crate) started: bool,
    pub(crate) stopped: bool,
    /// The charm that is unpacked, and its application's revision then.
    pub(crate) charm: Option<(Charm, u64)>,
    /// The hook that comes next whatever else happens: start after config-changed, config-changed after upgrade-charm.
    pub(crate) queued: Option<Event>,
    /// The hook that must be run again, and how often it has failed in a row.
    pub(crate) retry: Option<(Event, u32)>,
    /// The hook that failed last put the unit into an error. A killed one doesn't.
    pub(crate) in_error: bool,
    /// An operator has said that the failed hook is to be tried again.
    pub(crate) resolved: bool,
    /// Whether it was told that it leads, or that it doesn't.
    pub(crate) told_leader: Option<bool>,
    /// The version of the leader's settings that it was told of. None after a restart.
    pub(crate) told_leader_settings: Option<u64>,
    pub(crate) told_config: Option<Arc<BTreeMap<String, Value>>>,
    pub(crate) rebooted: bool,
    pub(crate) update_status: bool,
    pub(crate) memberships: BTreeMap<RelationId, Membership>,
    /// Relations that have yet to be created for this unit.
    pub(crate) uncreated: BTreeSet<RelationId>,
    /// Relations with something to tell.
    pub(crate) active: BTreeSet<RelationId>,
}
