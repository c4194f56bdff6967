//! nginx as the data plane: the configuration's text, its trial, its way into the running server.
//!
//! [`render`](self) is pure; [`apply`] compares its result with what is served, lets nginx try the difference as a
//! candidate, and makes it live in one step; the rest is small tools for that.

mod network;
pub mod passwords;
mod paths;
mod render;
mod server;
#[cfg(test)]
mod tests;
mod text;
mod version;
mod worker;

pub use network::{Network, NetworkError};
pub use paths::Paths;
pub use server::{Server, Site};
pub use version::Version;
pub use worker::Worker;
