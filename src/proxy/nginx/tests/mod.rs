//! What is tested against nginx itself, or across the files of this room.

mod faults;
mod http2;
mod raw;
mod reach;
mod served;
mod slow;
mod stage;
mod texts;
mod tree;
mod upstream;
mod visitors;

use super::{Server, Version};

/// A server on the usual ports of a machine without IPv6.
pub(super) fn server() -> Server {
    Server {
        http_port: 80,
        https_port: 443,
        trusted_proxies: Vec::new(),
        ipv6: false,
        version: Version::new(1, 22, 1),
        worker: None,
        challenge: None,
        fallback: None,
    }
}
