use time::OffsetDateTime;

use super::{Progress, Wanted};
use crate::cert::Pair;
use crate::wire::Fqdn;

/// A certificate that is to be ordered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The site's id.
    pub id: Fqdn,
    /// The names to order it for.
    pub names: Vec<Fqdn>,
}

/// What is to be ordered now: what is missing, and what ends soon or is to be renewed by the server's own wish. Names in
/// trouble wait; the others of their site don't wait for them. `kept`: the pair that a site has from ACME.
pub fn due<'a>(
    wanted: &Wanted,
    kept: impl Fn(&Fqdn) -> Option<&'a Pair>,
    progress: &Progress,
    now: OffsetDateTime,
) -> Vec<Job> {
    if progress.server.as_ref().is_some_and(|trouble| trouble.holds(now)) {
        return Vec::new();
    }
    let job = |names: &Vec<Fqdn>| {
        let id = names.first()?;
        let pair = kept(id).filter(|pair| pair.server.as_ref() == Some(&wanted.server) && pair.is_valid(now));
        let waits = |name: &Fqdn| progress.names.get(name).is_some_and(|trouble| trouble.holds(now));
        let renewal = progress.renewals.get(id).filter(|renewal| {
            pair.and_then(Pair::identifier).is_some_and(|identifier| identifier == renewal.certificate)
        });
        let is_old = pair.is_some_and(|pair| match renewal.and_then(|renewal| renewal.at) {
            Some(at) => at <= now.unix_timestamp() || pair.is_late(now),
            None => pair.is_old(now),
        });
        let orderable: Vec<Fqdn> = names.iter().filter(|name| !waits(name)).cloned().collect();
        let is_missing = orderable.iter().any(|name| !pair.is_some_and(|pair| pair.covers(name)));
        let is_due = is_missing || is_old;
        (is_due && !orderable.is_empty()).then(|| Job { id: id.clone(), names: orderable })
    };
    wanted.sites.iter().filter_map(job).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cert::acme::Trouble;
    use crate::cert::acme::progress::Renewal;
    use time::Duration;

    fn name(text: &str) -> Fqdn {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_missing_or_old_is_due_and_what_is_in_trouble_waits() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let server = "https://acme.example/dir".to_owned();
        let wanted = |sites: &[&[&str]]| Wanted {
            server: server.clone(),
            ca: None,
            contact: None,
            external: None,
            http_port: 80,
            proxies: Vec::new(),
            sites: sites.iter().map(|names| names.iter().map(|one| name(one)).collect()).collect(),
        };
        let pair = |names: &[&str], left: i64| Pair {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            begins: now - Duration::days(90 - left),
            ends: now + Duration::days(left),
            server: Some(server.clone()),
            serial: vec![7],
            key_id: Vec::new(),
            authority: vec![1],
        };
        let both: &[&[&str]] = &[&["a.bc", "b.bc"]];
        let trouble = |names: &[&str]| Progress {
            names: names
                .iter()
                .map(|one| (name(one), Trouble::after(None, "x".to_owned(), None, now)))
                .collect(),
            ..Progress::default()
        };
        let none = Progress::default();
        let renewal = |days: i64| Progress {
            renewals: BTreeMap::from([(
                name("a.bc"),
                Renewal {
                    certificate: "AQ.Bw".to_owned(),
                    at: Some((now + Duration::days(days)).unix_timestamp()),
                    ask: 0,
                },
            )]),
            ..Progress::default()
        };
        let down =
            Progress { server: Some(Trouble::after(None, "x".to_owned(), None, now)), ..Progress::default() };
        let other_server = Pair { server: Some("https://other".to_owned()), ..pair(&["a.bc", "b.bc"], 80) };
        for (kept, progress, ordered) in [
            (None, &none, "a.bc b.bc"),
            (None, &trouble(&["b.bc"]), "a.bc"),
            (None, &trouble(&["a.bc", "b.bc"]), ""),
            (None, &down, ""),
            (Some(pair(&["a.bc", "b.bc"], 80)), &none, ""),
            (Some(pair(&["a.bc", "b.bc"], 31)), &none, ""),
            (Some(pair(&["a.bc", "b.bc"], 29)), &none, "a.bc b.bc"),
            (Some(pair(&["a.bc", "b.bc"], 29)), &trouble(&["b.bc"]), "a.bc"),
            (Some(pair(&["a.bc"], 80)), &none, "a.bc b.bc"),
            (Some(pair(&["a.bc"], 80)), &trouble(&["b.bc"]), ""),
            (Some(pair(&["a.bc", "b.bc"], -1)), &none, "a.bc b.bc"),
            (Some(other_server), &none, "a.bc b.bc"),
            (Some(pair(&["a.bc", "b.bc"], 80)), &renewal(-1), "a.bc b.bc"),
            (Some(pair(&["a.bc", "b.bc"], 29)), &renewal(1), ""),
            (Some(pair(&["a.bc", "b.bc"], 20)), &renewal(1), "a.bc b.bc"),
        ] {
            let jobs = due(&wanted(both), |_| kept.as_ref(), progress, now);
            let told: Vec<String> = jobs.iter().flat_map(|job| &job.names).map(ToString::to_string).collect();
            assert_eq!(told.join(" "), ordered, "{kept:?} {progress:?}");
        }
    }
}
