//! The side that asks for TLS: our own request, from the configuration and the web servers beside us, and what the
//! proxy makes of it. It knows nothing of nginx and of the side that serves.

mod handlers;
mod secret;
mod way;

pub use handlers::{ask, explain, is_related, take_note, unit_status, web_servers};
pub use secret::{forget_revision, let_go};

use crate::interface::outcome_of;
use crate::interface::websites::Websites;
use crate::juju::tool::status::{State, Status};
use crate::options::Options;
use crate::wire::{Composed, Published, Readiness, readiness};

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
    let reports: Vec<Readiness> = reports.iter().map(|report| readiness(report, &options.fqdns)).collect();
    let mut status = around.obstacle.clone().unwrap_or_else(|| outcome_of(&options.fqdns, &reports));
    status.message += &around.websites.note();
    Some(status)
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
        assert_eq!(told("a.bc", &here, &[Some(r#"{"a.bc": {}}"#)]), "active: a.bc served");
        assert_eq!(
            told("a.bc", &here, &[Some(r#"{"_pending": {"a.bc": "taken"}}"#)]),
            "waiting: a.bc: taken"
        );
    }
}
