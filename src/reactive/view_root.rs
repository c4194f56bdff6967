use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::table::Root;

/// Where a view is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ViewRoot {
    pub(super) config: Root,
    pub(super) endpoints: BTreeMap<String, EndpointRoot>,
}

/// Where what is known of an endpoint is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EndpointRoot {
    pub(super) relations: Root,
    pub(super) units: Root,
    #[serde(default)]
    pub(super) applications: Root,
}

impl ViewRoot {
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.endpoints.values();
        let tables = endpoints.flat_map(|root| [&root.relations, &root.units, &root.applications]);
        self.config.pieces().chain(tables.flat_map(Root::pieces))
    }
}
