use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::upstreams::Policy;
use super::wanted::{Owner, Wanted};
use crate::wire::{CertRequest, Fqdn};

/// Which names belong to whom. The first that asked for a name has it until it no longer wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(BTreeMap<String, Claim>);

/// Whose a name is, and the units through which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    owner: Owner,
    units: BTreeSet<String>,
}

impl Claims {
    /// Claims by name, as they were kept.
    pub fn of(claims: BTreeMap<String, Claim>) -> Self {
        Self(claims)
    }

    /// Each name's claim, to be kept.
    pub fn by_name(&self) -> &BTreeMap<String, Claim> {
        &self.0
    }

    /// The claims after these requests.
    ///
    /// A unit's claim to a name ends when it sends a good request without the name, withdraws, or has gone. A refused
    /// request ends none: the site stops, but its name stays reserved. A free name goes to the first that asks. The
    /// operator's own site takes its names from anyone.
    #[must_use]
    pub fn after(&self, requests: &[Wanted], policy: &Policy) -> Self {
        let mut claims = BTreeMap::new();
        let asked: BTreeMap<(&Owner, &str), Option<BTreeSet<&str>>> = requests
            .iter()
            .map(|wanted| {
                let may = |name: &&Fqdn| policy.grants(wanted, name);
                let names = wanted.request.as_ref().ok();
                let names = names.map(|good| good.fqdn().iter().filter(may).map(Fqdn::as_str).collect());
                ((&wanted.owner, wanted.unit.as_str()), names)
            })
            .collect();
        for (name, claim) in &self.0 {
            let holds = |unit: &&String| match asked.get(&(&claim.owner, unit.as_str())) {
                Some(Some(names)) => names.contains(name.as_str()),
                Some(None) => true,
                None => false,
            };
            let units: BTreeSet<String> = claim.units.iter().filter(holds).cloned().collect();
            if !units.is_empty() {
                claims.insert(name.clone(), Claim { owner: claim.owner.clone(), units });
            }
        }
        for wanted in requests {
            for name in
                wanted.request.iter().flat_map(CertRequest::fqdn).filter(|name| policy.grants(wanted, name))
            {
                let new = || Claim { owner: wanted.owner.clone(), units: BTreeSet::new() };
                let claim = claims.entry(name.to_string()).or_insert_with(new);
                if claim.owner != wanted.owner && wanted.owner == Owner::Own {
                    *claim = new();
                }
                if claim.owner == wanted.owner {
                    claim.units.insert(wanted.unit.clone());
                }
            }
        }
        Self(claims)
    }

    /// The names of an owner.
    pub fn of_owner(&self, owner: &Owner) -> impl Iterator<Item = Fqdn> {
        self.0
            .iter()
            .filter(move |(_, claim)| claim.owner == *owner)
            .filter_map(|(name, _)| name.parse().ok())
    }

    /// Whose a name is.
    pub fn owner(&self, name: &Fqdn) -> Option<&Owner> {
        self.0.get(name.as_str()).map(|claim| &claim.owner)
    }

    /// Whether a name belongs to this owner.
    pub fn grants(&self, name: &Fqdn, owner: &Owner) -> bool {
        self.owner(name) == Some(owner)
    }

    /// Claims a name for an owner on the word of an earlier answer of ours: through the units that ask for it, else
    /// through those whose request is refused.
    pub fn recover(&mut self, name: &Fqdn, owner: &Owner, requests: &[Wanted]) {
        let of_owner = || requests.iter().filter(|wanted| wanted.owner == *owner);
        let asks = |wanted: &&Wanted| wanted.request.iter().any(|request| request.fqdn().contains(name));
        let mut units: BTreeSet<String> = of_owner().filter(asks).map(|wanted| wanted.unit.clone()).collect();
        if units.is_empty() {
            units.extend(
                of_owner().filter(|wanted| wanted.request.is_err()).map(|wanted| wanted.unit.clone()),
            );
        }
        if !units.is_empty() {
            self.0.entry(name.to_string()).or_insert_with(|| Claim { owner: owner.clone(), units });
        }
    }
}
