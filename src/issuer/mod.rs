//! The ACME client: a process of its own, `ssl-termination certificates renew`, which gets certificates from an ACME
//! server (RFC 8555) and renews them. It reads what is wanted and writes pairs and how far it has come; Juju and nginx
//! learn of it from the hook that it asks for at its end.

mod account;
mod challenge;
mod desk;
mod network;
mod order;
mod problem;
mod renewal;
mod run;
mod way;

pub use run::{Errand, renew};
