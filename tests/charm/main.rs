//! The charm in a Juju of the tests: real processes, real nginx, real curl.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod first_line;
mod hooks_folder;
#[path = "../world/mod.rs"]
mod world;
