use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::upstreams::Policy;
use super::wanted::{Owner, Wanted};
use crate::juju::RelationId;
use crate::wire::Fqdn;

/// Which names belong to whom. The first that asked for a name has it until it no longer wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    by_name: BTreeMap<String, Claim>,
    /// Whose requests may change them, if not everybody's: the claims of others stand.
    only: Option<Owner>,
}

/// Whose a name is, and the units through which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    owner: Owner,
    units: BTreeSet<String>,
    /// Whether another has asked for it since all requests were last looked at.
    #[serde(default)]
    is_wanted: bool,
}

impl Claims {
    /// Claims by name, as they were kept.
    pub fn of(claims: BTreeMap<String, Claim>) -> Self {
        Self { by_name: claims, only: None }
    }

    /// Claims of one owner, and of others to names that it asks for.
    pub(super) fn around(owner: Owner, claims: BTreeMap<String, Claim>) -> Self {
        Self { by_name: claims, only: Some(owner) }
    }

    /// The claims to names that earlier answers of ours gave, in the order of the requests: through the units that ask
    /// for a name, else through those whose request is refused. `given` says what a relation was given.
    pub fn recovered(requests: &[Wanted], given: impl Fn(&RelationId) -> Result<Vec<Fqdn>>) -> Result<Self> {
        let mut claims = Self::default();
        for of_owner in requests.chunk_by(|one, other| one.owner == other.owner) {
            let Some(owner) = of_owner.first().map(|wanted| &wanted.owner) else { continue };
            let Owner::Relation(relation) = owner else { continue };
            for name in given(relation)? {
                claims.recover(&name, owner, of_owner);
            }
        }
        Ok(claims)
    }

    /// Each name's claim, to be kept.
    pub fn by_name(&self) -> &BTreeMap<String, Claim> {
        &self.by_name
    }

    /// The claims after these requests.
    ///
    /// A unit's claim to a name ends when it sends a good request without the name, withdraws, or has gone. A refused
    /// request ends none: the site stops, but its name stays reserved. A free name goes to the first that asks. The
    /// operator's own site takes its names from anyone.
    #[must_use]
    pub fn after(self, requests: &[Wanted], policy: &Policy) -> Self {
        let Self { by_name: mut claims, only } = self;
        let is_asked = |owner: &Owner| only.as_ref().is_none_or(|only| only == owner);
        let asked: BTreeMap<(&Owner, &str), Option<BTreeSet<&str>>> = requests
            .iter()
            .map(|wanted| {
                let may = |name: &&Fqdn| policy.grants(wanted, name);
                let names = wanted.request.as_ref().ok();
                let names = names.map(|good| good.fqdn().iter().filter(may).map(Fqdn::as_str).collect());
                ((&wanted.owner, wanted.unit.as_str()), names)
            })
            .collect();
        for (name, Claim { owner, units, is_wanted }) in &mut claims {
            *is_wanted &= only.is_some();
            if is_asked(owner) {
                units.retain(|unit| match asked.get(&(&*owner, unit.as_str())) {
                    Some(Some(names)) => names.contains(name.as_str()),
                    Some(None) => true,
                    None => false,
                });
            }
        }
        for wanted in requests {
            for name in wanted.names().filter(|name| policy.grants(wanted, name)) {
                let new = || Claim::new(&wanted.owner, BTreeSet::new());
                let claim = claims.entry(name.to_string()).or_insert_with(new);
                if claim.units.is_empty() {
                    claim.owner = wanted.owner.clone();
                }
                if claim.owner != wanted.owner && wanted.owner == Owner::Own {
                    *claim = new();
                }
                if claim.owner == wanted.owner {
                    claim.units.insert(wanted.unit.clone());
                } else {
                    claim.is_wanted = true;
                }
            }
        }
        claims.retain(|_, claim| !claim.units.is_empty());
        Self { by_name: claims, only }
    }

    /// Whether a name that another has asked for is nobody's any more.
    pub(super) fn frees(&self, now: &Self) -> bool {
        self.by_name.iter().any(|(name, claim)| claim.is_wanted && !now.by_name.contains_key(name))
    }

    /// Each name and whose it is.
    pub fn owners(&self) -> impl Iterator<Item = (&str, &Owner)> {
        self.by_name.iter().map(|(name, claim)| (name.as_str(), &claim.owner))
    }

    /// Whose a name is.
    pub fn owner(&self, name: &Fqdn) -> Option<&Owner> {
        self.by_name.get(name.as_str()).map(|claim| &claim.owner)
    }

    /// Whether a name belongs to this owner.
    pub fn grants(&self, name: &Fqdn, owner: &Owner) -> bool {
        self.owner(name) == Some(owner)
    }

    fn recover(&mut self, name: &Fqdn, owner: &Owner, of_owner: &[Wanted]) {
        let through = |is_meant: &dyn Fn(&Wanted) -> bool| -> BTreeSet<String> {
            of_owner.iter().filter(|wanted| is_meant(wanted)).map(|wanted| wanted.unit.clone()).collect()
        };
        let mut units = through(&|wanted| wanted.names().any(|asked| asked == name));
        if units.is_empty() {
            units = through(&|wanted| wanted.request.is_err());
        }
        if !units.is_empty() {
            self.by_name.entry(name.to_string()).or_insert_with(|| Claim::new(owner, units));
        }
    }
}

impl Claim {
    fn new(owner: &Owner, units: BTreeSet<String>) -> Self {
        Self { owner: owner.clone(), units, is_wanted: false }
    }
}
