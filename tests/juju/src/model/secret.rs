use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::RelationId;
use crate::{Bag, Name};

/// A secret: its content by revision, who may read it, and who has.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) owner: Owner,
    pub(crate) about: About,
    /// Values in base 64. The last revision is the current one.
    pub(crate) revisions: BTreeMap<u32, Bag>,
    pub(crate) latest: u32,
    /// Applications and units that may read it.
    pub(crate) grants: BTreeMap<Name, Grant>,
    /// Units that have read it.
    pub(crate) consumers: BTreeMap<Name, Consumer>,
    /// Revisions that the owner was told that nobody reads any more.
    pub(crate) told_obsolete: BTreeSet<u32>,
    /// The owner has yet to be told that it is time for another revision.
    pub(crate) rotates: bool,
    /// The revisions of which the owner has yet to be told that they have expired.
    pub(crate) expired: BTreeSet<u32>,
}

/// What can be said of a secret besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) label: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) rotate: Option<String>,
    /// RFC 3339
    pub(crate) expire: Option<String>,
}

/// Whose secret it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Application(Name),
    Unit(Name),
    /// The operator's: a user secret.
    Model,
}

/// The permission to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// It ends with this relation. None for the operator's.
    pub(crate) relation: Option<RelationId>,
}

/// A unit that reads a secret.
#[derive(Debug, Clone)]
pub(crate) struct Consumer {
    pub(crate) label: Option<String>,
    /// What it gets, until it asks for a newer one.
    pub(crate) revision: u32,
    /// The newest that it knows of.
    pub(crate) told: u32,
}

impl Secret {
    pub(crate) fn new(owner: Owner, about: About, content: Bag) -> Self {
        Self {
            owner,
            about,
            revisions: [(1, content)].into(),
            latest: 1,
            grants: BTreeMap::new(),
            consumers: BTreeMap::new(),
            told_obsolete: BTreeSet::new(),
            rotates: false,
            expired: BTreeSet::new(),
        }
    }

    /// Another content, if it is one.
    pub(crate) fn revise(&mut self, content: Bag) {
        if self.revisions.get(&self.latest) != Some(&content) {
            self.latest += 1;
            self.revisions.insert(self.latest, content);
        }
    }

    /// Old revisions that nobody reads and the owner hasn't been told of.
    pub(crate) fn obsolete(&self) -> Option<u32> {
        let read: BTreeSet<u32> = self.consumers.values().map(|consumer| consumer.revision).collect();
        let old = self.revisions.keys().filter(|revision| **revision != self.latest);
        old.copied().find(|revision| !read.contains(revision) && !self.told_obsolete.contains(revision))
    }
}

impl About {
    /// Take over what is said anew.
    pub(crate) fn update(&mut self, other: Self) {
        self.label = other.label.or(self.label.take());
        self.description = other.description.or(self.description.take());
        self.rotate = other.rotate.or(self.rotate.take());
        self.expire = other.expire.or(self.expire.take());
    }
}

impl Owner {
    /// As `secret-info-get` has it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Application(_) => "application",
            Self::Unit(_) => "unit",
            Self::Model => "model",
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(name) | Self::Unit(name) => f.write_str(name),
            Self::Model => f.write_str("the model"),
        }
    }
}
