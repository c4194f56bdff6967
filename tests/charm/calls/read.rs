//! What the calls that read print, and what they cost.

use serde_json::{Value, json};
use test_juju::RelationId;

use super::{printed, published, relate, stage};
use crate::charms::{Model, STATE_GET, calls};

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
