//! What `apply` would write, without writing it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::candidate::{self, Found};
use super::parts::{self, MAIN, Part};
use super::{Paths, Server, Site, daemon};
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

/// The files that differ, by their path in the configuration's folder, without what stands for their content.
pub type Differences = BTreeMap<String, Difference>;

/// What would change to serve exactly these sites; all is gone where there is nothing to serve.
pub fn differences(host: &Host, paths: &Paths, wanted: Option<(&Server, &[Site])>) -> Result<Differences> {
    let found = candidate::look(host, paths)?;
    let main = host.read(&paths.nginx_conf())?;
    let files = wanted.map(|(server, sites)| parts::files(paths, server, sites)).unwrap_or_default();
    Ok(compare(main.as_deref(), &found, &files))
}

/// Whether nginx runs and has taken the configuration that is live.
pub fn is_serving(host: &Host, paths: &Paths) -> Result<bool> {
    Ok(host.read(&paths.served())?.is_some() && daemon::master(host, paths)?.is_some())
}

fn compare(main: Option<&[u8]>, found: &Found, wanted: &BTreeMap<String, String>) -> Differences {
    let there = found.there.iter().map(|name| Part::plain_name(name));
    let there: BTreeSet<String> = there.chain(main.map(|_| MAIN.to_owned())).collect();
    let is_right = |(name, text): &(&String, &String)| match name.as_str() {
        MAIN => main == Some(text.as_bytes()),
        part => found.has(part),
    };
    let plain: BTreeSet<String> = wanted.keys().map(|name| Part::plain_name(name)).collect();
    let gone = there.difference(&plain).map(|name| (name.clone(), Difference::Gone));
    let other = wanted.iter().filter(|file| !is_right(file)).map(|(name, _)| {
        let name = Part::plain_name(name);
        let how = if there.contains(&name) { Difference::Changed } else { Difference::New };
        (name, how)
    });
    gone.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_differ_in_three_ways() {
        let part = |name: &str, text: &str| Part::of(&format!("sites/{name}"), text.to_owned());
        let main = |text: &str| Part { name: MAIN.to_owned(), text: text.to_owned() };
        let there = [("same", "1"), ("changed", "1"), ("damaged", "1"), ("gone", "1")];
        let found = Found {
            there: there.map(|(name, text)| part(name, text).name).into(),
            damaged: [part("damaged", "1").name].into(),
        };
        let wanted =
            [main("2"), part("same", "1"), part("changed", "2"), part("damaged", "1"), part("new", "1")];
        let wanted = wanted.map(|part| (part.name, part.text)).into();
        let expected = [
            (MAIN, Difference::Changed),
            ("sites/changed.conf", Difference::Changed),
            ("sites/damaged.conf", Difference::Changed),
            ("sites/gone.conf", Difference::Gone),
            ("sites/new.conf", Difference::New),
        ];
        assert_eq!(
            compare(Some(b"1"), &found, &wanted),
            expected.map(|(name, how)| (name.to_owned(), how)).into()
        );
    }
}
