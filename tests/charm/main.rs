//! The charm in a Juju of the tests: real processes, real nginx, real curl.

mod first_line;
mod hooks_folder;
#[path = "../world/mod.rs"]
mod world;
