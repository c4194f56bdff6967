//! What can go wrong, systematically: every hook of a life, every call and file operation in it, each fault. Afterwards
//! all must be as if nothing had gone wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod around;
mod calls;
#[path = "../charm/charms.rs"]
#[allow(dead_code, reason = "the other tests use more of it")]
mod charms;
mod files;
mod life;
mod operations;
mod pool;
mod protocol;
mod seen;
mod stage;
mod table;
mod walk;
#[path = "../world/mod.rs"]
mod world;
