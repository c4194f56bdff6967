//! What people are told.

use std::fs;

use serde_json::json;
use test_juju::Charm;

use super::{NAME, ask, lose_the_flag_file, serving};
use crate::world::World;

#[test]
fn a_web_server_that_cannot_be_used_is_named_in_the_status() {
    let mut world = World::new(3);
    world.deploy_proxy("proxy");
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    let relation = world.juju.relate("web:website", "proxy:reverseproxy");
    world.juju.configure("proxy", [("fqdns", NAME)]);
    world.juju.settle();
    let (_, message) = world.juju.status("proxy/0");
    assert!(!message.contains("relate an application"), "one is related: {message}");
    world.juju.relation_set("web/0", relation, [("hostname", "127.0.0.1"), ("port", "http")]);
    world.juju.settle();
    let (_, message) = world.juju.status("proxy/0");
    assert!(message.contains("web/0"), "{message}");
}

#[test]
fn a_plan_tells_of_passwords_certificates_and_an_nginx_that_has_ended() {
    let (mut world, _, _web) = serving();
    world.kill_nginx();
    fs::remove_file(
        world.path(&format!("var/lib/ssl-termination/proxy-0/certificates/self-signed/{NAME}.pem")),
    )
    .unwrap();
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert!(!run.stdout.contains("change nothing"), "{}", run.stdout);
}

#[test]
fn a_plan_after_a_lost_flag_file_does_not_say_that_all_will_be_deleted() {
    let (mut world, _, _web) = serving();
    lose_the_flag_file(&world);
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert!(!run.stdout.contains("nobody asks for it any more"), "{}", run.stdout);
}

#[test]
fn a_malformed_option_does_not_move_the_ports_of_the_first_configuration() {
    let mut world = World::new(7);
    world.juju.deploy("proxy", &world.charm(), 1);
    let ports = [("http-port", world.http_port), ("https-port", world.https_port)];
    world.juju.configure("proxy", ports);
    world.juju.configure("proxy", [("contact-email", "nobody")]);
    world.juju.deploy(
        "blog",
        &Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}"),
        1,
    );
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    world.juju.settle();
    ask(&mut world, relation, "blog/0", &json!({"fqdn": [NAME], "upstreams": []}));
    let opened = world.juju.opened_ports("proxy/0");
    assert!(!opened.contains(&"443/tcp".to_owned()), "{opened:?}");
}
