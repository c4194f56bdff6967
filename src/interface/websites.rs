//! The requires side of the `http` interface: where the units of a web application listen.

use anyhow::Result;

use super::Hook;
use crate::wire::Website;

/// What is known of a web application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Websites {
    /// Where its units listen, in order, as far as they have said so.
    pub listening: Vec<Website>,
    /// What is wrong with the first unit that has said something else.
    pub unusable: Option<String>,
}

/// The web servers behind an endpoint.
pub fn known(hook: &Hook, endpoint: &str) -> Result<Websites> {
    let mut websites = Websites::default();
    for (_, unit, bag) in hook.state.view.units(endpoint)? {
        match Website::parse(bag) {
            Ok(website) => websites.listening.extend(website),
            Err(refusal) => {
                websites.unusable.get_or_insert(format!("the web server {unit} cannot be used: {refusal}"));
            }
        }
    }
    Ok(websites)
}
