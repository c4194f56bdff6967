//! A Juju in one process, for tests of charms in any language.
//!
//! [`Juju`] is a model: applications, units, relations, and the queue of events in Juju's order. Hooks
//! run as real processes with real hook tools on their PATH, so what a test examines is the charm as
//! Juju would run it. Where Juju leaves the order of events to chance, a seed decides.
#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that asks for what isn't in the model is wrong, and must say so at once"
)]

mod base64;
#[cfg(test)]
mod battery;
mod charm;
#[doc(hidden)]
pub mod client;
mod context;
mod context_secrets;
mod event;
mod fault;
mod go_number;
mod go_yaml;
mod hook_run;
mod juju;
mod metadata;
mod model;
mod packed;
mod part;
mod port;
mod run;
mod scenario;
mod settings;
mod tool;
mod tree;
mod version;
#[doc(hidden)]
pub mod wire;

/// The name of a unit or an application, shared.
pub type Name = std::sync::Arc<str>;

pub use charm::Charm;
pub use event::{Event, HookKind};
pub use fault::Fault;
pub use hook_run::{Call, HookRun};
pub use juju::{ActionRun, Controller, Juju, Pending};
pub use model::{RelationId, Status};
pub use part::Part;
pub use scenario::{Scenario, ScenarioError};
pub use settings::{Bag, Changes};
