//! The plan against its rules, over lives of requests.

use std::collections::BTreeMap;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;
use ssl_termination::proxy::{Claims, Owner, Policy, Wanted, plan};
use ssl_termination::wire::{CertRequest, Fqdn};

/// A unit's request in one step: nothing, refused, or names.
type Asked = Option<Result<Vec<usize>, ()>>;

const NAMES: [&str; 4] = ["a.bc", "b.bc", "c.bc", "d.bc"];

fn asked() -> impl Strategy<Value = Asked> {
    let names = proptest::collection::vec(0..NAMES.len(), 1..4);
    prop_oneof![any::<bool>().prop_map(|bad| bad.then_some(Err(()))), names.prop_map(|names| Some(Ok(names)))]
}

fn wanted(step: &[Vec<Asked>]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (number, units) in step.iter().enumerate() {
        let owner = match number {
            0 => Owner::Own,
            number => Owner::Relation(format!("tls:{number}").parse().unwrap()),
        };
        for (unit, asked) in units.iter().enumerate() {
            let text = match asked {
                None => continue,
                Some(Err(())) => "refused".to_owned(),
                Some(Ok(names)) => {
                    let names: Vec<&str> = names.iter().map(|&name| NAMES[name]).collect();
                    json!({"fqdn": names, "upstreams": [{"hostname": "10.0.0.1", "port": 80}]}).to_string()
                }
            };
            let request = CertRequest::parse(&text).map(Option::unwrap);
            wanted.push(Wanted {
                owner: owner.clone(),
                app: "x".to_owned(),
                unit: format!("u{number}/{unit}"),
                request,
            });
        }
    }
    wanted
}

proptest! {
    #[test]
    fn a_plan_keeps_its_rules_over_a_life(
        life in proptest::collection::vec(
            (proptest::collection::vec(asked(), 1), proptest::collection::vec(proptest::collection::vec(asked(), 2), 3)),
            1..8,
        ),
    ) {
        let mut claims = Claims::default();
        // For each name: whose it is, and which units' last good requests stand for it.
        let mut naive: BTreeMap<&str, (Owner, Vec<String>)> = BTreeMap::new();
        for (own, relations) in life {
            let step: Vec<Vec<Asked>> = std::iter::once(own).chain(relations).collect();
            let wanted = wanted(&step);
            let of = |owner: &Owner, unit: &str| wanted.iter().find(|one| one.owner == *owner && one.unit == unit);
            let has = |one: &Wanted, name: &str| {
                one.request.as_ref().is_ok_and(|good| good.fqdn().iter().any(|fqdn| fqdn.as_str() == name))
            };
            for name in NAMES {
                if let Some((owner, units)) = naive.get_mut(name) {
                    units.retain(|unit| of(owner, unit).is_some_and(|one| one.request.is_err() || has(one, name)));
                    if units.is_empty() {
                        naive.remove(name);
                    }
                }
                for one in wanted.iter().filter(|one| has(one, name)) {
                    let entry = naive.entry(name).or_insert_with(|| (one.owner.clone(), Vec::new()));
                    if one.owner == Owner::Own && entry.0 != Owner::Own {
                        *entry = (Owner::Own, Vec::new());
                    }
                    if entry.0 == one.owner {
                        entry.1.push(one.unit.clone());
                    }
                }
            }
            let made = plan(wanted.clone(), claims, &Policy::default(), &BTreeMap::new());
            claims = made.claims.clone();
            for name in NAMES {
                let fqdn: Fqdn = name.parse().unwrap();
                let owners: Vec<Owner> = std::iter::once(Owner::Own)
                    .chain((1..4).map(|n| Owner::Relation(format!("tls:{n}").parse().unwrap())))
                    .filter(|owner| claims.grants(&fqdn, owner))
                    .collect();
                prop_assert_eq!(owners, naive.get(name).map(|(owner, _)| owner.clone()).into_iter().collect::<Vec<_>>());
                let sites: Vec<_> = made.sites.iter().filter(|site| site.names.contains(&fqdn)).collect();
                let asks = |owner: &Owner| wanted.iter().any(|one| one.owner == *owner && has(one, name));
                let served = naive.get(name).filter(|(owner, _)| asks(owner));
                prop_assert_eq!(sites.len(), usize::from(served.is_some()));
                if let (Some(site), Some((owner, _))) = (sites.first(), served) {
                    prop_assert_eq!(&site.owner, owner);
                }
                for one in wanted.iter().filter(|one| has(one, name)) {
                    let taken = made.answers[&one.owner].pending.get(&fqdn).map(String::as_str);
                    let others = naive.get(name).is_some_and(|(owner, _)| *owner != one.owner);
                    prop_assert_eq!(taken, others.then_some("taken"));
                }
            }
            let mut ids: Vec<_> = made.sites.iter().map(|site| site.name().to_string()).collect();
            ids.sort();
            ids.dedup();
            prop_assert!(ids.len() == made.sites.len());
        }
    }
}
