//! What `apply` would write, without writing it.

use std::collections::BTreeMap;

use anyhow::Result;

use super::candidate::{self, Files};
use super::{Paths, Server, Site, daemon, render};
use crate::host::Host;

/// How a file of the configuration differs from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is not there yet.
    New,
    /// It says something else.
    Changed,
    /// It should not be there any more.
    Gone,
}

/// The files that differ, by their path in the configuration's folder.
pub type Differences = BTreeMap<String, Difference>;

/// What would change to serve exactly these sites; all is gone where there is nothing to serve.
pub fn differences(host: &Host, paths: &Paths, wanted: Option<(&Server, &[Site])>) -> Result<Differences> {
    let live = candidate::live(host, paths)?;
    let files = wanted.map(|(server, sites)| render::files(paths, server, sites)).unwrap_or_default();
    Ok(compare(&live, &files))
}

/// Whether nginx runs and has taken the configuration that is live.
pub fn is_serving(host: &Host, paths: &Paths) -> Result<bool> {
    Ok(host.read(&paths.served())?.is_some() && daemon::master(host, paths)?.is_some())
}

fn compare(live: &Files, wanted: &Files) -> Differences {
    let gone =
        live.keys().filter(|name| !wanted.contains_key(*name)).map(|name| (name.clone(), Difference::Gone));
    let other = wanted.iter().filter_map(|(name, text)| match live.get(name) {
        None => Some((name.clone(), Difference::New)),
        Some(old) if old != text => Some((name.clone(), Difference::Changed)),
        Some(_) => None,
    });
    gone.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_differ_in_three_ways() {
        let files = |entries: &[(&str, &str)]| -> Files {
            entries.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
        };
        let live = files(&[("same", "1"), ("changed", "1"), ("gone", "1")]);
        let wanted = files(&[("same", "1"), ("changed", "2"), ("new", "1")]);
        let expected =
            [("changed", Difference::Changed), ("gone", Difference::Gone), ("new", Difference::New)];
        assert_eq!(compare(&live, &wanted), expected.map(|(name, how)| (name.to_owned(), how)).into());
    }
}
