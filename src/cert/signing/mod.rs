//! Certificates from the application at the endpoint `certificates`: keys and signing requests of ours, answers of
//! theirs.
//!
//! A request and its key lie in a file of their own from before the request is published until the answer is good, so
//! that neither a hook that is rolled back nor a restart loses a key: the same request is published again. Each request
//! has a new key. What is served stays until the next one is in, and with it stays its request, lest the provider
//! take the certificate back.

mod check;
mod keep;
mod key;
mod request;
mod slot;
mod step;

pub(super) use check::chain_of;
pub use keep::{Asking, Outcome, Site, ask, forget};
pub use key::KeyKind;
pub(super) use key::read as read_key;

#[cfg(test)]
pub(super) mod tests;
