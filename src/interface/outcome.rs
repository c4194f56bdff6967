use crate::juju::tool::status::{State, Status};
use crate::wire::{Fqdn, Readiness, RefusedRequest};

/// What `juju status` could say of a request for `names`, from what each unit of the proxy says of them: active when
/// all of them serve every name (a proxy of old: any name), blocked when one refuses the request, else waiting.
pub fn outcome_of(names: &[Fqdn], reports: &[Readiness]) -> Status {
    let first_refused = reports.iter().flat_map(|one| &one.refused).next();
    let (state, message) = if let Some(RefusedRequest { field, reason, .. }) = first_refused {
        (State::Blocked, format!("the proxy refuses the request: {field}: {reason}"))
    } else if !reports.is_empty() && reports.iter().all(|one| one.ready) {
        let notes = reports.iter().flat_map(|one| one.notes.values()).next();
        let note = notes.map(|note| format!(" ({note})")).unwrap_or_default();
        (State::Active, format!("{} served{note}", list(names)))
    } else {
        let mut missing = reports.iter().filter(|one| !one.ready).flat_map(|one| &one.missing);
        match missing.find_map(|(name, reason)| Some((name, reason.as_ref()?))) {
            Some((name, reason)) => (State::Waiting, format!("{name}: {reason}")),
            None => (State::Waiting, "waiting for the proxy to answer".to_owned()),
        }
    };
    Status { state, message }
}

/// Names in a status: all of a few, a number of many.
fn list(names: &[Fqdn]) -> String {
    match names {
        [] | [_] | [_, _] | [_, _, _] => names.iter().map(Fqdn::as_str).collect::<Vec<_>>().join(", "),
        [first, ..] => format!("{first} and {} more", names.len() - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Published, readiness};

    fn told(names: &str, reports: &[Option<&str>]) -> String {
        let names: Vec<Fqdn> = names.split(' ').map(|name| name.parse().unwrap()).collect();
        let reports: Vec<Readiness> =
            reports.iter().map(|text| readiness(&Published::parse(*text), &names)).collect();
        let status = outcome_of(&names, &reports);
        format!("{}: {}", status.state, status.message)
    }

    #[test]
    fn it_is_what_the_proxy_says() {
        for (names, reports, expected) in [
            ("a.bc", &[][..], "waiting: waiting for the proxy to answer"),
            ("a.bc", &[None], "waiting: waiting for the proxy to answer"),
            ("a.bc d.ef", &[Some(r#"["a.bc"]"#)], "active: a.bc, d.ef served"),
            ("a.bc d.ef", &[Some(r#"{"a.bc": {}, "d.ef": {}}"#)], "active: a.bc, d.ef served"),
            ("a.bc d.ef", &[Some(r#"{"a.bc": {}, "_pending": {"d.ef": "taken"}}"#)], "waiting: d.ef: taken"),
            ("a.bc", &[Some(r#"{"a.bc": {}, "_notes": {"a.bc": "slow"}}"#)], "active: a.bc served (slow)"),
            ("a.bc", &[Some(r#"["a.bc"]"#), None], "waiting: waiting for the proxy to answer"),
            (
                "a.bc",
                &[Some(r#"{"_refused": [{"unit": "x/0", "field": "fqdn[0]", "reason": "no"}]}"#)],
                "blocked: the proxy refuses the request: fqdn[0]: no",
            ),
            ("a.bc b.bc c.bc d.bc", &[Some(r#"["a.bc"]"#)], "active: a.bc and 3 more served"),
        ] {
            assert_eq!(told(names, reports), expected, "{reports:?}");
        }
    }
}
