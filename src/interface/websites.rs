//! The requires side of the `http` interface: where the units of a web application listen.

use anyhow::Result;

use super::Hook;
use crate::wire::Website;

/// The web servers of all units of an endpoint, in order, as far as they have said where they listen.
pub fn known(hook: &Hook, endpoint: &str) -> Result<Vec<Website>> {
    let website = |(relation, unit, bag)| match Website::parse(bag) {
        Ok(website) => website,
        Err(refusal) => {
            log::warn!("{unit} of {relation} is left out: {refusal}");
            None
        }
    };
    Ok(hook.state.view.units(endpoint)?.into_iter().filter_map(website).collect())
}
