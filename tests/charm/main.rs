//! The charm in a Juju of the tests: real processes, real nginx, real curl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod acme;
mod acme_faults;
mod acme_person;
mod actions;
mod attack;
mod calls;
mod certificates;
mod charms;
mod client;
mod corpus;
mod cost;
mod dispatch;
mod documents;
mod examples;
mod flags_table;
mod guard;
mod hooks_folder;
mod limits;
mod neighbours;
mod packed;
mod plan;
mod proxy;
mod schemas;
mod secrets;
mod statuses;
mod tidy;
mod traces;
#[path = "../world/mod.rs"]
mod world;
