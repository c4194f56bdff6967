//! The `ssl-termination` interface for Juju charms, and the charm that terminates TLS.

pub mod client;
pub mod host;
pub mod interface;
pub mod juju;
pub mod options;
pub mod proxy;
pub mod reactive;
pub mod wire;
