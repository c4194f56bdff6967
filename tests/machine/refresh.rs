//! An older version of the charm is refreshed to this one, on a machine that it serves.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::inside::{CLIENT, Machine, get, served, traces};
use crate::world::Request;

/// Asks for names in front of the machine's web server, with more fields.
fn ask(machine: &mut Machine, unit: &str, relation: RelationId, names: &[&str], more: &Value) {
    let mut request =
        json!({"fqdn": names, "upstreams": [{"hostname": "127.0.0.1", "port": machine.web.port}]});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    machine.juju.relation_set(unit, relation, [("cert-request", request.to_string())]);
}

/// What clients have been told, without what belongs to a certificate.
fn answers(machine: &Machine, relations: &[RelationId]) -> Vec<Value> {
    let answer = |relation: &RelationId| {
        let bag = machine.juju.bag(*relation, "proxy/0");
        let mut answer: BTreeMap<String, Value> = serde_json::from_str(&bag["status"]).unwrap();
        answer.values_mut().filter_map(Value::as_object_mut).for_each(|name| drop(name.remove("expires")));
        json!(answer)
    };
    relations.iter().map(answer).collect()
}

/// What the operator sees, without where the certificates are from, which was not told before.
fn status(machine: &Machine) -> String {
    machine.status("proxy/0").replace(" (self-signed)", "")
}

fn password_file() -> String {
    fs::read_to_string("/var/lib/ssl-termination/proxy-0/passwords/blog.example.com").unwrap()
}

fn with_password() -> u16 {
    Request::to("https://blog.example.com/", 80, 443).with_password("ann:pa55word").send().code
}

#[test]
#[ignore = "runs on a machine that another test makes"]
fn from_an_older_version() {
    let mut machine = Machine::new();
    let older = machine.charm_in("older");
    machine.deploy_charm("proxy", &older);
    machine.juju.deploy("shop", &Charm::puppet(CLIENT), 1);
    let relations = ["blog", "shop"]
        .map(|client| machine.juju.relate("proxy:ssl-termination", &format!("{client}:proxy")));
    machine.settle();
    let names = ["blog.example.com", "www.example.com"];
    ask(&mut machine, "blog/0", relations[0], &names, &json!({"credentials": "ann pa55word"}));
    machine.settle();
    ask(&mut machine, "shop/0", relations[1], &["www.example.com", "shop.example.com"], &json!({}));
    machine.settle();
    let before = (answers(&machine, &relations), status(&machine), password_file());
    assert_eq!(get("shop.example.com", 443), served());
    assert_eq!((get("blog.example.com", 443).0, with_password()), (401, 200));

    // Nothing has changed for anybody: not who has which name, not a password's salt.
    let charm = machine.charm();
    machine.juju.refresh("proxy", &charm);
    let runs = machine.settle();
    assert!(runs.iter().all(|run| run.committed), "a hook has failed");
    assert_eq!((answers(&machine, &relations), status(&machine), password_file()), before);
    assert_eq!(get("shop.example.com", 443), served());
    assert_eq!((get("blog.example.com", 443).0, with_password()), (401, 200));
    let flags = machine.juju.charm_dir("proxy/0").join(".state/flags.json");
    let file: Value = serde_json::from_slice(&fs::read(flags).unwrap()).unwrap();
    assert_eq!(file["stamp"], env!("CARGO_PKG_VERSION"));

    // The new version goes on from there: the name that was waited for is free when its owner goes.
    machine.juju.remove_relation(relations[0]);
    machine.settle();
    assert_eq!(get("www.example.com", 443), served());
    machine.juju.remove_application("proxy");
    machine.settle();
    assert_eq!(traces(), Vec::<String>::new());
}
