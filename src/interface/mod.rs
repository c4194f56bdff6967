//! The `ssl-termination` interface, both sides, for endpoints of any name: flags, the four calls, and one hook's way
//! through it all.
//!
//! The `http` interface's requires side is here too, as far as its flags and its keys go.

mod flags;
mod hook;
mod main;
mod outcome;
pub mod provides;
pub mod requires;
mod take_in;
pub mod websites;

pub use flags::of_endpoints;
pub use hook::Hook;
pub use main::main;
pub use outcome::outcome_of;

/// One row of a charm's handler table.
pub type Handler = crate::reactive::Handler<Hook>;

use crate::juju::{Endpoint, Role};

/// The keys that we publish in our own unit's databags.
const PUBLISHED: [&str; 3] = ["cert-request", "status", "features"];

/// What is remembered of a value that is too long.
const TOO_LONG: &str = "too long: ";

/// Stands for a value that is too long: another one of them has another length or another digest.
fn too_long(value: &str) -> String {
    format!("{TOO_LONG}{} bytes, {}", value.len(), crate::reactive::digest(value.as_bytes()))
}

/// The keys of a remote unit's databag that one side of an interface is about.
#[derive(Debug, Clone, Copy)]
struct Keys {
    /// The ones whose change raises `update`.
    watched: &'static [&'static str],
    /// The ones that are remembered besides.
    noted: &'static [&'static str],
}

/// What we look at on an endpoint; nothing on one whose interface is not ours.
fn keys(endpoint: Endpoint<'_>) -> Option<Keys> {
    match (endpoint.interface, endpoint.role) {
        ("ssl-termination", Role::Provides) => Some(Keys { watched: &["cert-request"], noted: &[] }),
        ("ssl-termination", Role::Requires) => Some(Keys { watched: &["status"], noted: &["features"] }),
        ("http", Role::Requires) => {
            Some(Keys { watched: &["hostname", "port", "ingress-address", "private-address"], noted: &[] })
        }
        _ => None,
    }
}
