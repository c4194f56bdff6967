//! The interface `tls-certificates`: what a charm that needs certificates and one that has them say to each other.
//!
//! The requirer publishes signing requests in its unit bag ([`requests_to_wire`]), the provider's leader answers in
//! its application's bag ([`Answers`]): for all units of the requirer in one, each answer beside the request that it
//! is about.

mod answers;
mod capabilities;
mod denial;
mod pem;

pub use answers::{Answer, Answers, Issued};
pub use capabilities::Capabilities;
pub use denial::Denial;
pub use pem::{Certificate, SigningRequest};

use serde_json::{Value, json};

/// The key of the signing requests in the requirer's unit bag.
pub const REQUESTS: &str = "certificate_signing_requests";

/// The keys that a provider publishes in its application's bag.
pub const ANSWERS: [&str; 3] = ["certificates", "request_errors", "capabilities"];

/// The longest value of a provider that is read, in bytes: the certificates of some thousand sites.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The requests as they are published, or nothing for none: a key that is not there says the same.
pub fn requests_to_wire<'a>(requests: impl IntoIterator<Item = &'a SigningRequest>) -> Option<String> {
    let list: Vec<Value> = requests
        .into_iter()
        .map(|request| json!({"certificate_signing_request": request.to_pem().trim_end(), "ca": false}))
        .collect();
    (!list.is_empty()).then(|| super::json::to_string(&Value::Array(list)))
}

#[cfg(test)]
mod tests;
