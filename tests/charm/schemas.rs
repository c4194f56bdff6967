//! The schemas in docs/schemas say what travels: they take what charms have published, and refuse nothing that ours would
//! read.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::{Just, any, prop_assert, prop_oneof, proptest};
use proptest::strategy::{BoxedStrategy, Strategy};
use proptest::{collection, option};
use serde_json::{Value, json};
use ssl_termination::wire::{
    Answer, CertRequest, Composed, Fqdn, Protection, Refusal, RefusedRequest, Served,
};
use test_juju::{Charm, HookRun};

use crate::world::{Web, World};

fn schema_text(key: &str) -> Value {
    let path = format!("docs/schemas/{key}.schema.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn schema(key: &str) -> &'static Validator {
    static BOTH: LazyLock<[Validator; 2]> = LazyLock::new(|| {
        ["cert-request", "status"].map(|key| jsonschema::draft202012::new(&schema_text(key)).unwrap())
    });
    &BOTH[usize::from(key == "status")]
}

/// What a schema has against the JSON text under its key.
fn refusal(schema: &Validator, text: &str) -> Option<String> {
    let value = serde_json::from_str(text).unwrap();
    schema.iter_errors(&value).next().map(|error| format!("{text}: {error}"))
}

#[test]
fn they_are_schemas_with_examples_that_they_take_and_the_limits_of_the_code() {
    for key in ["cert-request", "status"] {
        let text = schema_text(key);
        assert!(jsonschema::draft202012::meta::validate(&text).is_ok(), "{key}");
        let schema = schema(key);
        for example in text["examples"].as_array().unwrap() {
            assert_eq!(refusal(schema, &example.to_string()), None);
        }
    }
    let request = schema_text("cert-request");
    let fields = &request["$defs"]["request"]["properties"];
    assert_eq!(fields["fqdn"]["maxItems"], CertRequest::MAX_NAMES);
    assert_eq!(fields["upstreams"]["anyOf"][1]["maxItems"], CertRequest::MAX_UPSTREAMS);
    let described = request["description"].as_str().unwrap();
    assert!(described.contains(&format!("at most {} bytes", CertRequest::MAX_BYTES)), "{described}");
}

/// Fields that are not what they should be.
fn bad_fields() -> Vec<Value> {
    let label = "a".repeat(63);
    vec![
        json!({"fqdn": []}),
        json!({"fqdn": null}),
        json!({"fqdn": "a.b"}),
        json!({"fqdn": [null]}),
        json!({"fqdn": vec!["a.b"; 101]}),
        json!({"fqdn": [format!("{label}.{label}.{label}.{}.b", "a".repeat(60))]}),
        json!({"fqdn": [format!("a{label}.b")]}),
        json!({"contact-email": "a..b@example.com"}),
        json!({"contact-email": "a@localhost"}),
        json!({"contact-email": "a@b.0X1"}),
        json!({"contact-email": format!("{}@{}", "a".repeat(64), "b.".repeat(95) + "com")}),
        json!({"contact-email": 7}),
        json!({"credentials": "user"}),
        json!({"credentials": "user  password"}),
        json!({"credentials": "-user password"}),
        json!({"credentials": "us:er password"}),
        json!({"credentials": format!("user {}", "p".repeat(129))}),
        json!({"credentials": ["user", "password"]}),
        json!({"credentials-secret": "9m4e2mr0ui3e8a215n4g"}),
        json!({"credentials-secret": "secret:9m4e2mr0ui3e8a215n4w"}),
        json!({"credentials-secret": "secret://9m4e2mr0ui3e8a215n4g"}),
        json!({"credentials-secret": 7}),
        json!({"credentials-secret": "secret:9m4e2mr0ui3e8a215n4g", "credentials": "user password"}),
        json!({"upstreams": {}}),
        json!({"upstreams": ["10.0.0.4:80"]}),
        json!({"upstreams": [{"hostname": "10.0.0.4"}]}),
        json!({"upstreams": [{"hostname": null, "port": 80}]}),
        json!({"upstreams": vec![json!({"hostname": "a", "port": 1}); 257]}),
        json!({"nginx-config": 1}),
        json!({"nginx-config": [1]}),
    ]
}

/// Values of a request's fields, beside a good name: what both the schema and our parser say.
#[test]
fn a_request_is_taken_or_refused_by_both() {
    let schema = schema("cert-request");
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}.b", "a".repeat(59));
    let good = [
        json!({}),
        json!({"fqdn": [longest, "0x1.com", "xn--bcher-kva.example", "1.a"]}),
        json!({"fqdn": vec!["a.b"; 100]}),
        json!({"contact-email": "First.Last+tag@Example.COM", "credentials": "a@b !~"}),
        json!({"contact-email": null, "credentials": null, "upstreams": null, "nginx-config": null}),
        json!({"contact-email": "", "credentials": "", "upstreams": [], "nginx-config": "; gzip on"}),
        json!({"credentials-secret": "secret:9m4e2mr0ui3e8a215n4g", "credentials": ""}),
        json!({"credentials-secret": "secret://a8b2c3d4-0000-4fff-8a00-123456789abc/9m4e2mr0ui3e8a215n4g"}),
        json!({"credentials-secret": null, "credentials": "user password"}),
        json!({"nginx-config": ["", "client_max_body_size: 10G;"], "juju_unit": "blog/0", "other": [1]}),
        json!({"upstreams": [
            {"hostname": "10.0.0.4", "port": "8080"}, {"hostname": "::1", "port": 1, "weight": 2},
            {"hostname": "[fd00::4]", "port": 65535}, {"hostname": "::ffff:10.0.0.4", "port": "1"},
            {"hostname": "backend", "port": "65535"}, {"hostname": "a.unix", "port": 80},
        ]}),
    ];
    let with_name = |value: &Value| {
        let mut request = json!({"fqdn": ["a.b"]});
        request.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        request.to_string()
    };
    let names = [
        "localhost",
        "*.a.b",
        "A.b",
        "a_b.c",
        "a.b.",
        "-a.b",
        "a-.b",
        "a..b",
        "a.1",
        "a.0x",
        "a.0xf",
        "a.b\n",
        "",
    ];
    let hosts = [
        "unix",
        "127.1",
        "256.0.0.1",
        "010.0.0.4",
        "0x7f.1",
        "10.0.0.4:80 ",
        "[10.0.0.4]",
        "fe80::1%eth0",
        "A",
        "",
    ];
    let ports = [
        json!(0),
        json!(65536),
        json!(-1),
        json!(1.5),
        json!("0"),
        json!("080"),
        json!("65536"),
        json!("http"),
        json!("80\n"),
        json!(true),
        json!(null),
    ];
    let of_names = names.map(|name| json!({"fqdn": [name]}));
    let of_hosts = hosts.map(|host| json!({"upstreams": [{"hostname": host, "port": 80}]}));
    let of_ports = ports.map(|port| json!({"upstreams": [{"hostname": "a", "port": port}]}));
    for value in &good {
        let text = with_name(value);
        assert_eq!(refusal(schema, &text), None);
        assert!(CertRequest::parse(&text).unwrap().is_some(), "{text}");
    }
    for value in bad_fields().iter().chain(&of_names).chain(&of_hosts).chain(&of_ports) {
        let text = with_name(value);
        assert!(refusal(schema, &text).is_some(), "{text}");
        assert!(CertRequest::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn no_request_and_what_is_none_are_told_apart_by_both() {
    let schema = schema("cert-request");
    for nothing in ["{}", "[]", "0", "-0.0", "null", "false", "\"\""] {
        assert_eq!((refusal(schema, nothing), CertRequest::parse(nothing)), (None, Ok(None)));
    }
    for wrong in ["7", "true", "[1]", "\"a.b\"", "{\"a\": 1}"] {
        assert!(refusal(schema, wrong).is_some() && CertRequest::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_status_of_another_shape_is_refused() {
    let schema = schema("status");
    for good in [json!({}), json!([]), json!({"a.b": {}, "_more": 7})] {
        assert_eq!(refusal(schema, &good.to_string()), None);
    }
    for bad in [
        json!(null),
        json!(7),
        json!("a.b"),
        json!([7]),
        json!({"A.b": {}}),
        json!({"a.b": true}),
        json!({"a.b": {"expires": "tomorrow"}}),
        json!({"_pending": ["a.b"]}),
        json!({"_pending": {"a.b": null}}),
        json!({"_notes": {"*.b": "x"}}),
        json!({"_refused": [{"unit": "blog/0", "reason": "x"}]}),
    ] {
        assert!(refusal(schema, &bad.to_string()).is_some(), "{bad}");
    }
}

/// What the hooks of a model have published under a key.
fn published(runs: &[HookRun], key: &str) -> Vec<String> {
    let bags = runs.iter().flat_map(|run| run.published.values());
    bags.filter_map(|bag| bag.get(key)?.clone()).collect()
}

#[test]
fn what_the_original_published_is_taken() {
    let recording: Value = serde_json::from_str(include_str!("data/original-traces.json")).unwrap();
    for key in ["cert-request", "status"] {
        let schema = schema(key);
        let steps = recording["scenarios"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|scenario| scenario["steps"].as_array().unwrap());
        let hooks = steps.flat_map(|step| step["hooks"].as_array().unwrap());
        let bags = hooks.filter_map(|hook| hook["published"].as_object()).flat_map(|bags| bags.values());
        let texts: Vec<&str> = bags.filter_map(|bag| bag[key].as_str()).collect();
        assert!(texts.len() > 3, "{key}: {texts:?}");
        assert_eq!(texts.iter().filter_map(|text| refusal(schema, text)).collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn what_our_proxy_and_our_client_publish_is_taken() {
    let mut world = World::new(31);
    let web = Web::start("web");
    world.deploy_proxy("proxy");
    world.deploy_client("shop", "shop.example.com taken.example.com");
    let requirer = |name: &str| {
        Charm::puppet(&format!("name: {name}\nrequires: {{tls: {{interface: ssl-termination}}}}"))
    };
    world.juju.deploy("blog", &requirer("blog"), 3);
    world.juju.deploy("site", &Charm::puppet("name: site\nprovides: {website: {interface: http}}"), 1);
    let blog = world.juju.relate("blog:tls", "proxy:ssl-termination");
    world.juju.settle();
    let upstream = json!({"hostname": "127.0.0.1", "port": web.port});
    for (unit, request) in [
        (
            "blog/0",
            json!({"fqdn": ["taken.example.com"], "upstreams": [upstream], "credentials": "one password"}),
        ),
        (
            "blog/1",
            json!({"fqdn": ["taken.example.com"], "upstreams": [upstream], "credentials": "two password"}),
        ),
        ("blog/2", json!({"fqdn": ["Refused.example.com"]})),
    ] {
        world.juju.relation_set(unit, blog, [("cert-request", request.to_string())]);
    }
    let mut runs = world.juju.settle();
    let site = world.juju.relate("site:website", "shop:website");
    world.juju.relation_set(
        "site/0",
        site,
        [("hostname", "127.0.0.1".to_owned()), ("port", web.port.to_string())],
    );
    world.juju.configure("shop", [("credentials", "me pa55word")]);
    world
        .juju
        .configure("shop", [("contact-email", "me@example.com"), ("nginx-config", "gzip on; etag off")]);
    world.juju.relate("shop:proxy", "proxy:ssl-termination");
    runs.extend(world.juju.settle());
    world.juju.configure("shop", [("fqdns", "")]);
    runs.extend(world.juju.settle());

    for (key, parts) in [
        ("cert-request", &["\"gzip on\"", "pa55word", "{}"][..]),
        ("status", &["_pending", "_refused", "_notes", "\"shop.example.com\": {", "expires"]),
    ] {
        let (schema, texts) = (schema(key), published(&runs, key));
        for part in parts {
            assert!(texts.iter().any(|text| text.contains(part)), "{part} is not in {texts:?}");
        }
        assert_eq!(texts.iter().filter_map(|text| refusal(schema, text)).collect::<Vec<_>>(), [""; 0]);
    }
}

fn a_name() -> BoxedStrategy<Fqdn> {
    let text = prop_oneof![
        "([a-z0-9]{1,9}(-[a-z0-9]{1,3})?\\.){1,3}[a-z]{2,3}",
        "([a-z0-9]{50,63}\\.){3}[a-z]{1,40}"
    ];
    text.prop_map(|text| text.parse().unwrap()).boxed()
}

fn a_request() -> BoxedStrategy<Composed> {
    let host = prop_oneof![
        any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
        "[a-z]{1,9}(-[a-z]{1,3})?".prop_filter("a socket", |name| name != "unix"),
    ];
    let upstreams = collection::vec((host, 1..=65535_u16), 0..4);
    let email = option::of("[a-z0-9_][a-z0-9.]{0,3}[a-z]@[a-z]{1,9}\\.[A-Z]{2}");
    let text = "[a-zA-Z0-9._@][a-zA-Z0-9._@-]{0,9} [!-~]{1,128}";
    let secret = "secret:(//[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/)?[0-9a-v]{20}";
    let protection = option::of(prop_oneof![
        text.prop_map(|text| Protection::Text(text.parse().unwrap())),
        secret.prop_map(|secret| Protection::Secret(secret.parse().unwrap())),
    ]);
    (collection::vec(a_name(), 1..5), upstreams, email, protection, collection::vec(any::<String>(), 0..3))
        .prop_map(|(names, upstreams, email, protection, directives)| {
            let mut request = Composed::new(names).unwrap();
            request.contact_email = email.and_then(|email| email.parse().ok());
            request.protection = protection;
            request.nginx_config = directives;
            for (host, port) in upstreams {
                let (host, port) = (host.parse().unwrap(), port.to_string().parse().unwrap());
                request.upstreams.push(ssl_termination::wire::Upstream { host, port });
            }
            request
        })
        .boxed()
}

fn an_answer() -> BoxedStrategy<Answer> {
    let served = (any::<String>(), option::of(Just("2027-01-30T12:00:00Z".to_owned())))
        .prop_map(|(certificate, expires)| Served { certificate, expires });
    let texts = || collection::btree_map(a_name(), any::<String>(), 0..3);
    let refused = (any::<String>(), any::<String>())
        .prop_map(|(field, reason)| RefusedRequest::new("blog/0", Refusal { field, reason }));
    (collection::btree_map(a_name(), served, 0..3), texts(), collection::vec(refused, 0..3), texts())
        .prop_map(|(served, pending, refused, notes)| Answer { served, pending, refused, notes })
        .boxed()
}

/// A good request, but for one field, which is of the kind that it should be or anything.
fn nearly_a_request() -> BoxedStrategy<Value> {
    let texts = |pattern: &'static str| pattern.prop_map(Value::from).boxed();
    let any_leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let or_any = |kind: BoxedStrategy<Value>| prop_oneof![9 => kind, 1 => any_leaf.clone()].boxed();
    let list = |kind| collection::vec(or_any(kind), 0..3).prop_map(Value::from).boxed();
    let port =
        (0..66000_u32).prop_map(|port| if port % 2 == 0 { json!(port) } else { json!(port.to_string()) });
    let host = texts("[a-f0-9x:-]{1,5}([.:-][a-z0-9]{1,3}){0,4}");
    let upstream =
        (or_any(host), or_any(port.boxed())).prop_map(|(host, port)| json!({"hostname": host, "port": port}));
    let field = prop_oneof![
        (Just("fqdn"), or_any(list(texts("[a-z0-9x-]{1,5}(\\.[a-z0-9x-]{1,4}){0,2}")))),
        (Just("contact-email"), or_any(texts("[a-zA-Z0-9._+-]{1,5}@[a-zA-Z0-9-]{1,5}\\.[a-zA-Z0-9]{1,3}"))),
        (Just("credentials"), or_any(texts("[a-zA-Z0-9._@-]{1,3} [ -~]{1,9}"))),
        (Just("credentials-secret"), or_any(texts("secret:(//[0-9a-g-]{36}/)?[0-9a-w]{20}"))),
        (Just("upstreams"), or_any(list(upstream.boxed()))),
        (Just("nginx-config"), or_any(list(texts("(gzip on|etag off|[ -~]{0,5});?")))),
    ];
    let good = a_request().prop_map(|mut request| {
        request.nginx_config.clear(); // any text, in what is to be sent
        request.to_value()
    });
    let request = (good, field).prop_map(|(mut request, (field, value))| {
        request[field] = value;
        request
    });
    prop_oneof![19 => request.boxed(), 1 => any_leaf].boxed()
}

proptest! {
    #[test]
    fn what_our_types_write_is_taken(request in a_request(), answer in an_answer()) {
        prop_assert!(refusal(schema("cert-request"), &request.to_wire()).is_none(), "{}", request.to_wire());
        prop_assert!(refusal(schema("status"), &answer.to_wire()).is_none(), "{}", answer.to_wire());
    }

    #[test]
    fn what_the_schema_refuses_our_parser_refuses(value in nearly_a_request()) {
        let text = value.to_string();
        if let Some(refusal) = refusal(schema("cert-request"), &text) {
            prop_assert!(CertRequest::parse(&text).is_err(), "{}", refusal);
        }
    }
}
