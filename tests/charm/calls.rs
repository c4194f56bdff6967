//! The interface's four calls on the command line: what they publish, to the byte, and what they print.

mod options;
mod publish;
mod read;
mod refuse;

use serde_json::Value;
use test_juju::{HookRun, RelationId};

use crate::charms::Model;

/// `ours/0` with both sides of the interface, and the puppets `web` and `shop` that have them too.
fn stage() -> Model {
    let mut model = Model::new(7);
    let endpoints = "provides: {front: {interface: ssl-termination}}\n\
        requires: {back: {interface: ssl-termination}, site: {interface: http}}";
    model.shell("ours", endpoints, 1);
    for application in ["web", "shop"] {
        let endpoints =
            "provides: {back: {interface: ssl-termination}}\nrequires: {front: {interface: ssl-termination}}";
        model.puppet(application, endpoints, 1);
    }
    model.juju.settle();
    model
}

fn relate(model: &mut Model, endpoint: &str, other: &str) -> RelationId {
    let relation = model.juju.relate(&format!("ours:{endpoint}"), &format!("{other}:{endpoint}"));
    model.juju.settle();
    relation
}

/// One call outside of a hook, with a text on its standard input.
fn call(model: &mut Model, command: &str, input: &str) -> HookRun {
    assert!(!input.contains('\''), "{input}");
    model.exec("ours/0", &format!("printf %s '{input}' | ssl-termination {command}"))
}

/// As [`call`], and it must go well and print nothing.
fn quietly(model: &mut Model, command: &str, input: &str) -> HookRun {
    let run = call(model, command, input);
    assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""), "{}", run.trace());
    run
}

/// What a call prints, which is one JSON value.
fn printed(model: &mut Model, command: &str) -> Value {
    let run = model.exec("ours/0", &format!("ssl-termination {command}"));
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.trace());
    serde_json::from_str(&run.stdout).unwrap()
}

fn published(model: &Model, relation: RelationId, key: &str) -> Option<String> {
    let mut bag = model.published(relation, "ours/0");
    let value = bag.remove(key);
    assert_eq!(bag, test_juju::Bag::new(), "another key is published");
    value
}

fn no_relation(endpoint: &str, relation: &str) -> String {
    format!(
        "the endpoint {endpoint} has no relation {relation}: `relation-ids {endpoint}` lists those it has"
    )
}
