use super::CertRequest;
use crate::wire::{Credentials, Fqdn, Protection, Upstream};
use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{BoxedStrategy, Just, Strategy};
use proptest::{collection, option};
use serde_json::{Value, json};

fn read(value: &Value) -> CertRequest {
    CertRequest::parse(&value.to_string()).unwrap().unwrap()
}

fn names(request: &CertRequest) -> Vec<&str> {
    request.fqdn().iter().map(Fqdn::as_str).collect()
}

#[test]
fn a_request_to_be_sent_keeps_its_directives() {
    let text = r#"{"fqdn": ["a.b"], "nginx-config": "gzip on; ; etag off;"}"#;
    let request = CertRequest::compose(text).unwrap().unwrap();
    assert_eq!(request.nginx_config, ["gzip on", "etag off"]);
    assert_eq!(CertRequest::compose("{}"), Ok(None));
    assert!(CertRequest::compose(r#"{"fqdn": ["a;b"]}"#).is_err());
}

#[test]
fn no_request() {
    for text in
        ["", "{}", " {\n} ", "[]", "0", "-0", "0.0", "-0.0", "0e5", "null", "false", "\"\"", " null\n"]
    {
        assert_eq!(CertRequest::parse(text), Ok(None), "{text:?}");
    }
}

#[test]
fn accepted() {
    let request = read(&json!({
        "fqdn": ["example.com", "blog.example.com", "example.com"],
        "contact-email": "ops@example.com",
        "credentials": "user pass",
        "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}, {"hostname": "::1", "port": 80}],
        "nginx-config": ["", " ; "],
        "juju_unit": "other/0",
        "unknown": {"a": [1.5, null]},
    }));
    assert_eq!(names(&request), ["example.com", "blog.example.com"]);
    assert_eq!(request.contact_email.unwrap().as_str(), "ops@example.com");
    assert_eq!(request.protection, Some(Protection::Text(Credentials::new("user", "pass").unwrap())));
    let shown: Vec<String> = request.upstreams.iter().map(Upstream::to_string).collect();
    assert_eq!(shown, ["10.0.0.4:8080", "[::1]:80"]);
    assert!(request.nginx_config.is_empty());
}

#[test]
fn missing_null_and_empty_are_one() {
    let bare = read(&json!({"fqdn": ["a.b"]}));
    assert_eq!((&bare.contact_email, &bare.protection), (&None, &None));
    assert!(bare.upstreams.is_empty());
    for value in [
        json!({"fqdn": ["a.b"], "contact-email": null, "credentials": null, "credentials-secret": null, "upstreams": null, "nginx-config": null}),
        json!({"fqdn": ["a.b"], "contact-email": "", "credentials": "", "credentials-secret": "", "upstreams": [], "nginx-config": []}),
        json!({"fqdn": ["a.b"], "nginx-config": ""}),
        json!({"fqdn": ["a.b"], "nginx-config": " ;\n; "}),
    ] {
        assert_eq!(read(&value), bare, "{value}");
    }
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let request = CertRequest::parse(r#"{"fqdn": ["bad;"], "fqdn": ["a.b"]}"#).unwrap().unwrap();
    assert_eq!(names(&request), ["a.b"]);
    assert!(CertRequest::parse(r#"{"fqdn": ["a.b"], "fqdn": ["bad;"]}"#).is_err());
}

#[test]
fn refused_as_a_whole() {
    for (text, refusal) in [
        (" ", "cert-request: not JSON: EOF while parsing a value at line 1 column 1"),
        ("{bad", "cert-request: not JSON: key must be a string at line 1 column 2"),
        ("{'fqdn': []}", "cert-request: not JSON: key must be a string at line 1 column 2"),
        ("{} {}", "cert-request: not JSON: trailing characters at line 1 column 4"),
        ("NaN", "cert-request: not JSON: expected value at line 1 column 1"),
        (
            &format!("{}1{}", "[".repeat(200), "]".repeat(200)),
            "cert-request: not JSON: recursion limit exceeded at line 1 column 128",
        ),
        ("[1]", "cert-request: not an object but a list"),
        (r#"["example.com"]"#, "cert-request: not an object but a list"),
        ("7", "cert-request: not an object but a number"),
        ("0.5", "cert-request: not an object but a number"),
        ("true", "cert-request: not an object but a boolean"),
        (r#""example.com""#, "cert-request: not an object but a string"),
        (&" ".repeat(CertRequest::MAX_BYTES + 1), "cert-request: longer than 262144 bytes"),
    ] {
        assert_eq!(CertRequest::parse(text).unwrap_err().to_string(), refusal, "{text:?}");
    }
}

#[test]
fn refused_by_field() {
    for (mut value, refusal) in [
        (json!({"fqdn": null}), "fqdn: at least one name is needed".to_owned()),
        (json!({"fqdn": []}), "fqdn: at least one name is needed".to_owned()),
        (json!({"fqdn": "text"}), "fqdn: not a list but a string".to_owned()),
        (json!({"fqdn": ""}), "fqdn: not a list but a string".to_owned()),
        (json!({"fqdn": {"a.b": 1}}), "fqdn: not a list but an object".to_owned()),
        (json!({"fqdn": ["a.b", 7]}), "fqdn[1]: not a string but a number".to_owned()),
        (json!({"fqdn": ["a.b", null]}), "fqdn[1]: not a string but null".to_owned()),
        (json!({"fqdn": ["a.b", ""]}), "fqdn[1]: empty".to_owned()),
        (json!({"fqdn": ["a.b", "*.a.b"]}), "fqdn[1]: wildcard names are not served: *.a.b".to_owned()),
        (
            json!({"fqdn": ["x.y; } server { listen 81; root /; } #"]}),
            "fqdn[0]: a name has only lower-case ASCII letters, digits, hyphens and dots: \
             x.y; } server { listen 81; root /; } #"
                .to_owned(),
        ),
        (json!({"fqdn": vec!["a.b"; 101]}), "fqdn: more than 100 elements".to_owned()),
        (json!({"contact-email": false}), "contact-email: not a string but a boolean".to_owned()),
        (json!({"contact-email": "x"}), "contact-email: not a plain e-mail address: x".to_owned()),
        (json!({"credentials": ["u", "p"]}), "credentials: not a string but a list".to_owned()),
        (json!({"credentials-secret": 7}), "credentials-secret: not a string but a number".to_owned()),
        (
            json!({"credentials-secret": "secret:ann hunter2"}),
            "credentials-secret: not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g".to_owned(),
        ),
        (
            json!({"credentials": "ann hunter2", "credentials-secret": "secret:9m4e2mr0ui3e8a215n4g"}),
            "credentials-secret: credentials are there too: one of them must go".to_owned(),
        ),
        (json!({"credentials": "hunter2"}), "credentials: not a user, one space and a password".to_owned()),
        (json!({"upstreams": {}}), "upstreams: not a list but an object".to_owned()),
        (
            json!({"upstreams": ["10.0.0.4:80"]}),
            "upstreams[0]: not an object with hostname and port but a string".to_owned(),
        ),
        (
            json!({"upstreams": [{"hostname": "a", "port": 1}, {"hostname": "unix", "port": 1}]}),
            "upstreams[1].hostname: the name unix means a socket, not a machine".to_owned(),
        ),
        (
            json!({"upstreams": [{"hostname": "a", "port": 70000}]}),
            "upstreams[0].port: not a port: 70000".to_owned(),
        ),
        (
            json!({"upstreams": vec![json!({"hostname": "a", "port": 1}); 257]}),
            "upstreams: more than 256 elements".to_owned(),
        ),
        (json!({"nginx-config": 1}), "nginx-config: not a list of strings but a number".to_owned()),
        (json!({"nginx-config": [1]}), "nginx-config[0]: not a string but a number".to_owned()),
        (
            json!({"nginx-config": ["client_max_body_size 0"]}),
            "nginx-config[0]: client_max_body_size: not from 1 to 102400m: 0".to_owned(),
        ),
        (
            json!({"nginx-config": ["", "include /etc/passwd;"]}),
            "nginx-config[1]: include: this directive is not accepted".to_owned(),
        ),
        (
            json!({"nginx-config": "; gzip on; etag on; gzip off"}),
            "nginx-config[2]: gzip: it is there twice".to_owned(),
        ),
        (json!({"nginx-config": "}"}), "nginx-config[0]: the character } is not accepted here".to_owned()),
    ] {
        if value.get("fqdn").is_none() {
            value["fqdn"] = json!(["a.b"]);
        }
        assert_eq!(CertRequest::parse(&value.to_string()).unwrap_err().to_string(), refusal, "{value}");
    }
    let none = CertRequest::parse(r#"{"upstreams": []}"#).unwrap_err();
    assert_eq!(none.to_string(), "fqdn: at least one name is needed");
    assert_eq!(super::Composed::new([]).unwrap_err(), none);
}

#[test]
fn within_the_limits() {
    let many: Vec<String> = (0..CertRequest::MAX_NAMES).map(|i| format!("n{i}.example.com")).collect();
    let upstreams = vec![json!({"hostname": "a", "port": 1}); CertRequest::MAX_UPSTREAMS];
    let request = read(&json!({"fqdn": many, "upstreams": upstreams}));
    assert_eq!((request.fqdn().len(), request.upstreams.len()), (100, 256));
}

#[test]
fn written_as_the_original_did() {
    let mut request = read(&json!({
        "fqdn": ["a.example.com"], "credentials": "u p",
        "upstreams": [{"hostname": "10.0.0.4", "port": 8080}],
    }));
    assert_eq!(
        request.to_wire(),
        r#"{"contact-email": "", "credentials": "u p", "fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#
    );
    request.nginx_config = vec!["client_max_body_size 10G".parse().unwrap()];
    assert_eq!(request.to_value()["nginx-config"], json!(["client_max_body_size 10240m"]));
}

#[test]
fn a_secret_takes_the_place_of_the_credentials() {
    let text = r#"{"contact-email": "", "credentials-secret": "secret:9m4e2mr0ui3e8a215n4g", "fqdn": ["a.b"], "upstreams": []}"#;
    let request = CertRequest::parse(text).unwrap().unwrap();
    let secret = "secret:9m4e2mr0ui3e8a215n4g".parse().unwrap();
    assert_eq!(request.protection, Some(Protection::Secret(secret)));
    assert_eq!(request.to_wire(), text);
}

#[test]
fn debug_hides_the_password() {
    let request = read(&json!({"fqdn": ["a.b"], "credentials": "user hunter2"}));
    assert!(!format!("{request:?}").contains("hunter2"));
}

/// Any JSON, with a liking for what a request is made of.
fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..70000_u32).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z]{1,3}\\.[a-z]{2}".prop_map(Value::from),
        "[a-z]{1,3} [ -~]{1,9}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("fqdn".to_owned()),
        Just("contact-email".to_owned()),
        Just("credentials".to_owned()),
        Just("credentials-secret".to_owned()),
        Just("upstreams".to_owned()),
        Just("nginx-config".to_owned()),
        Just("hostname".to_owned()),
        Just("port".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
    .boxed()
}

fn any_request() -> BoxedStrategy<CertRequest> {
    let host = prop_oneof![
        any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
        "[a-z]{1,9}(-[a-z]{1,3})?".prop_filter("a socket", |name| name != "unix"),
    ];
    let upstream = (host, 1..=65535_u16).prop_map(|(host, port)| json!({"hostname": host, "port": port}));
    (
        collection::vec("([a-z0-9]{1,9}\\.){1,3}[a-z]{2,3}", 1..5),
        option::of("[a-z0-9]{1,9}@[a-z]{1,9}\\.[A-Z]{2}"),
        option::of("[a-zA-Z0-9._@][a-zA-Z0-9._@-]{0,9} [!-~]{1,128}"),
        collection::vec(upstream, 0..4),
    )
        .prop_map(|(fqdn, email, credentials, upstreams)| {
            read(&json!({
                "fqdn": fqdn, "contact-email": email, "credentials": credentials, "upstreams": upstreams,
            }))
        })
        .boxed()
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = CertRequest::parse(&text);
    }

    #[test]
    fn any_json_is_answered(value in any_json(), extra in any_json()) {
        let request = json!({"fqdn": ["a.b"], "upstreams": [extra.clone()]});
        let in_fields = json!({"fqdn": extra.clone(), "credentials": extra.clone(), "nginx-config": extra});
        for value in [value, request, in_fields] {
            if let Err(refusal) = CertRequest::parse(&value.to_string()) {
                let shown = refusal.to_string();
                prop_assert!(shown.len() < 200 && shown.bytes().all(|b| (0x20..=0x7e).contains(&b)));
            }
        }
    }

    #[test]
    fn refusals_never_tell_credentials(user in "[ -~]{0,3}Hunter2", password in "[ -~]{0,3}Hunter2[ \\n]{1,3}") {
        let value = json!({"fqdn": ["a.b"], "credentials": format!("{user} {password}")});
        let refusal = CertRequest::parse(&value.to_string()).unwrap_err();
        prop_assert!(!refusal.to_string().contains("Hunter2"));
    }

    #[test]
    fn what_is_written_reads_back(request in any_request()) {
        prop_assert_eq!(CertRequest::parse(&request.to_wire()), Ok(Some(request)));
    }
}
