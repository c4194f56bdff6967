use std::collections::{BTreeMap, BTreeSet};

use super::{About, Grant, Owner};
use crate::{Bag, Name};

/// What a hook has asked for about secrets: Juju does it before the hook's transaction, and outside of it.
#[derive(Debug, Default)]
pub(crate) struct SecretWrites {
    /// New ones, in the order of the calls.
    pub(crate) creates: Vec<NewSecret>,
    pub(crate) updates: BTreeMap<String, (About, Bag)>,
    /// Whole secrets, or one revision.
    pub(crate) deletes: BTreeMap<String, Option<u32>>,
    pub(crate) grants: Vec<(String, Name, Grant)>,
    pub(crate) revokes: Vec<(String, Name)>,
    /// Secrets of which the unit reads the latest revision from now on.
    pub(crate) track_latest: BTreeSet<String>,
}

/// A secret that isn't there before the commit.
#[derive(Debug, Clone)]
pub(crate) struct NewSecret {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) about: About,
    pub(crate) content: Bag,
}
