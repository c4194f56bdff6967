//! The side that asks for TLS: our own request, from the configuration and the web servers beside us, and what the
//! proxy makes of it. It knows nothing of nginx and of the side that serves.

mod handlers;
mod secret;
mod way;

pub use handlers::{ask, explain, take_note, unit_status};
pub use secret::{forget_revision, let_go};

use crate::interface::websites::Websites;
use crate::juju::tool::status::{State, Status};
use crate::options::Options;
use crate::wire::{Composed, Fqdn, Published, Readiness, RefusedRequest, readiness};

/// What stands around a unit that may have to ask.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Whether a web application is related.
    pub has_website: bool,
    /// Whether a proxy is related.
    pub has_proxy: bool,
    /// What the web application's units say.
    pub websites: Websites,
    /// What keeps the request back.
    pub obstacle: Option<Status>,
}

/// What this unit asks of the proxy; nothing withdraws what it asked before.
///
/// A request without upstreams is never sent: proxies of old would write a configuration that their nginx refuses.
pub fn request(options: &Options, around: &Surroundings) -> Option<Composed> {
    around.has_website.then(|| options.request(&around.websites.listening)).flatten()
}

/// What `juju status` should say of this side; nothing, if the unit doesn't ask for anything.
pub fn status(options: &Options, around: &Surroundings, reports: &[Published]) -> Option<Status> {
    let says = |state, message: String| Some(Status { state, message });
    match around {
        Surroundings { has_website: false, has_proxy: false, .. } => return None,
        Surroundings { has_website: false, .. } => {
            return says(State::Blocked, "relate a web application to the endpoint website".to_owned());
        }
        Surroundings { has_proxy: false, .. } => {
            return says(State::Blocked, "relate a proxy to the endpoint proxy".to_owned());
        }
        _ => {}
    }
    if options.fqdns.is_empty() {
        return says(
            State::Blocked,
            "set the option fqdns to the names that the proxy should serve".to_owned(),
        );
    }
    if around.websites.listening.is_empty() {
        return match &around.websites.unusable {
            Some(unusable) => says(State::Blocked, unusable.clone()),
            None => {
                says(State::Waiting, "waiting for the web application to say where it listens".to_owned())
            }
        };
    }
    let mut status = around.obstacle.clone().unwrap_or_else(|| says_of(&options.fqdns, reports));
    status.message += &around.websites.note();
    Some(status)
}

/// What the proxy's units say of our names. We are ready when every one of them is.
fn says_of(names: &[Fqdn], reports: &[Published]) -> Status {
    let all: Vec<Readiness> = reports.iter().map(|report| readiness(report, names)).collect();
    let first_refused = all.iter().flat_map(|one| &one.refused).next();
    let (state, message) = if let Some(RefusedRequest { field, reason, .. }) = first_refused {
        (State::Blocked, format!("the proxy refuses the request: {field}: {reason}"))
    } else if !all.is_empty() && all.iter().all(|one| one.ready) {
        let notes = all.iter().flat_map(|one| one.notes.values()).next();
        let note = notes.map(|note| format!(" ({note})")).unwrap_or_default();
        (State::Active, format!("{} served{note}", list(names)))
    } else {
        let mut missing = all.iter().filter(|one| !one.ready).flat_map(|one| &one.missing);
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
    use serde_json::json;

    use super::*;
    use crate::wire::Website;

    fn options(fqdns: &str) -> Options {
        let serde_json::Value::Object(config) = json!({ "fqdns": fqdns, "credentials": "u p" }) else {
            panic!()
        };
        Options::parse(&config).unwrap()
    }

    fn around(websites: &[&str]) -> Surroundings {
        let website =
            |host: &&str| Website { hostname: host.parse().unwrap(), port: "8080".parse().unwrap() };
        let websites = Websites { listening: websites.iter().map(website).collect(), ..Websites::default() };
        Surroundings { has_website: true, has_proxy: true, websites, obstacle: None }
    }

    fn told(fqdns: &str, around: &Surroundings, reports: &[Option<&str>]) -> String {
        let reports: Vec<Published> = reports.iter().map(|text| Published::parse(*text)).collect();
        let status = status(&options(fqdns), around, &reports);
        status.map_or("nothing".to_owned(), |status| format!("{}: {}", status.state, status.message))
    }

    #[test]
    fn the_request_is_the_options_and_the_web_servers() {
        let request =
            request(&options("a.example.com b.example.com"), &around(&["10.0.0.4", "web"])).unwrap();
        assert_eq!(
            request.to_wire(),
            r#"{"contact-email": "", "credentials": "u p", "fqdn": ["a.example.com", "b.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}, {"hostname": "web", "port": "8080"}]}"#
        );
    }

    #[test]
    fn without_names_or_web_servers_nothing_is_asked() {
        assert!(request(&options(""), &around(&["web"])).is_none());
        assert!(request(&options("a.example.com"), &around(&[])).is_none());
        let alone = Surroundings { has_website: false, ..around(&["web"]) };
        assert!(request(&options("a.example.com"), &alone).is_none());
    }

    #[test]
    fn the_status_says_what_is_missing() {
        let none = Surroundings::default();
        assert_eq!(told("a.bc", &none, &[]), "nothing");
        let no_proxy = Surroundings { has_proxy: false, ..around(&["web"]) };
        assert_eq!(told("a.bc", &no_proxy, &[]), "blocked: relate a proxy to the endpoint proxy");
        assert_eq!(
            told("", &around(&["web"]), &[]),
            "blocked: set the option fqdns to the names that the proxy should serve"
        );
        assert_eq!(
            told("a.bc", &around(&[]), &[]),
            "waiting: waiting for the web application to say where it listens"
        );
        assert_eq!(told("a.bc", &around(&["web"]), &[None]), "waiting: waiting for the proxy to answer");
    }

    #[test]
    fn the_status_says_what_the_proxy_says() {
        let here = around(&["web"]);
        assert_eq!(told("a.bc d.ef", &here, &[Some(r#"["a.bc"]"#)]), "active: a.bc, d.ef served");
        assert_eq!(
            told("a.bc d.ef", &here, &[Some(r#"{"a.bc": {}, "d.ef": {}}"#)]),
            "active: a.bc, d.ef served"
        );
        assert_eq!(
            told("a.bc d.ef", &here, &[Some(r#"{"a.bc": {}, "_pending": {"d.ef": "taken"}}"#)]),
            "waiting: d.ef: taken"
        );
        assert_eq!(
            told("a.bc", &here, &[Some(r#"["a.bc"]"#), None]),
            "waiting: waiting for the proxy to answer"
        );
        assert_eq!(
            told(
                "a.bc",
                &here,
                &[Some(r#"{"_refused": [{"unit": "x/0", "field": "fqdn[0]", "reason": "no"}]}"#)]
            ),
            "blocked: the proxy refuses the request: fqdn[0]: no"
        );
    }
}
