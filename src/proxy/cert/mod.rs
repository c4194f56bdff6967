//! Certificates with their keys: issued, kept, renewed before they end.
//!
//! Certificate and key of a site lie in one PEM file, so that they are replaced together and always match.

mod known;
mod pair;
mod self_signed;
mod store;

pub use known::{Known, Said};
pub use store::{Certificate, keep};

pub(in crate::proxy) use store::{keep_fallback, remove_others};
