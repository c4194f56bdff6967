//! The proxy's side: certificates, and nginx that serves the sites.
//!
//! This room knows nothing of Juju's hooks and flags: it is told which sites there should be, and makes it so.

pub mod cert;
pub mod nginx;
