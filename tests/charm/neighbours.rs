//! Units of this charm that share a machine, with each other and with those they serve.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::world::{Web, World};

const CLIENT: &str = "name: blog\nrequires: {proxy: {interface: ssl-termination}}";

fn status(world: &World, unit: &str) -> String {
    let (state, message) = world.juju.status(unit);
    format!("{state}: {message}")
}

fn request(name: &str, web: &Web) -> String {
    json!({"fqdn": [name], "upstreams": [{"hostname": "127.0.0.1", "port": web.port}]}).to_string()
}

/// A client that is related to two proxies and asks each for a name of its own.
fn two_proxies() -> (World, Web, [RelationId; 2]) {
    let mut world = World::new(11);
    let web = Web::start("web");
    world.juju.deploy("blog", &Charm::puppet(CLIENT), 1);
    let relations = ["edge", "proxy"].map(|application| {
        world.deploy_proxy(application);
        world.juju.relate(&format!("{application}:ssl-termination"), "blog:proxy")
    });
    world.juju.settle();
    (world, web, relations)
}

#[test]
fn two_proxies_keep_to_their_own_files_and_the_second_says_who_has_its_port() {
    let (mut world, web, [edge, proxy]) = two_proxies();
    world.juju.relation_set("blog/0", edge, [("cert-request", request("edge.example.com", &web))]);
    world.juju.settle();
    world.juju.relation_set("blog/0", proxy, [("cert-request", request("proxy.example.com", &web))]);
    world.juju.settle();
    assert_eq!(status(&world, "edge/0"), "active: serving edge.example.com (self-signed)");
    let said = status(&world, "proxy/0");
    let taken = |port: u16, option: &str| {
        format!("blocked: port {port} is used by the unit edge/0 on this machine: set another {option}")
    };
    assert!(
        [taken(world.http_port, "http-port"), taken(world.https_port, "https-port")].contains(&said),
        "{said}"
    );

    let other = World::new(0);
    world.juju.configure("proxy", [("http-port", other.http_port), ("https-port", other.https_port)]);
    world.juju.settle();
    assert_eq!(status(&world, "proxy/0"), "active: serving proxy.example.com (self-signed)");
    for (http, https, name) in [
        (world.http_port, world.https_port, "edge.example.com"),
        (other.http_port, other.https_port, "proxy.example.com"),
    ] {
        (world.http_port, world.https_port) = (http, https);
        assert_eq!(world.get(&format!("https://{name}/")).send().code, 200);
    }
    assert_eq!(world.nginx_processes().len(), 2);

    world.juju.remove_application("edge");
    world.juju.settle();
    assert_eq!(world.get("https://proxy.example.com/").send().code, 200, "the neighbour goes on");
    for folder in ["etc", "var/lib", "run", "var/log"] {
        let folder = world.path(folder).join("ssl-termination");
        assert!(!folder.join("edge-0").exists() && folder.join("proxy-0").exists(), "{}", folder.display());
    }
}

#[test]
fn a_subordinate_client_beside_the_proxy_is_served() {
    let mut world = World::new(12);
    let web = Web::start("web");
    world.deploy_proxy("proxy");
    let subordinate = "name: agent\nsubordinate: true\n\
        requires: {proxy: {interface: ssl-termination, scope: container}}";
    world.juju.deploy_subordinate("agent", &Charm::puppet(subordinate));
    let relation = world.juju.relate("proxy:ssl-termination", "agent:proxy");
    world.juju.settle();
    world.juju.relation_set("agent/0", relation, [("cert-request", request("a.example.com", &web))]);
    world.juju.settle();
    assert_eq!(status(&world, "proxy/0"), "active: serving a.example.com (self-signed)");
    let answer: Value = serde_json::from_str(&world.juju.bag(relation, "proxy/0")["status"]).unwrap();
    assert_eq!(answer["a.example.com"]["certificate"], "self-signed");
    assert_eq!(world.get("https://a.example.com/").send().code, 200);
}

/// Our charm as somebody may repack it who wants it beside each unit of a web application, in a folder of its own.
fn as_subordinate(world: &World, folder: &Path) -> Charm {
    let unpacked = world.juju.charm_dir("proxy/0");
    for part in ["bin", "hooks", "config.yaml", "metadata.yaml"] {
        let copied = Command::new("cp").arg("-a").args([&unpacked.join(part), folder]).status().unwrap();
        assert!(copied.success());
    }
    let path = folder.join("metadata.yaml");
    let metadata = fs::read_to_string(&path).unwrap();
    let website = "  website:\n    interface: http\n";
    assert!(metadata.contains(website), "{metadata}");
    let contained = metadata.replace(website, &format!("{website}    scope: container\n"));
    fs::write(&path, format!("subordinate: true\n{contained}")).unwrap();
    Charm::at(folder).env("SSL_TERMINATION_ROOT", world.path("").to_string_lossy())
}

#[test]
fn our_charm_as_a_subordinate_asks_for_the_web_server_on_its_machine() {
    let mut world = World::new(13);
    let (one, two) = (Web::start("one"), Web::start("two"));
    world.deploy_proxy("proxy");
    world.juju.deploy(
        "web",
        &Charm::puppet("name: web\nprovides: {website: {interface: http, scope: container}}"),
        2,
    );
    world.juju.settle();
    let folder = tempfile::tempdir().unwrap();
    world.juju.deploy_subordinate("tls", &as_subordinate(&world, folder.path()));
    world.juju.configure("tls", [("fqdns", "a.example.com")]);
    let website = world.juju.relate("web:website", "tls:website");
    world.juju.relate("proxy:ssl-termination", "tls:proxy");
    world.juju.settle();
    for (unit, web) in [("web/0", &one), ("web/1", &two)] {
        let values = [("hostname", "127.0.0.1".to_owned()), ("port", web.port.to_string())];
        world.juju.relation_set(unit, website, values);
    }
    world.juju.settle();
    assert_eq!(status(&world, "proxy/0"), "active: serving a.example.com (self-signed)");
    let mut answers: Vec<String> = (0..8)
        .map(|_| world.get("https://a.example.com/").send().body.lines().next().unwrap().to_owned())
        .collect();
    answers.sort();
    answers.dedup();
    assert_eq!(answers, ["one", "two"], "each subordinate asks for its own principal");
}
