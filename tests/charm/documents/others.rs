//! Who else is in the model that the pages speak of: web applications, and one that issues certificates.

use serde_json::Value;
use test_juju::Charm;

use super::stage::Stage;
use crate::certificates::authority::requests;

/// Their names, endpoints and interfaces.
const OTHERS: [(&str, &str, &str); 4] = [
    ("my-app", "website", "http"),
    ("my-blog", "website", "http"),
    ("my-shop", "website", "http"),
    ("self-signed-certificates", "certificates", "tls-certificates"),
];

/// Deploys them.
pub(super) fn deploy(stage: &mut Stage) {
    for (app, endpoint, interface) in OTHERS {
        let charm =
            Charm::puppet(&format!("name: {app}\nprovides: {{{endpoint}: {{interface: {interface}}}}}"));
        stage.world.juju.deploy(app, &charm, 1);
    }
    stage.world.juju.settle();
}

/// An end of a relation. Where the endpoint is left out, Juju finds the one that fits.
pub(super) fn end(text: &str) -> String {
    let other = OTHERS.iter().find(|(app, ..)| *app == text);
    other.map_or_else(|| text.to_owned(), |(app, endpoint, _)| format!("{app}:{endpoint}"))
}

/// Runs all hooks that wait, none of which may fail, and has others do their part: web applications say where they
/// listen, requests for certificates are answered.
pub(super) fn settle(stage: &mut Stage) -> Result<(), String> {
    hooks(stage)?;
    let juju = &mut stage.world.juju;
    let port = stage.web.port.to_string();
    for (app, ..) in OTHERS.iter().filter(|(_, endpoint, _)| *endpoint == "website") {
        for relation in juju.relations_at(app, "website") {
            juju.relation_set(&format!("{app}/0"), relation, [("hostname", "127.0.0.1"), ("port", &*port)]);
        }
    }
    hooks(stage)?;
    for relation in stage.world.juju.relations_at("self-signed-certificates", "certificates") {
        let asked = requests(&stage.world, relation);
        if asked != stage.issued {
            let issued = asked.iter().map(|request| stage.authority.issue(request)).collect();
            let issued = [("certificates", Value::Array(issued).to_string())];
            stage.world.juju.app_set("self-signed-certificates", relation, issued);
            stage.issued = asked;
        }
    }
    hooks(stage)?;
    if stage.world.path("var/lib/ssl-termination/proxy-0/acme/wanted.json").exists() {
        // The ACME client has juju-exec run this when it has ended.
        stage.world.wait_for_issuer();
        stage.world.juju.exec("proxy/0", &["bin/ssl-termination", "hook", "certificates-changed"]);
        hooks(stage)?;
    }
    Ok(())
}

/// All hooks; none may fail.
fn hooks(stage: &mut Stage) -> Result<(), String> {
    let failed = stage.world.juju.settle().into_iter().filter(|run| !run.committed);
    let failed: String = failed.map(|run| run.trace()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}
