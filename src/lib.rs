//! The `ssl-termination` interface for Juju charms, and the charm that terminates TLS.

pub mod host;
pub mod interface;
pub mod juju;
pub mod proxy;
pub mod reactive;
pub mod wire;
