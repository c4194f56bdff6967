//! The `ssl-termination` interface for Juju charms, and the charm that terminates TLS.

pub mod wire;
