//! What the calls publish, to the byte, and to whom.

use serde_json::json;
use test_juju::{HookRun, RelationId};

use super::{no_relation, published, quietly, relate, stage};
use crate::charms::{Model, STATE_GET, STATE_SET, calls};

#[test]
fn a_request_is_published_as_the_original_wrote_it() {
    let mut model = stage();
    let relation = relate(&mut model, "back", "web");
    for (sent, written) in [
        (
            r#"{"fqdn": ["b.example.com", "a.example.com"], "upstreams": [{"port": 8080, "hostname": "10.0.0.4"}]}"#,
            r#"{"contact-email": "", "credentials": "", "fqdn": ["b.example.com", "a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#,
        ),
        (
            r#"{"upstreams":[],"fqdn":["a.example.com"],"contact-email":"me@example.com","credentials":"u p\"\\<>&/","other":1}"#,
            r#"{"contact-email": "me@example.com", "credentials": "u p\"\\<>&/", "fqdn": ["a.example.com"], "upstreams": []}"#,
        ),
        (
            r#"{"fqdn": ["a.example.com"], "nginx-config": ["add_header X \"\u00e9 \ud83d\ude00\u007f\u0085\u2028\t\"", "gzip on;"]}"#,
            r#"{"contact-email": "", "credentials": "", "fqdn": ["a.example.com"], "nginx-config": ["add_header X \"\u00e9 \ud83d\ude00\u007f\u0085\u2028\t\"", "gzip on"], "upstreams": []}"#,
        ),
        ("{}", "{}"),
    ] {
        quietly(&mut model, "send-cert-info --endpoint back", sent);
        assert_eq!(published(&model, relation, "cert-request").as_deref(), Some(written));
    }
}

#[test]
fn every_value_that_means_no_request_withdraws_it() {
    let mut model = stage();
    let relation = relate(&mut model, "back", "web");
    for nothing in ["{}", "[]", "0", "null", "false", "\"\"", " {\n} "] {
        quietly(&mut model, "send-cert-info --endpoint back", r#"{"fqdn": ["a.example.com"]}"#);
        quietly(&mut model, "send-cert-info --endpoint back", nothing);
        assert_eq!(published(&model, relation, "cert-request").as_deref(), Some("{}"), "{nothing}");
    }
}

#[test]
fn a_value_that_is_published_already_is_not_written_again() {
    let mut model = stage();
    let back = relate(&mut model, "back", "web");
    let front = relate(&mut model, "front", "shop");
    let said = |run: &HookRun| calls(run);
    let request = r#"{"contact-email": "", "credentials": "", "fqdn": ["a.example.com"], "upstreams": []}"#;
    let run = quietly(&mut model, "send-cert-info --endpoint back", request);
    let set = format!("relation-set -r back:{back} --file - <<< {}", json!({"cert-request": request}));
    assert_eq!(said(&run), [STATE_GET, STATE_SET, &set]);
    let run =
        quietly(&mut model, "send-cert-info --endpoint back", r#"{"upstreams":[],"fqdn":["a.example.com"]}"#);
    assert_eq!(said(&run), [STATE_GET]);
    let run = quietly(&mut model, "send-status --endpoint front", r#"{"b": 1, "a": [true, null]}"#);
    let set = format!(
        "relation-set -r front:{front} --file - <<< {}",
        json!({"status": r#"{"a": [true, null], "b": 1}"#})
    );
    assert_eq!(said(&run), [STATE_GET, STATE_SET, &set]);
    let run = quietly(&mut model, "send-status --endpoint front", r#"{"a":[true,null],"b":1}"#);
    assert_eq!(said(&run), [STATE_GET]);
}

#[test]
fn a_status_of_any_shape_is_published_as_the_original_wrote_it() {
    let mut model = stage();
    let relation = relate(&mut model, "front", "web");
    for (sent, written) in [
        (r#"["a.example.com","b.example.com"]"#, r#"["a.example.com", "b.example.com"]"#),
        (r#"{"b":{"z":1,"y":[]},"a":"\u00e9/<>&"}"#, r#"{"a": "\u00e9/<>&", "b": {"y": [], "z": 1}}"#),
        ("7", "7"),
        ("null", "null"),
        ("[]", "[]"),
        ("{}", "{}"),
        (r#""\ud83d\ude00\n\t""#, r#""\ud83d\ude00\n\t""#),
        ("1.5e-7", "1.5e-07"),
    ] {
        quietly(&mut model, "send-status --endpoint front", sent);
        assert_eq!(published(&model, relation, "status").as_deref(), Some(written));
    }
}

#[test]
fn a_call_goes_to_every_relation_of_its_endpoint_or_to_one() {
    let mut model = stage();
    let relations = [relate(&mut model, "front", "web"), relate(&mut model, "front", "shop")];
    let backs = [relate(&mut model, "back", "web"), relate(&mut model, "back", "shop")];
    let said =
        |model: &Model| relations.map(|relation| published(model, relation, "status").unwrap_or_default());
    quietly(&mut model, "send-status --endpoint front", "[1]");
    assert_eq!(said(&model), ["[1]", "[1]"]);
    quietly(&mut model, &format!("send-status --endpoint front --relation front:{}", relations[1]), "[2]");
    assert_eq!(said(&model), ["[1]", "[2]"]);
    let asked =
        |model: &Model| backs.map(|relation| published(model, relation, "cert-request").unwrap_or_default());
    assert_eq!(asked(&model), ["", ""]);
    quietly(&mut model, "send-cert-info --endpoint back", r#"{"fqdn": ["a.example.com"]}"#);
    let request = r#"{"contact-email": "", "credentials": "", "fqdn": ["a.example.com"], "upstreams": []}"#;
    assert_eq!(asked(&model), [request, request]);
    assert_eq!(said(&model), ["[1]", "[2]"]);
    quietly(&mut model, &format!("send-cert-info --endpoint back --relation back:{}", backs[0]), "{}");
    assert_eq!(asked(&model), ["{}", request]);
}

#[test]
fn nothing_is_published_to_the_relation_that_breaks() {
    let mut model = stage();
    let (web, shop) = (relate(&mut model, "front", "web"), relate(&mut model, "front", "shop"));
    model.juju.remove_relation(web);
    let departed = model.one();
    assert_eq!(departed.hook, "front-relation-departed");
    let one = format!("ssl-termination send-status --endpoint front --relation front:{web}");
    let script = format!(
        "echo '[1]' | ssl-termination send-status --endpoint front\n\
         if echo '[2]' | {one}; then echo sent; else echo $?; fi\n"
    );
    model.script("ours/0", &script);
    let run = model.one();
    assert_eq!(run.hook, "front-relation-broken");
    let sets: Vec<String> = calls(&run).into_iter().filter(|call| call.starts_with("relation-set")).collect();
    assert_eq!(sets, [format!("relation-set -r front:{shop} --file - <<< {}", json!({"status": "[1]"}))]);
    assert_eq!(run.stdout, "2\n");
    assert_eq!(run.stderr, format!("error: {}\n", no_relation("front", &format!("front:{web}"))));
}

#[test]
fn a_request_to_be_sent_is_not_sent_to_the_relation_that_breaks_either() {
    let mut model = stage();
    let web = relate(&mut model, "back", "web");
    model.juju.remove_relation(web);
    model.one();
    let send = "ssl-termination send-cert-info --endpoint back";
    model.script("ours/0", &format!("echo '{{\"fqdn\": [\"a.example.com\"]}}' | {send}\n"));
    let run = model.one();
    assert_eq!((run.hook.as_str(), run.stderr.as_str()), ("back-relation-broken", ""));
    assert_eq!(calls(&run), [STATE_GET, STATE_SET], "{}", run.trace());
}

#[test]
fn a_relation_that_was_removed_by_force_is_left_out_and_forgotten() {
    let mut model = stage();
    let (web, shop) = (relate(&mut model, "front", "web"), relate(&mut model, "front", "shop"));
    model.juju.force_remove_relation(web);
    let run = quietly(&mut model, "send-status --endpoint front", "[1]");
    let set = |relation| {
        let sent = json!({"status": "[1]"});
        format!("relation-set -r front:{relation} --file - <<< {sent}")
    };
    assert_eq!(calls(&run), [STATE_GET, STATE_SET, &set(web), &set(shop)]);
    assert_eq!(published(&model, shop, "status").as_deref(), Some("[1]"));
    let run = quietly(&mut model, "send-status --endpoint front", "[1]");
    assert_eq!(calls(&run), [STATE_GET]);
}

#[test]
fn a_call_that_fails_leaves_no_password_behind() {
    let mut model = stage();
    relate(&mut model, "back", "web");
    let request = r#"{"fqdn": ["a.example.com"], "credentials": "ann pa55word"}"#;
    let send = format!(
        "printf %s '{request}' | PATH=\"$PWD/no:$PATH\" ssl-termination send-cert-info --endpoint back"
    );
    let refuse =
        "mkdir -p no && printf '#!/bin/sh\\nexit 1\\n' > no/relation-set && chmod +x no/relation-set";
    let is_kept = |model: &Model| model.state_files("ours/0").values().any(|text| text.contains("pa55word"));
    let run = model.exec("ours/0", &format!("{refuse} && {send}"));
    assert_ne!(run.exit, 0, "{}", run.trace());
    assert!(!is_kept(&model));
    // Juju has committed the token of that call: the next hook looks at everything.
    model.juju.update_status("ours/0");
    model.juju.settle();
    let run = model.exec("ours/0", &format!("rm -r no && {send}"));
    assert_eq!(run.exit, 0, "{}", run.trace());
    assert!(is_kept(&model));
}

#[test]
fn of_many_answers_each_is_sent_whoever_is_gone() {
    let mut model = stage();
    let clients: Vec<RelationId> = (0..10)
        .map(|number| {
            let client = format!("client{number}");
            model.puppet(&client, "requires: {front: {interface: ssl-termination}}", 1);
            relate(&mut model, "front", &client)
        })
        .collect();
    let gone = [clients[1], clients[6]];
    for relation in gone {
        model.juju.force_remove_relation(relation);
    }
    let run = quietly(&mut model, "send-status --endpoint front", "[1]");
    let sent = json!({"status": "[1]"});
    let sets = clients.iter().map(|client| format!("relation-set -r front:{client} --file - <<< {sent}"));
    let expected: Vec<String> = [STATE_GET, STATE_SET].map(str::to_owned).into_iter().chain(sets).collect();
    assert_eq!(calls(&run), expected);
    for client in clients.iter().filter(|client| !gone.contains(client)) {
        assert_eq!(published(&model, *client, "status").as_deref(), Some("[1]"));
    }
    let run = quietly(&mut model, "send-status --endpoint front", "[1]");
    assert_eq!(calls(&run), [STATE_GET]);
}
