//! What the command line offers a charm beside the calls: requests as options, and what has become of them.

use serde_json::{Value, json};
use test_juju::RelationId;

use super::{printed, published, quietly, relate, stage};
use crate::charms::{Model, STATE_GET, calls};

/// `ours/0`, related to the proxy `web` over its one endpoint, in a model in which it has asked for nothing.
fn client() -> (Model, RelationId) {
    let mut model = Model::new(8);
    model.shell("ours", "requires: {tls: {interface: ssl-termination}}", 1);
    model.puppet("web", "provides: {tls: {interface: ssl-termination}}", 1);
    model.juju.settle();
    let relation = model.juju.relate("ours:tls", "web:tls");
    model.juju.settle();
    (model, relation)
}

fn wire(fqdn: &[&str], upstreams: &[(&str, &str)], more: &Value) -> String {
    let upstreams: Vec<Value> =
        upstreams.iter().map(|(host, port)| json!({"hostname": host, "port": port})).collect();
    let mut request = json!({"fqdn": fqdn, "upstreams": upstreams, "contact-email": "", "credentials": ""});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ssl_termination::wire::json::to_string(&request)
}

#[test]
fn a_request_can_be_options_or_a_file() {
    let (mut model, relation) = client();
    let folder = model.juju.charm_dir("ours/0");
    std::fs::write(folder.join("password"), "me pa55word\n").unwrap();
    std::fs::write(folder.join("request"), r#"{"fqdn": ["file.example.com"]}"#).unwrap();
    let address = model.juju.bag(relation, "ours/0")["ingress-address"].clone();
    for (options, written) in [
        ("--fqdn a.example.com", wire(&["a.example.com"], &[], &json!({}))),
        (
            "--fqdn a.example.com --fqdn b.example.com --upstream 10.0.0.4:8080 --upstream web:80 --upstream [::1]:80",
            wire(
                &["a.example.com", "b.example.com"],
                &[("10.0.0.4", "8080"), ("web", "80"), ("[::1]", "80")],
                &json!({}),
            ),
        ),
        (
            "--fqdn a.example.com --credentials-file password --contact-email me@example.com \
             --nginx-config 'gzip on' --nginx-config 'etag off;'",
            wire(
                &["a.example.com"],
                &[],
                &json!({"credentials": "me pa55word", "contact-email": "me@example.com", "nginx-config": ["gzip on", "etag off"]}),
            ),
        ),
        (
            "--fqdn a.example.com --upstream :8080",
            wire(&["a.example.com"], &[(&address, "8080")], &json!({})),
        ),
        ("--file request", wire(&["file.example.com"], &[], &json!({}))),
        ("--file - < request", wire(&["file.example.com"], &[], &json!({}))),
        ("--withdraw", "{}".to_owned()),
    ] {
        let run = model.exec("ours/0", &format!("ssl-termination send-cert-info {options}"));
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""), "{}", run.trace());
        assert_eq!(published(&model, relation, "cert-request").as_ref(), Some(&written), "{options}");
    }
}

#[test]
fn options_that_are_no_request_are_refused_and_a_password_is_never_shown() {
    let (mut model, relation) = client();
    let folder = model.juju.charm_dir("ours/0");
    std::fs::write(folder.join("password"), "pa55word").unwrap();
    std::fs::write(folder.join("empty"), " \n").unwrap();
    for (options, said) in [
        (
            "--fqdn A.com",
            "the request cannot be sent: fqdn[0]: an upper-case letter is in the name, which has to be in lower case: A.com",
        ),
        ("--fqdn a.com --upstream web", "--upstream web: give host and port, as in 10.0.0.4:8080, or :8080"),
        (
            "--fqdn a.com --upstream web:http",
            "the request cannot be sent: upstreams[0].port: not a port: http",
        ),
        ("--fqdn a.com --upstream :http", "--upstream :http: not a port: http"),
        (
            "--fqdn a.com --credentials-file password",
            "the request cannot be sent: credentials: not a user, one space and a password",
        ),
        ("--fqdn a.com --credentials-file empty", "the file for the credentials, empty, is empty"),
        ("--fqdn a.com --credentials-file none", "the file for the credentials, none, is missing"),
        ("--file none", "the file for the request, none, is missing"),
    ] {
        let run = model.exec("ours/0", &format!("ssl-termination send-cert-info {options}"));
        let all = (run.exit, run.stdout.as_str(), run.stderr.as_str());
        assert_eq!(all, (2, "", format!("error: {said}\n").as_str()), "{options}");
    }
    for options in
        ["--upstream :80", "--fqdn a.com --file x", "--withdraw --file x", "--withdraw --fqdn a.com"]
    {
        let run = model.exec("ours/0", &format!("ssl-termination send-cert-info {options}"));
        assert_eq!(run.exit, 2, "{}", run.trace());
        assert!(run.stderr.contains("Usage: ssl-termination send-cert-info"), "{}", run.stderr);
    }
    assert_eq!(published(&model, relation, "cert-request"), None);
}

#[test]
fn what_one_call_prints_can_go_into_another() {
    let mut model = stage();
    let relation = relate(&mut model, "front", "web");
    let run = model.exec("ours/0", "ssl-termination get-cert-requests | ssl-termination send-status");
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.trace());
    assert_eq!(published(&model, relation, "status").as_deref(), Some("[]"));
    quietly(&mut model, "send-status --withdraw", "");
    assert_eq!(published(&model, relation, "status"), None);
}

#[test]
fn the_endpoint_is_needed_only_where_there_are_several_of_its_side() {
    let mut model = Model::new(8);
    let endpoints = "provides: {a: {interface: ssl-termination}, b: {interface: ssl-termination}}";
    model.shell("ours", endpoints, 1);
    model.puppet("web", "requires: {tls: {interface: ssl-termination}}", 1);
    model.juju.settle();
    let relation = model.juju.relate("ours:b", "web:tls");
    model.juju.settle();
    let run = model.exec("ours/0", "ssl-termination get-cert-requests");
    let said = "error: several endpoints of metadata.yaml provide the interface ssl-termination: \
        say which with --endpoint (a, b)\n";
    assert_eq!((run.exit, run.stderr.as_str()), (2, said));
    assert_eq!(printed(&mut model, &format!("get-cert-requests --relation b:{relation}")), json!([]));
    let run = model.exec("ours/0", "ssl-termination get-status");
    let said =
        "error: no endpoint of metadata.yaml requires the interface ssl-termination: declare one there\n";
    assert_eq!((run.exit, run.stderr.as_str()), (2, said));
}

#[test]
fn ready_says_what_has_become_of_the_request() {
    let (mut model, relation) = client();
    let ready = |model: &mut Model| {
        let run = model.exec("ours/0", "ssl-termination ready");
        assert_eq!((run.stderr.as_str(), calls(&run).as_slice()), ("", [STATE_GET.to_owned()].as_slice()));
        format!("{}: {}", run.exit, run.stdout.trim_end())
    };
    assert_eq!(ready(&mut model), "1: nothing is asked for");
    model.exec("ours/0", "ssl-termination send-cert-info --fqdn a.bc --fqdn d.ef");
    assert_eq!(ready(&mut model), "1: waiting for the proxy to answer");
    for (status, said) in [
        (r#"{"a.bc": {}, "_pending": {"d.ef": "taken"}}"#, "1: d.ef: taken"),
        (
            r#"{"_refused": [{"unit": "ours/0", "field": "fqdn[0]", "reason": "no"}]}"#,
            "1: the proxy refuses the request: fqdn[0]: no",
        ),
        (r#"{"a.bc": {}, "d.ef": {}}"#, "0: a.bc, d.ef served"),
        (r#"["a.bc"]"#, "0: a.bc, d.ef served"),
    ] {
        model.juju.relation_set("web/0", relation, [("status", status)]);
        model.juju.settle();
        assert_eq!(ready(&mut model), said, "{status}");
    }
    model.exec("ours/0", "ssl-termination send-cert-info --withdraw");
    assert_eq!(ready(&mut model), "1: nothing is asked for");
    model.juju.remove_relation(relation);
    model.juju.settle();
    assert_eq!(ready(&mut model), "1: relate a proxy to the endpoint tls");
}

#[test]
fn the_options_of_a_charm_in_another_language_are_its_own() {
    let mut model = Model::new(8);
    model.shell("ours", "requires: {tls: {interface: ssl-termination}}", 1);
    let hooks: Vec<(String, Vec<String>)> =
        model.juju.settle().iter().map(|run| (run.hook.clone(), calls(run))).collect();
    let of = |hook: &str| hooks.iter().find(|(name, _)| name == hook).unwrap().1.clone();
    assert_eq!(of("config-changed"), [STATE_GET]);
    assert_eq!(of("start"), [STATE_GET, "relation-ids --format=json tls"]);
    assert_eq!(model.state_files("ours/0").len(), 0);
}
