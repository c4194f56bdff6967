//! The `ssl-termination` interface for Juju charms, and the charm that terminates TLS.
//!
//! The rooms, from the ground up; each uses only those before it: [`host`], [`wire`], [`juju`], [`reactive`],
//! [`interface`], [`cert`], [`issuer`], [`options`], [`proxy`] and [`client`] (which don't know each other), [`charm`], [`cli`]. A charm of
//! your own needs no more than the first five.

pub mod cert;
pub mod charm;
pub mod cli;
pub mod client;
pub mod host;
pub mod interface;
pub mod issuer;
pub mod juju;
pub mod options;
pub mod proxy;
pub mod reactive;
pub mod wire;
