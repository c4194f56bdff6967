//! What is remembered of each owner from hook to hook, beside its requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::lookup::{self, Resolved, names as upstream_names};
use super::nginx::passwords::Line;
use super::plan::Plan;
use super::scope::Scope;
use super::secrets::{Secrets, named as named_secret};
use super::serving::Serving;
use super::tally::Tally;
use super::wanted::{Owner, Wanted};
use crate::interface::Hook;
use crate::wire::Fqdn;

/// With what the names begin under which it is kept.
const OWNER: &str = "owner ";

/// With what they began in earlier versions.
const EARLIER: [&str; 3] = ["addresses ", "secret ", "password "];

/// What is remembered of an owner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    /// The names that it has a claim to.
    names: BTreeSet<String>,
    /// Its sites, by their ids.
    sites: BTreeSet<Fqdn>,
    /// What is known of the names of its upstreams.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    addresses: Resolved,
    /// The lines of password files, by the secrets that it names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: Secrets,
    /// What the password files of its sites are right for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    passwords: BTreeMap<String, String>,
    /// The files with the certificates of its sites.
    pairs: BTreeSet<PathBuf>,
    /// What there is to count of its answer.
    tally: Tally,
}

/// What is remembered of some owners, or of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(BTreeMap<String, Remembered>);

impl Memory {
    /// Of those whose sites are looked at.
    pub(super) fn read(hook: &Hook, scope: &Scope) -> Result<Self> {
        Ok(Self(match scope.owner() {
            None => hook.state.kept_all(OWNER)?,
            Some(owner) => {
                let known: Option<Remembered> = hook.state.kept(&format!("{OWNER}{owner}"))?;
                known.map(|known| (owner.to_string(), known)).into_iter().collect()
            }
        }))
    }

    /// Keeps it in the place of what was remembered of the same owners.
    pub(super) fn keep(&self, hook: &mut Hook, scope: &Scope) -> Result<()> {
        let Some(owner) = scope.owner() else {
            if hook.anew {
                EARLIER.iter().try_for_each(|names| hook.state.keep_all(names, &Resolved::new()))?;
            }
            return hook.state.keep_all(OWNER, &self.0);
        };
        let name = format!("{OWNER}{owner}");
        match self.0.get(&owner.to_string()) {
            Some(known) => hook.state.keep(&name, known),
            None => hook.state.forget(&name),
        }
    }

    /// The names that they have a claim to.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.values().flat_map(|known| &known.names)
    }

    /// Their sites.
    pub(super) fn sites(&self) -> BTreeSet<Fqdn> {
        self.0.values().flat_map(|known| known.sites.iter().cloned()).collect()
    }

    /// The files with the certificates of their sites.
    pub(super) fn pairs(&self) -> BTreeSet<PathBuf> {
        self.0.values().flat_map(|known| known.pairs.iter().cloned()).collect()
    }

    /// What is known of names of upstreams.
    pub(super) fn addresses(&self) -> Known<lookup::Known> {
        Known::of(self.0.values().map(|known| &known.addresses))
    }

    /// What is known of secrets.
    pub(super) fn secrets(&self) -> Known<Option<Line>> {
        Known::of(self.0.values().map(|known| &known.secrets))
    }

    /// What password files are right for.
    pub(super) fn passwords(&self) -> BTreeMap<String, String> {
        let all = self.0.values().flat_map(|known| &known.passwords);
        all.map(|(name, known)| (name.clone(), known.clone())).collect()
    }

    /// Remembers what was found in the secrets that requests name.
    pub(super) fn note_secrets(&mut self, requests: &[Wanted], secrets: &Secrets) {
        for (wanted, secret) in requests.iter().filter_map(|wanted| Some((wanted, named_secret(wanted)?))) {
            let secret = secret.to_string();
            if let Some(line) = secrets.get(&secret) {
                self.of(&wanted.owner).secrets.insert(secret, line.clone());
            }
        }
    }

    /// Remembers what was found of the names of upstreams.
    pub(super) fn note_addresses(&mut self, requests: &[Wanted], resolved: &Resolved) {
        for (wanted, name) in
            requests.iter().flat_map(|wanted| upstream_names(wanted).map(move |name| (wanted, name)))
        {
            if let Some(known) = resolved.get(name) {
                self.of(&wanted.owner).addresses.insert(name.to_owned(), known.clone());
            }
        }
    }

    /// Remembers names and sites. In the plan for one client there are claims of others too.
    pub(super) fn note_plan(&mut self, plan: &Plan, scope: &Scope) {
        let only = scope.owner();
        for (name, owner) in
            plan.claims.owners().filter(|(_, owner)| only.as_ref().is_none_or(|only| only == *owner))
        {
            self.of(owner).names.insert(name.to_owned());
        }
        for site in &plan.sites {
            self.of(&site.owner).sites.insert(site.name().clone());
        }
    }

    /// Remembers certificates, and what password files are right for.
    pub(super) fn note_serving(&mut self, plan: &Plan, serving: &Serving) {
        for site in &plan.sites {
            let (known, name) = (self.of(&site.owner), site.name().to_string());
            let parts = serving.parts.get(site.name()).into_iter().flatten();
            known.pairs.extend(parts.map(|part| part.pem.clone()));
            known.passwords.extend(serving.passwords.get(&name).map(|known| (name, known.clone())));
        }
    }

    /// Remembers what there is to count of an answer.
    pub(super) fn note_tally(&mut self, owner: &Owner, tally: Tally) {
        self.of(owner).tally = tally;
    }

    /// What there is to count of the answers.
    pub(super) fn tally(&self) -> Tally {
        Tally::sum(self.0.values().map(|known| &known.tally))
    }

    fn of(&mut self, owner: &Owner) -> &mut Remembered {
        self.0.entry(owner.to_string()).or_default()
    }
}

/// What several owners know of the same things outside.
#[derive(Debug)]
pub(super) struct Known<T> {
    /// What one of them knows, by the thing's name.
    pub(super) known: BTreeMap<String, T>,
    /// Of what they know different things: one has looked later than another.
    disputed: BTreeSet<String>,
}

impl<T: Clone + PartialEq> Known<T> {
    fn of<'m>(owners: impl Iterator<Item = &'m BTreeMap<String, T>>) -> Self
    where
        T: 'm,
    {
        let (mut known, mut disputed) = (BTreeMap::new(), BTreeSet::new());
        for (name, value) in owners.flatten() {
            if known.insert(name.clone(), value.clone()).is_some_and(|other| other != *value) {
                disputed.insert(name.clone());
            }
        }
        Self { known, disputed }
    }

    /// Whether it has to be looked at.
    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.known.contains_key(name) || self.disputed.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_owners_do_not_agree_on_is_looked_at_again() {
        let owners = [[("a", 1), ("b", 1)], [("a", 2), ("b", 1)]];
        let owners = owners.map(|known| known.map(|(name, value)| (name.to_owned(), value)).into());
        let known = Known::of(owners.iter());
        assert!(known.lacks("a") && !known.lacks("b") && known.lacks("c"));
        assert_eq!(known.known["a"], 2);
    }
}
