//! The charms of examples/, put together as they would be packed: their scenarios, and how they get along with ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_juju::{Charm, Scenario};

use crate::world::{World, packed};

/// A charm of examples/ in a folder of its own. Python's packages may be out of reach: then there is none, unless `CI` is
/// set.
#[expect(clippy::print_stderr, reason = "who runs the tests should know")]
pub(crate) fn laid_out(name: &str) -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lay-out-example");
    let binary = packed::binary();
    let done =
        Command::new(script).arg(name).args([binary.parent().unwrap(), folder.path()]).output().unwrap();
    if done.status.success() {
        return Some(folder);
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let may_be_missing = name == "python-client" && std::env::var_os("CI").is_none();
    assert!(may_be_missing, "{said}");
    eprintln!("not tried, since its packages cannot be installed: {name}: {said}");
    None
}

/// Plays the charm's own scenario.
fn play(folder: &Path) {
    let mut told = String::new();
    let scenario = Scenario::read(folder.join("scenario.juju")).unwrap();
    let played = scenario.play(1, &mut |text| told.push_str(text));
    assert!(played.is_ok(), "{told}{}", played.unwrap_err());
}

fn status(world: &World, unit: &str) -> String {
    let (state, message) = world.juju.status(unit);
    format!("{state}: {message}")
}

/// A client of the examples asks our proxy, is served, and is told when it is not any more.
fn client(language: &str) {
    let name = format!("{language}-client");
    let Some(folder) = laid_out(&name) else { return };
    play(folder.path());

    let mut world = World::new(21);
    world.deploy_proxy("proxy");
    world.juju.deploy(&name, &Charm::at(folder.path()), 1);
    let relation = world.juju.relate(&format!("{name}:tls"), "proxy:ssl-termination");
    world.juju.settle();
    let (unit, fqdn) = (format!("{name}/0"), format!("{language}.example.com"));
    assert_eq!(status(&world, "proxy/0"), format!("active: serving {fqdn} (self-signed)"));
    assert_eq!(status(&world, &unit), format!("active: {fqdn} served"));
    let request: Value = serde_json::from_str(&world.juju.bag(relation, &unit)["cert-request"]).unwrap();
    let address = &world.juju.bag(relation, &unit)["ingress-address"];
    let upstreams = json!([{"hostname": address, "port": "8080"}]);
    assert_eq!((&request["fqdn"], &request["upstreams"]), (&json!([fqdn]), &upstreams));

    world.juju.configure("proxy", [("allowed-domains", "blog=example.com")]);
    world.juju.settle();
    assert!(status(&world, &unit).starts_with(&format!("waiting: {fqdn}: ")), "{}", status(&world, &unit));

    world.juju.remove_relation(relation);
    world.juju.settle();
    for unit in ["proxy/0", &unit] {
        assert_eq!(world.juju.failed(unit), None, "{unit}");
    }
}

#[test]
fn the_client_in_bash_is_served() {
    client("bash");
}

#[test]
fn the_client_in_rust_is_served() {
    client("rust");
}

#[test]
fn the_client_in_python_is_served() {
    client("python");
}

#[test]
fn the_proxy_in_bash_answers_ours_as_its_client() {
    let folder = laid_out("bash-proxy").unwrap();
    play(folder.path());

    let mut world = World::new(22);
    world.juju.deploy("bash-proxy", &Charm::at(folder.path()), 1);
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    world.deploy_client("blog", "a.example.com b.example.com");
    let website = world.juju.relate("web:website", "blog:website");
    world.juju.relate("blog:proxy", "bash-proxy:front");
    world.juju.settle();
    assert_eq!(status(&world, "bash-proxy/0"), "active: serving 0 names");
    world.juju.relation_set("web/0", website, [("hostname", "10.0.0.4"), ("port", "8080")]);
    world.juju.settle();
    assert_eq!(status(&world, "bash-proxy/0"), "active: serving 2 names");
    assert_eq!(status(&world, "blog/0"), "active: a.example.com, b.example.com served");
    let sites = fs::read_to_string(world.juju.charm_dir("bash-proxy/0").join("sites.json")).unwrap();
    let sites: Value = serde_json::from_str(&sites).unwrap();
    assert_eq!(sites[0]["upstreams"], json!([{"hostname": "10.0.0.4", "port": "8080"}]));

    world.juju.relation_set("web/0", website, [("port", "")]);
    world.juju.settle();
    assert_eq!(status(&world, "bash-proxy/0"), "active: serving 0 names");
}
