use std::collections::BTreeSet;

use anyhow::Result;

use super::apply::Before;
use super::candidate::{self, Found};
use super::parts::{self, Named, Part};
use super::{Paths, Server};
use crate::host::{FileError, Host};
use crate::wire::Fqdn;

/// Which of the sites a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// All: what is not wanted goes.
    All,
    /// Those with these ids, as they were until now, and the wanted ones. All others stay as they are, and no file of theirs
    /// is looked at.
    Only(&'a BTreeSet<Fqdn>),
}

impl<'a> Reach<'a> {
    /// The ids of the sites that were there, if it is not about all.
    pub fn ids(self) -> impl Iterator<Item = &'a Fqdn> {
        let ids = match self {
            Self::All => None,
            Self::Only(ids) => Some(ids),
        };
        ids.into_iter().flatten()
    }
}

/// What a change leaves alone.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The parts of sites that it is not about.
    pub(super) stay: BTreeSet<String>,
    /// The parts that it is about, as they were; nothing if it is about all that is there.
    before: Option<BTreeSet<String>>,
}

impl Others {
    /// Nothing where all sites must be known: it is not known what nginx serves, it serves no other site, or should be
    /// configured otherwise for all of them.
    pub(super) fn of(
        reach: Reach<'_>,
        wanted: &[Named<'_>],
        live: &Before,
        paths: &Paths,
        server: &Server,
    ) -> Option<Self> {
        let Reach::Only(ids) = reach else { return Some(Self::default()) };
        let served = live.served.as_ref()?;
        let ids = ids.iter().chain(wanted.iter().map(|one| &one.site.id));
        let meant: BTreeSet<String> = ids.map(Part::plain_name_of).collect();
        let is_meant = |part: &String| meant.contains(&Part::plain_name(part));
        let (mut before, stay): (BTreeSet<String>, BTreeSet<String>) =
            served.iter().cloned().partition(is_meant);
        // What nginx refuses is not to stay either.
        before.extend(wanted.iter().map(|one| one.name.clone()));
        let is_same = parts::main(paths, server, served.iter().map(String::as_str)) == live.main;
        (is_same && !stay.is_empty()).then_some(Self { stay, before: Some(before) })
    }

    /// The main file for these sites and those that stay.
    pub(super) fn main(&self, paths: &Paths, server: &Server, sites: &[Named<'_>]) -> String {
        let sites = sites.iter().map(|site| site.name.as_str());
        parts::main(paths, server, sites.chain(self.stay.iter().map(String::as_str)))
    }

    /// What is on the disk, of the parts that it is about: `wanted` is among them.
    pub(super) fn look<'p>(
        &self,
        host: &Host,
        paths: &Paths,
        wanted: impl IntoIterator<Item = &'p str>,
    ) -> Result<Found> {
        match self.before {
            None => candidate::look(host, paths),
            Some(_) => candidate::look_at(host, paths, wanted.into_iter().map(str::to_owned)),
        }
    }

    /// Deletes what it is about and is not wanted any more.
    pub(super) fn forget<'p>(
        &self,
        host: &Host,
        paths: &Paths,
        wanted: impl IntoIterator<Item = &'p str>,
    ) -> Result<(), FileError> {
        match &self.before {
            None => candidate::forget_others(host, paths, wanted),
            Some(before) => {
                let wanted: BTreeSet<&str> = wanted.into_iter().collect();
                let gone = before.iter().filter(|part| !wanted.contains(part.as_str()));
                candidate::forget(host, paths, gone)
            }
        }
    }
}
