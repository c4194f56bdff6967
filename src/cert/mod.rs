//! Certificates with their keys: where they come from, how they are kept, which one a name is served with.
//!
//! A certificate, its chain and its key lie in one PEM file, so that they are replaced together and always match. Each
//! source has a folder of its own with a file for each site: a source that is new or fails takes nothing away from what
//! another has left, and what is served is chosen anew each time, name by name.

pub mod acme;
mod authority;
mod choice;
mod folder;
mod gone;
mod pair;
pub mod signing;
mod source;
mod store;
mod supplied;
mod when;

pub use folder::Folder;
pub use gone::Gone;
pub use pair::Pair;
pub use source::{Asked, Source, Wish};
pub use store::{Part, Standing, Store, authority, keep_fallback};
pub use supplied::supplied;
pub use when::{now, rfc_3339};
