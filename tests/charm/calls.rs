//! The interface's four calls on the command line: what they publish, to the byte, and what they print.

use std::process::Command;

use serde_json::{Value, json};
use test_juju::{HookRun, RelationId};

use crate::charms::{Model, calls};

const STATE_GET: &str = "state-get --format=json ssl-termination-generation";
const STATE_SET: &str = "state-set --file - <<< TOKEN";

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

#[test]
fn get_status_reports_every_unit_whatever_it_has_published() {
    let mut model = stage();
    assert_eq!(printed(&mut model, "get-status --endpoint back"), json!([]));
    let web = relate(&mut model, "back", "web");
    let shop = relate(&mut model, "back", "shop");
    let report = |unit: &str, status: Value| json!({"remote_unit_name": unit, "status": status});
    let all = |model: &mut Model| printed(model, "get-status --endpoint back");
    assert_eq!(all(&mut model), json!([report("web/0", Value::Null), report("shop/0", Value::Null)]));
    for (text, shown) in [
        (r#"["a.example.com"]"#, json!(["a.example.com"])),
        (r#"{"a.example.com": {}, "_pending": {}}"#, json!({"a.example.com": {}, "_pending": {}})),
        ("{bad", json!("{bad")),
        ("7", json!(7)),
        ("null", Value::Null),
        ("[]", json!([])),
        ("\"text\"", json!("text")),
        ("", Value::Null),
    ] {
        model.juju.relation_set("shop/0", shop, [("status", text), ("features", "[]")]);
        model.juju.settle();
        assert_eq!(all(&mut model), json!([report("web/0", Value::Null), report("shop/0", shown)]), "{text}");
    }
    let one = printed(&mut model, &format!("get-status --endpoint back --relation back:{web}"));
    assert_eq!(one, json!([report("web/0", Value::Null)]));
}

#[test]
fn what_a_call_prints_is_json_for_people() {
    let mut model = stage();
    let relation = relate(&mut model, "back", "web");
    model.juju.relation_set("web/0", relation, [("status", r#"["a.example.com"]"#)]);
    model.juju.settle();
    let run = model.exec("ours/0", "ssl-termination get-status --endpoint back");
    let text = "[\n  {\n    \"remote_unit_name\": \"web/0\",\n    \"status\": [\n      \"a.example.com\"\n    ]\n  }\n]\n";
    assert_eq!(run.stdout, text);
}

#[test]
fn a_request_carries_the_unit_that_sent_it_whatever_the_client_says() {
    let mut model = stage();
    assert_eq!(printed(&mut model, "get-cert-requests --endpoint front"), json!([]));
    let relation = relate(&mut model, "front", "web");
    let sent = r#"{"fqdn": ["a.example.com"], "juju_unit": "shop/0", "refused": false, "more": {"x": [1]}}"#;
    model.juju.relation_set("web/0", relation, [("cert-request", sent)]);
    model.juju.settle();
    let expected = json!([{"fqdn": ["a.example.com"], "juju_unit": "web/0", "more": {"x": [1]}}]);
    assert_eq!(printed(&mut model, "get-cert-requests --endpoint front"), expected);
}

#[test]
fn what_python_takes_for_false_is_no_request() {
    let mut model = stage();
    let relation = relate(&mut model, "front", "web");
    for text in ["{}", "[]", "0", "null", "false", "\"\"", ""] {
        model.juju.relation_set("web/0", relation, [("cert-request", r#"{"fqdn": ["a.example.com"]}"#)]);
        model.juju.settle();
        assert_ne!(printed(&mut model, "get-cert-requests --endpoint front"), json!([]));
        model.juju.relation_set("web/0", relation, [("cert-request", text)]);
        model.juju.settle();
        assert_eq!(printed(&mut model, "get-cert-requests --endpoint front"), json!([]), "{text}");
    }
}

#[test]
fn a_request_that_cannot_be_used_is_shown_with_the_reason() {
    let mut model = stage();
    let relation = relate(&mut model, "front", "web");
    for (text, shown) in [
        (
            r#"{"fqdn": "text"}"#,
            json!({"fqdn": "text", "juju_unit": "web/0", "refused": {"field": "fqdn", "reason": "not a list but a string"}}),
        ),
        (
            r#"{"fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 70000}]}"#,
            json!({"fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 70000}],
                "juju_unit": "web/0", "refused": {"field": "upstreams[0].port", "reason": "not a port: 70000"}}),
        ),
        (
            "[1]",
            json!({"juju_unit": "web/0", "refused": {"field": "cert-request", "reason": "not an object but a list"}}),
        ),
    ] {
        model.juju.relation_set("web/0", relation, [("cert-request", text)]);
        model.juju.settle();
        assert_eq!(printed(&mut model, "get-cert-requests --endpoint front"), json!([shown]), "{text}");
    }
    model.juju.relation_set("web/0", relation, [("cert-request", "{bad")]);
    model.juju.settle();
    let shown = printed(&mut model, "get-cert-requests --endpoint front");
    assert_eq!(shown[0]["refused"]["field"], "cert-request", "{shown}");
}

#[test]
fn units_and_relations_are_in_the_order_of_their_numbers() {
    let mut model = stage();
    for _ in 0..10 {
        model.juju.add_unit("web");
    }
    model.juju.settle();
    let web = relate(&mut model, "front", "web");
    let shop = relate(&mut model, "front", "shop");
    let ask = |model: &mut Model, unit: &str, relation: RelationId, name: &str| {
        model.juju.relation_set(unit, relation, [("cert-request", json!({"fqdn": [name]}).to_string())]);
    };
    ask(&mut model, "shop/0", shop, "shop0.example.com");
    for number in [10, 2, 0] {
        ask(&mut model, &format!("web/{number}"), web, &format!("web{number}.example.com"));
    }
    model.juju.settle();
    let request = |unit: &str, name: &str| json!({"fqdn": [name], "juju_unit": unit});
    let of_web = [
        request("web/0", "web0.example.com"),
        request("web/2", "web2.example.com"),
        request("web/10", "web10.example.com"),
    ];
    let of_shop = request("shop/0", "shop0.example.com");
    let [zero, two, ten] = &of_web;
    assert_eq!(printed(&mut model, "get-cert-requests --endpoint front"), json!([zero, two, ten, of_shop]));
    let one = printed(&mut model, &format!("get-cert-requests --endpoint front --relation front:{shop}"));
    assert_eq!(one, json!([of_shop]));
}

fn no_relation(endpoint: &str, relation: &str) -> String {
    format!(
        "the endpoint {endpoint} has no relation {relation}: `relation-ids {endpoint}` lists those it has"
    )
}

/// Every command line, its standard input, and what it says.
#[test]
fn a_call_that_cannot_be_done_says_why_and_changes_nothing() {
    let mut model = stage();
    let front = relate(&mut model, "front", "web");
    let back = relate(&mut model, "back", "shop");
    let before = model.state_files("ours/0");
    let no_endpoint = |name: &str, side: &str| {
        let there = if side == "provides" { "front" } else { "back" };
        format!(
            "{name} is no endpoint of metadata.yaml that {side} the interface ssl-termination (there is: {there})"
        )
    };
    let nothing = |what: &str, instead: &str| {
        format!("the {what} is expected on standard input, as JSON, or else {instead}; nothing came")
    };
    let no_status = || nothing("status", "--file or --withdraw");
    for (command, input, said) in [
        ("send-status --endpoint front", "", no_status()),
        ("send-status --endpoint front", " \n", no_status()),
        (
            "send-status --endpoint front",
            "{bad",
            "the status cannot be sent: it is not JSON: key must be a string at line 1 column 2".to_owned(),
        ),
        ("send-status --endpoint back", "[]", no_endpoint("back", "provides")),
        ("send-status --endpoint none", "[]", no_endpoint("none", "provides")),
        ("send-status --endpoint site", "[]", no_endpoint("site", "provides")),
        ("send-status --endpoint front --relation front:99", "[]", no_relation("front", "front:99")),
        (
            &format!("send-status --endpoint front --relation back:{back}"),
            "[]",
            no_relation("front", &format!("back:{back}")),
        ),
        ("send-cert-info --endpoint back", "", nothing("request", "--fqdn, --file or --withdraw")),
        (
            "send-cert-info --endpoint back",
            "{bad",
            "the request cannot be sent: cert-request: not JSON: key must be a string at line 1 column 2"
                .to_owned(),
        ),
        (
            "send-cert-info --endpoint back",
            r#"{"fqdn": []}"#,
            "the request cannot be sent: fqdn: at least one name is needed".to_owned(),
        ),
        ("send-cert-info --endpoint front", "{}", no_endpoint("front", "requires")),
        ("send-cert-info --endpoint site", "{}", no_endpoint("site", "requires")),
        ("get-status --endpoint front", "", no_endpoint("front", "requires")),
        ("get-cert-requests --endpoint back", "", no_endpoint("back", "provides")),
        (
            &format!("get-cert-requests --endpoint front --relation back:{back}"),
            "",
            no_relation("front", &format!("back:{back}")),
        ),
    ] {
        let run = call(&mut model, command, input);
        let all = (run.exit, run.stdout.as_str(), run.stderr.as_str());
        assert_eq!(all, (2, "", format!("error: {said}\n").as_str()), "{command} <<< {input}");
        assert!(!calls(&run).iter().any(|call| call.contains("-set")), "{}", run.trace());
    }
    let large = "{ printf '{\"fqdn\": [\"a.example.com\"], \"x\": \"'; head -c 300000 /dev/zero | tr '\\0' x; printf '\"}'; }";
    let run = model.exec("ours/0", &format!("{large} | ssl-termination send-cert-info --endpoint back"));
    assert_eq!(
        (run.exit, run.stderr.as_str()),
        (2, "error: the request cannot be sent: cert-request: longer than 262144 bytes\n")
    );
    let run = model.exec("ours/0", "printf '\\377' | ssl-termination send-status --endpoint front");
    assert_eq!(run.exit, 2);
    assert!(run.stderr.starts_with("error: cannot read the status from standard input: "), "{}", run.stderr);
    assert_eq!(model.state_files("ours/0"), before);
    assert_eq!([published(&model, front, "status"), published(&model, back, "cert-request")], [None, None]);
}

#[test]
fn in_a_hook_a_call_finds_no_standard_input_and_says_so() {
    let mut model = stage();
    relate(&mut model, "front", "web");
    model.script("ours/0", "ssl-termination send-status --endpoint front || echo $?\n");
    model.juju.update_status("ours/0");
    let run = model.one();
    let said = "error: the status is expected on standard input, as JSON, or else --file or --withdraw; nothing came\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("2\n", said));
}

#[test]
fn a_command_line_that_is_not_understood_is_explained() {
    let mut model = stage();
    for command in [
        "",
        "nonsense",
        "send-status --nonsense",
        "flag",
        "flag nonsense",
        "flag all-set",
        "get-status --relation x",
    ] {
        let run = model.exec("ours/0", &format!("ssl-termination {command}"));
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.trace());
        assert!(
            run.stderr.contains("Usage: ssl-termination") || run.stderr.contains("--help"),
            "{}",
            run.stderr
        );
        assert_eq!(calls(&run), [""; 0]);
    }
    let run = model.exec("ours/0", "ssl-termination --help");
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    for command in
        ["hook", "flag", "send-cert-info", "ready", "get-status", "get-cert-requests", "send-status", "plan"]
    {
        assert!(run.stdout.contains(&format!("\n  {command} ")), "{}", run.stdout);
    }
}

#[test]
fn outside_of_juju_every_command_is_an_error_that_says_where_it_belongs() {
    let commands = "hook\nflag list\nflag is-set a\nflag set a\nflag clear a\nsend-cert-info --endpoint x\n\
        get-status --endpoint x\nready\nget-cert-requests --endpoint x\nsend-status --endpoint x\nplan";
    let folder = tempfile::tempdir().unwrap();
    for command in commands.lines() {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ssl-termination"));
        let output =
            process.args(command.split(' ')).current_dir(folder.path()).env_clear().output().unwrap();
        let said = "error: not in a hook: Juju's variable JUJU_CONTEXT_ID is not set. Run this in a hook, or as \
            `juju exec --unit UNIT -- bin/ssl-termination …`\n";
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{command}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), said, "{command}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_action_reads_and_publishes_as_juju_exec_does() {
    let mut model = stage();
    let back = relate(&mut model, "back", "web");
    model.juju.relation_set("web/0", back, [("status", "7")]);
    model.juju.settle();
    model.script(
        "ours/0",
        "ssl-termination get-status --endpoint back\n\
         echo '{\"fqdn\": [\"a.example.com\"]}' | ssl-termination send-cert-info --endpoint back\n",
    );
    let lock = model.juju.charm_dir("ours/0").join(".state/lock");
    std::fs::write(&lock, "the mark of another").unwrap();
    let action = model.juju.run_action("ours/0", "look", json!({}));
    assert_eq!((action.run.exit, action.run.stderr.as_str(), action.failure), (0, "", None));
    let shown: Value = serde_json::from_str(&action.run.stdout).unwrap();
    assert_eq!(shown, json!([{"remote_unit_name": "web/0", "status": 7}]));
    let request = r#"{"contact-email": "", "credentials": "", "fqdn": ["a.example.com"], "upstreams": []}"#;
    assert_eq!(published(&model, back, "cert-request").as_deref(), Some(request));
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "the mark of another", "not an action's business");
}

#[test]
fn reading_outside_of_a_hook_costs_one_call_and_leaves_no_trace() {
    let mut model = stage();
    relate(&mut model, "front", "web");
    let before = model.state_files("ours/0");
    for command in [
        "hook",
        "flag list",
        "flag is-set endpoint.front.available",
        "get-cert-requests --endpoint front",
        "get-status --endpoint back",
    ] {
        let run = model.exec("ours/0", &format!("ssl-termination {command}"));
        assert_eq!(
            (run.exit, calls(&run).as_slice()),
            (0, [STATE_GET.to_owned()].as_slice()),
            "{}",
            run.trace()
        );
    }
    assert_eq!(model.state_files("ours/0"), before);
}

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
