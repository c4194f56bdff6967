//! What a test can look at.

use super::Juju;
use crate::{Bag, Event, Name, RelationId, Status};

impl Juju {
    /// A unit's databag. Empty if it never was in the relation, or the relation is gone.
    pub fn bag(&self, relation: RelationId, unit: &str) -> Bag {
        let relation = self.model.relations.get(&relation);
        let settings = relation.and_then(|relation| relation.units.get(unit));
        settings.map_or_else(Bag::new, |settings| (*settings.bag).clone())
    }

    /// An application's databag.
    pub fn app_bag(&self, relation: RelationId, application: &str) -> Bag {
        let relation = self.model.relations.get(&relation);
        let settings = relation.and_then(|relation| relation.applications.get(application));
        settings.map_or_else(Bag::new, |settings| (*settings.bag).clone())
    }

    /// What the unit's charm has last said with `status-set`.
    pub fn status(&self, unit: &str) -> (String, String) {
        let Status { state, message } = self.model.unit(unit).status.clone();
        (state, message)
    }

    /// `juju show-status-log`, of all units that ever were: what each charm has said with `status-set`, in the order of
    /// time.
    pub fn status_log(&self) -> &[(Name, Status)] {
        &self.model.status_log
    }

    /// What the leader's charm has last said with `status-set --application`.
    pub fn app_status(&self, application: &str) -> (String, String) {
        let Status { state, message } = self.model.application(application).status.clone();
        (state, message)
    }

    /// The hook that put the unit into an error and will be retried.
    pub fn failed(&self, unit: &str) -> Option<Event> {
        let agent = &self.model.unit(unit).agent;
        agent.retry.as_ref().filter(|_| agent.in_error).map(|(event, _)| event.clone())
    }

    /// The unit's opened ports, as `80/tcp`, in the order of `opened-ports`.
    pub fn opened_ports(&self, unit: &str) -> Vec<String> {
        let mut ranges: Vec<_> = self.model.unit(unit).ports.iter().map(|(_, range)| *range).collect();
        ranges.sort();
        ranges.dedup();
        ranges.iter().map(ToString::to_string).collect()
    }

    /// What the unit's charm has committed with `state-set`.
    pub fn state(&self, unit: &str) -> Bag {
        self.model.unit(unit).state.clone()
    }

    /// What the unit's charm has written with `juju-log`: level and message.
    pub fn log(&self, unit: &str) -> Vec<(String, String)> {
        self.model.unit(unit).log.clone()
    }

    /// What the unit's charm has last said with `application-version-set`.
    pub fn workload_version(&self, unit: &str) -> String {
        self.model.unit(unit).workload_version.clone()
    }

    /// The number of the machine that the unit is on.
    pub fn machine(&self, unit: &str) -> usize {
        self.model.unit(unit).machine
    }

    /// The application's leader.
    pub fn leader(&self, application: &str) -> Option<Name> {
        self.model.application(application).leader.clone()
    }

    /// The units of an application, sorted as strings. None if it is gone.
    pub fn units(&self, application: &str) -> Vec<Name> {
        let application = self.model.applications.get(application);
        application.into_iter().flat_map(|application| application.units.iter().cloned()).collect()
    }

    /// The relations at an application's endpoint that are not gone.
    pub fn relations_at(&self, application: &str, endpoint: &str) -> Vec<RelationId> {
        let at = |id: &RelationId| {
            let mut ends = self.model.relations[id].ends.iter();
            ends.any(|end| *end.application == *application && end.endpoint.name == endpoint)
        };
        self.relations(application).into_iter().filter(at).collect()
    }

    /// The relations of an application that are not gone.
    pub fn relations(&self, application: &str) -> Vec<RelationId> {
        let application = self.model.applications.get(application);
        application.into_iter().flat_map(|application| application.relations.iter().copied()).collect()
    }
}
