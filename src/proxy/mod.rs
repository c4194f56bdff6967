//! The side that terminates TLS: from requests to sites, from sites to nginx.

pub mod cert;
mod claims;
pub mod nginx;
mod plan;
mod upstreams;

pub use claims::Claims;
pub use plan::{Owner, Plan, Site, Wanted, plan};
pub use upstreams::{Resolved, resolve};
