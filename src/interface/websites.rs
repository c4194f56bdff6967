//! The requires side of the `http` interface: where the units of a web application listen.

use anyhow::Result;

use super::Hook;
use crate::wire::{CertRequest, Website};

/// What is known of a web application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Websites {
    /// Where its units listen, in order, as far as they have said so: as many as a request may have.
    pub listening: Vec<Website>,
    /// How many more there are.
    pub left_out: usize,
    /// What is wrong with the first unit that has said something else.
    pub unusable: Option<String>,
}

impl Websites {
    /// What the operator should know of them, to be put behind a status.
    pub fn note(&self) -> String {
        match self.left_out {
            0 => String::new(),
            more => format!("; {more} web servers are left out, {} are used", self.listening.len()),
        }
    }
}

/// The web servers behind an endpoint.
pub fn known(hook: &Hook, endpoint: &str) -> Result<Websites> {
    let mut websites = Websites::default();
    for (_, unit, bag) in hook.state.view.units(endpoint)? {
        match Website::parse(bag) {
            Ok(website) if websites.listening.len() < CertRequest::MAX_UPSTREAMS => {
                websites.listening.extend(website);
            }
            Ok(website) => websites.left_out += usize::from(website.is_some()),
            Err(refusal) => {
                websites.unusable.get_or_insert(format!("the web server {unit} cannot be used: {refusal}"));
            }
        }
    }
    Ok(websites)
}
