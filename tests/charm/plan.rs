//! `ssl-termination plan` says what would be served, what would change and why, and changes nothing.

use std::fs;

use serde_json::json;
use test_juju::Charm;

use crate::world::World;

#[test]
fn the_plan_is_told_and_nothing_is_changed() {
    let mut world = World::new(4);
    world.deploy_proxy("proxy");
    let client = Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}");
    world.juju.deploy("blog", &client, 2);
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    world.juju.settle();
    assert_eq!(
        plan(&mut world),
        "serve nothing: no good request at ssl-termination, no site of our own at reverseproxy\nchange nothing\n"
    );

    let request = json!({"fqdn": ["a.example.com", "b.example.com"], "credentials": "ann sesame",
        "upstreams": [{"hostname": "127.0.0.1", "port": 8080}]});
    world.juju.relation_set("blog/0", relation, [("cert-request", request.to_string().as_str())]);
    world.juju.relation_set("blog/1", relation, [("cert-request", r#"{"fqdn": ["A"]}"#)]);
    world.juju.settle();
    let told = "serve a.example.com b.example.com, for blog (ssl-termination:0)\n    to 127.0.0.1:8080\n    \
                for the user ann alone\n\
                refused: blog/1, for blog (ssl-termination:0): fqdn[0]: an upper-case letter is in the name, which has to be in lower case: A\n\
                certificates: self-signed: nobody is at the endpoint certificates, and no ACME server is asked without \
                acme-agree-tos\n";
    assert_eq!(plan(&mut world), format!("{told}change nothing\n"));

    let conf = world.path("etc/ssl-termination/proxy-0/conf");
    fs::remove_file(world.site_file("a.example.com")).unwrap();
    fs::write(conf.join("sites/old.conf"), "").unwrap();
    fs::write(conf.join("nginx.conf"), "").unwrap();
    assert_eq!(
        plan(&mut world),
        format!(
            "{told}rewrite nginx.conf: it says something else\n\
             write sites/a.example.com.conf: it is not there\n\
             delete sites/old.conf: nobody asks for it any more\n"
        )
    );
    assert!(conf.join("sites/old.conf").exists());
}

fn plan(world: &mut World) -> String {
    let state = world.juju.charm_dir("proxy/0").join(".state/flags.json");
    let before = fs::read(&state).unwrap();
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.trace());
    assert_eq!(fs::read(&state).unwrap(), before);
    run.stdout
}

#[test]
fn the_plan_of_a_unit_in_trouble_begins_with_the_trouble() {
    let mut world = World::new(4);
    let taken = crate::world::Web::start("taken");
    world.https_port = taken.port;
    world.deploy_proxy("proxy");
    world.juju.deploy(
        "blog",
        &Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}"),
        1,
    );
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    world.juju.settle();
    let request = r#"{"fqdn": ["a.example.com"]}"#;
    world.juju.relation_set("blog/0", relation, [("cert-request", request)]);
    world.juju.settle();
    world.juju.configure("proxy", [("log-level", "loud")]);
    world.juju.settle();
    let told = plan(&mut world);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("option log-level: \"loud\" is none of"), "{told}");
    assert!(lines[1].starts_with(&format!("blocked: port {} is used by charm", taken.port)), "{told}");
    assert_eq!(
        lines[2..],
        [
            "serve a.example.com, for blog (ssl-termination:0)",
            "    to nobody: it answers 503",
            "pending: a.example.com, for blog (ssl-termination:0): no upstreams: the site answers 503",
            "certificates: self-signed: nobody is at the endpoint certificates, and no ACME server is asked without \
             acme-agree-tos",
            "start or reload nginx: it does not serve this yet",
        ]
    );
}

#[test]
fn the_plan_of_a_client_says_what_it_asks_for() {
    let mut world = World::new(4);
    world.deploy_client("blog", "a.example.com");
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    let relation = world.juju.relate("web:website", "blog:website");
    world.juju.settle();
    let serves = "serve nothing: no good request at ssl-termination, no site of our own at reverseproxy\nchange nothing\n";
    let told = |world: &mut World| world.juju.exec("blog/0", &["bin/ssl-termination", "plan"]).stdout;
    assert_eq!(told(&mut world), format!("{serves}ask for nothing: relate a proxy to the endpoint proxy\n"));
    world.juju.relation_set("web/0", relation, [("hostname", "10.0.0.4"), ("port", "80")]);
    world.juju.settle();
    assert_eq!(told(&mut world), format!("{serves}ask for a.example.com in front of 10.0.0.4:80\n"));
}
