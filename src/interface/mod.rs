//! The `ssl-termination` interface, both sides, for endpoints of any name: flags, the four calls, and one hook's way
//! through it all.
//!
//! The requires sides of `http` and of `tls-certificates` are here too, as far as their flags and their keys go.

pub mod certificates;
mod flags;
mod hook;
mod main;
mod outcome;
pub mod provides;
pub mod requires;
mod take_in;
pub mod websites;

pub use flags::of_endpoints;
pub use hook::{Hook, Purpose};
pub use main::main;
pub use outcome::outcome_of;

/// One row of a charm's handler table.
pub type Handler = crate::reactive::Handler<Hook>;

use crate::juju::{Endpoint, Role};
use crate::wire::{CertRequest, tls_certificates};

/// The keys that we publish in our own unit's databags.
const PUBLISHED: [&str; 4] = ["cert-request", "status", "features", tls_certificates::REQUESTS];

/// What is remembered of a value that is too long.
const TOO_LONG: &str = "too long: ";

/// Stands for a value that is too long: another one of them has another length or another digest.
fn too_long(value: &str) -> String {
    format!("{TOO_LONG}{} bytes, {}", value.len(), crate::reactive::digest(value.as_bytes()))
}

/// The keys of the other side's databags that one side of an interface is about.
#[derive(Debug, Clone, Copy)]
struct Keys {
    /// Whether they are the application's and not the units'. Then nothing of the units is read: they are there or not.
    of_application: bool,
    /// The ones whose change raises `update`.
    watched: &'static [&'static str],
    /// The ones that are remembered besides.
    noted: &'static [&'static str],
    /// How long a value may be, in bytes.
    longest: usize,
}

impl Keys {
    const fn of_units(watched: &'static [&'static str], noted: &'static [&'static str]) -> Self {
        Self { of_application: false, watched, noted, longest: CertRequest::MAX_BYTES }
    }
}

/// What we look at on an endpoint; nothing on one whose interface is not ours.
fn keys(endpoint: Endpoint<'_>) -> Option<Keys> {
    match (endpoint.interface, endpoint.role) {
        ("ssl-termination", Role::Provides) => Some(Keys::of_units(&["cert-request"], &[])),
        ("ssl-termination", Role::Requires) => Some(Keys::of_units(&["status"], &["features"])),
        ("http", Role::Requires) => {
            Some(Keys::of_units(&["hostname", "port", "ingress-address", "private-address"], &[]))
        }
        ("tls-certificates", Role::Requires) => Some(Keys {
            of_application: true,
            watched: &tls_certificates::ANSWERS,
            noted: &[],
            longest: tls_certificates::MAX_BYTES,
        }),
        _ => None,
    }
}
