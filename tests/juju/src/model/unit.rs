use std::collections::BTreeSet;

use super::Agent;
use crate::Name;
use crate::port::PortRange;
use crate::settings::Bag;

/// A unit, as the controller knows it, and its agent.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) application: Name,
    pub(crate) machine: usize,
    /// The unit that a subordinate stands beside.
    pub(crate) principal: Option<Name>,
    pub(crate) dying: bool,
    pub(crate) status: Status,
    pub(crate) workload_version: String,
    /// Opened ports: the endpoint (empty for all of them) and the range.
    pub(crate) ports: BTreeSet<(String, PortRange)>,
    pub(crate) state: Bag,
    /// What `juju-log` has written: level and message.
    pub(crate) log: Vec<(String, String)>,
    pub(crate) agent: Agent,
}

/// A status as `status-set` has left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `active`, `blocked`, `maintenance`, `waiting` or `unknown`.
    pub state: String,
    /// The message for people.
    pub message: String,
}

impl Status {
    pub(crate) fn new(state: &str, message: &str) -> Self {
        Self { state: state.to_owned(), message: message.to_owned() }
    }
}

impl Unit {
    /// What container-scoped relations go by: units that share it see each other.
    pub(crate) fn container(&self, own_name: &Name) -> Name {
        self.principal.clone().unwrap_or_else(|| own_name.clone())
    }

    /// The address of the machine.
    pub(crate) fn address(&self) -> String {
        let host = self.machine + 1;
        format!("10.{}.{}.{}", (host >> 16) & 255, (host >> 8) & 255, host & 255)
    }

    /// What Juju itself writes into the unit's databag of every relation.
    pub(crate) fn addresses(&self) -> Bag {
        let address = self.address();
        let egress = format!("{address}/32");
        [("egress-subnets", egress), ("ingress-address", address.clone()), ("private-address", address)]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }
}
