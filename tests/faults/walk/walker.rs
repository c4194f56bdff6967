//! What the walks of different charms have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use test_juju::{Charm, Juju};

/// What the units of a relation ask.
pub(crate) type Asked = BTreeMap<String, BTreeSet<String>>;

/// The charm that walks, with its machine and its Juju.
pub(crate) trait Walker {
    fn juju(&self) -> &Juju;
    fn juju_mut(&mut self) -> &mut Juju;
    fn charm(&self) -> Charm;
    /// The proxy is deployed as one unit.
    fn deploy(&mut self);
    /// A client's request for names.
    fn request(&self, client: usize, names: &[&str]) -> Value;
    /// As much as the model knows of what a relation is told.
    fn should_tell(&self, granted: &BTreeSet<&String>, asked: &Asked) -> Value;
    /// The same of what it was told.
    fn tells(&self, status: Value) -> Value;
    /// The names in it that it has.
    fn granted(&self, status: &Value) -> BTreeSet<String>;
    /// The files that nginx works with.
    fn files(&self) -> Vec<String> {
        Vec::new()
    }
    fn kill_nginx(&mut self) {}
    /// What processes and `/run` lose when the machine restarts.
    fn restart(&mut self) {}
    /// Whether each name is served for the client that has it, and no other.
    fn is_served(&self, _name: &str, _client: Option<usize>) -> Result<(), String> {
        Ok(())
    }
}
