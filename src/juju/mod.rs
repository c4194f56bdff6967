//! Juju as a hook meets it: names, the event, the environment, the charm's metadata, the hook tools, the log.

mod context;
mod event;
pub mod log;
mod metadata;
mod names;
pub mod tool;

pub use context::{Context, Environment};
pub use event::{Event, Lifecycle, RelationEvent, RelationKind, SecretEvent, SecretKind};
pub use metadata::{Endpoint, Metadata, Role};
pub use names::{NameError, RelationId, UnitName};
