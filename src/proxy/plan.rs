use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use super::claims::Claims;
use super::lookup::Resolved;
use super::upstreams::{self, Policy};
use super::wanted::{Owner, Wanted};
use crate::wire::{Answer, CertRequest, Directive, Fqdn, Protection, RefusedRequest};

/// What a client is told of a name that another has.
pub(super) const TAKEN: &str = "taken";

/// What a client is told of a name that the operator keeps from it.
pub(super) const NOT_ALLOWED: &str = "not allowed for this application by the operator of the proxy";

/// What a client is told of a name that it had, and that its refused request keeps for it.
const RESERVED: &str = "reserved: its request is refused";

/// What should be served, and what to tell whom.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The sites, in the order of their owners.
    pub sites: Vec<Site>,
    /// Whose each name is from now on.
    pub claims: Claims,
    /// For each owner that asks for something: what is known before anything is served.
    pub answers: BTreeMap<Owner, Answer>,
}

/// Names that share a certificate and go to the same web servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// For whom it is.
    pub owner: Owner,
    /// Its names; the first is the site's own name.
    pub names: Vec<Fqdn>,
    /// Where its requests go; nowhere means an answer of 503.
    pub upstreams: Vec<SocketAddr>,
    /// What is asked of its visitors; nothing if none.
    pub protection: Option<Protection>,
    /// What is asked for in its location.
    pub directives: Vec<Directive>,
}

impl Site {
    /// The name by which the site is known: its first.
    pub fn name(&self) -> &Fqdn {
        &self.names[0]
    }
}

/// Turns requests into sites, each owner's apart from the others'.
///
/// `requests` are in the order in which free names are given out: by relation, then by unit.
pub fn plan(requests: Vec<Wanted>, claims: Claims, policy: &Policy, resolved: &Resolved) -> Plan {
    let requests: Vec<Wanted> = requests.into_iter().map(|wanted| upstreams::judge(wanted, policy)).collect();
    let mut plan = Plan { claims: claims.after(&requests, policy), ..Plan::default() };
    for wanted in &requests {
        let answer = plan.answers.entry(wanted.owner.clone()).or_default();
        match &wanted.request {
            Ok(request) => {
                let lacking = request.fqdn().iter().filter(|name| !plan.claims.grants(name, &wanted.owner));
                let why = |name: &Fqdn| if policy.grants(wanted, name) { TAKEN } else { NOT_ALLOWED };
                answer.pending.extend(lacking.map(|name| (name.clone(), why(name).to_owned())));
            }
            Err(refusal) => answer.refused.push(RefusedRequest::new(&wanted.unit, refusal.clone())),
        }
    }
    let has_refused =
        |wanted: &&Wanted| plan.answers.get(&wanted.owner).is_some_and(|answer| !answer.refused.is_empty());
    let asked: BTreeSet<(&Owner, &str)> = requests
        .iter()
        .filter(has_refused)
        .flat_map(|wanted| wanted.names().map(|name| (&wanted.owner, name.as_str())))
        .collect();
    for (name, owner) in plan.claims.owners() {
        if let Some(answer) = plan.answers.get_mut(owner)
            && !answer.refused.is_empty()
            && !asked.contains(&(owner, name))
            && let Ok(name) = name.parse()
        {
            answer.pending.insert(name, RESERVED.to_owned());
        }
    }
    for group in groups(&requests) {
        let owner = &group[0].owner;
        if let Some(answer) = plan.answers.get_mut(owner)
            && let Some(site) = merge(&group, &plan.claims, policy, resolved, answer)
        {
            plan.sites.push(site);
        }
    }
    plan
}

/// A good request and who sent it.
struct Member<'a> {
    owner: &'a Owner,
    unit: &'a str,
    request: &'a CertRequest,
}

/// The good requests of each owner, those that share a name together, in the order of their first.
fn groups(requests: &[Wanted]) -> Vec<Vec<Member<'_>>> {
    let mut groups: Vec<Vec<Member<'_>>> = Vec::new();
    let mut group_of: BTreeMap<(&Owner, &Fqdn), usize> = BTreeMap::new();
    for wanted in requests {
        let Ok(request) = &wanted.request else { continue };
        let keys = || request.fqdn().iter().map(|name| (&wanted.owner, name));
        let mut shared: Vec<usize> = keys().filter_map(|key| group_of.get(&key).copied()).collect();
        shared.sort_unstable();
        shared.dedup();
        let target = shared.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for merged in shared.into_iter().skip(1) {
            let members = std::mem::take(&mut groups[merged]);
            groups[target].extend(members);
            group_of.values_mut().filter(|group| **group == merged).for_each(|group| *group = target);
        }
        groups[target].push(Member { owner: &wanted.owner, unit: &wanted.unit, request });
        group_of.extend(keys().map(|key| (key, target)));
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// One site from requests that share names: names and upstreams united; elsewhere the first unit's word stands, and
/// the answer says so.
fn merge(
    group: &[Member<'_>],
    claims: &Claims,
    policy: &Policy,
    resolved: &Resolved,
    answer: &mut Answer,
) -> Option<Site> {
    let first = group.first()?;
    let mut names: Vec<Fqdn> = Vec::new();
    let mut addresses: Vec<SocketAddr> = Vec::new();
    let (mut lost, mut named) = (Vec::new(), BTreeSet::new());
    let (mut seen, mut told) = (BTreeSet::new(), BTreeSet::new());
    for member in group {
        let granted = member.request.fqdn().iter().filter(|name| claims.grants(name, member.owner));
        names.extend(granted.filter(|name| named.insert(*name)).cloned());
        for upstream in &member.request.upstreams {
            let (found, trouble) = upstreams::addresses(upstream, policy, resolved);
            addresses.extend(found.into_iter().filter(|address| seen.insert(*address)));
            lost.extend(trouble.filter(|trouble| told.insert(trouble.clone())));
        }
    }
    let name = names.first()?.clone();
    let mut notes: Vec<String> =
        group.iter().skip(1).filter_map(|member| disagreement(first, member)).collect();
    if addresses.is_empty() {
        lost.insert(0, "no upstreams: the site answers 503".to_owned());
        answer.pending.extend(names.iter().map(|name| (name.clone(), lost.join("; "))));
    } else {
        notes.extend(lost);
    }
    if !notes.is_empty() {
        answer.notes.insert(name, notes.join("; "));
    }
    Some(Site {
        owner: first.owner.clone(),
        names,
        upstreams: addresses,
        protection: first.request.protection.clone(),
        directives: first.request.nginx_config.clone(),
    })
}

/// Whether two units are known to ask for different passwords. Each unit has a secret of its own, and nothing is told of
/// what is in them: a client may name the secret of another.
fn protect_differently(one: &CertRequest, other: &CertRequest) -> bool {
    match (&one.protection, &other.protection) {
        (Some(Protection::Secret(_)), Some(Protection::Secret(_))) => false,
        (one, other) => one != other,
    }
}

fn disagreement(first: &Member<'_>, other: &Member<'_>) -> Option<String> {
    let fields = [
        ("credentials", protect_differently(first.request, other.request)),
        ("contact-email", first.request.contact_email != other.request.contact_email),
        ("nginx-config", first.request.nginx_config != other.request.nginx_config),
    ];
    let differ: Vec<&str> = fields.iter().filter(|(_, differ)| *differ).map(|(field, _)| *field).collect();
    (!differ.is_empty()).then(|| {
        format!(
            "{} differ between {} and {}: {}'s stand",
            differ.join(", "),
            first.unit,
            other.unit,
            first.unit
        )
    })
}

#[cfg(test)]
mod tests;
