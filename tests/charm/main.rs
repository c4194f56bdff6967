//! The charm in a Juju of the tests: real processes, real nginx, real curl.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod hooks_folder;
mod proxy;
#[path = "../world/mod.rs"]
mod world;
