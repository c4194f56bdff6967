//! nginx as the data plane: the configuration's text, its trial, its way into the running server.
//!
//! Writing the text is pure; `apply` compares it with what is served, lets nginx try it as a candidate,
//! and makes it live in one step; the rest is small tools for that.

mod apply;
mod candidate;
mod complaint;
mod daemon;
mod difference;
mod distribution;
mod holder;
mod install;
mod live;
mod parts;
pub mod passwords;
mod paths;
mod reach;
mod render;
mod rotation;
mod server;
mod service;
mod taken;
#[cfg(test)]
mod tests;
mod text;
mod trial;
mod version;
mod worker;

pub use apply::{Applied, apply, remove, retire};
pub use daemon::stop;
pub use difference::{Difference, Differences, differences, is_serving};
pub use install::{Step, install, missing};
pub use live::{certificates, listens, master, refusal};
pub use paths::Paths;
pub use reach::Reach;
pub use server::{Certificate, Server, Site};
pub(super) use service::systemctl;
pub use version::Version;
pub use worker::Worker;
