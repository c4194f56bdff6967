//! One request's fault is that request's alone: whatever stands in a databag, and however much of it, is refused with a
//! reason, every other request is served, and no hook fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::world::{Web, World};

const GOOD: &str = "good.example.com";
const CLIENT: &str = "name: client\nrequires: {proxy: {interface: ssl-termination}}";
const WEB: &str = "name: web\nprovides: {website: {interface: http}}";

/// A proxy, `blog` whose site is served, and `stranger` who sends what the test is about.
struct Stage {
    world: World,
    web: Web,
    blog: RelationId,
    stranger: RelationId,
}

impl Stage {
    fn new() -> Self {
        Self::before(World::new(7))
    }

    fn before(mut world: World) -> Self {
        world.deploy_proxy("proxy");
        let [stranger, blog] = ["stranger", "blog"].map(|client| {
            world.juju.deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), 1);
            world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"))
        });
        let web = Web::start("web");
        let mut stage = Self { world, web, blog, stranger };
        stage.world.juju.settle();
        stage.blog_asks(GOOD);
        stage
    }

    fn blog_asks(&mut self, name: &str) {
        let upstream = json!({"hostname": "127.0.0.1", "port": self.web.port});
        let request = json!({"fqdn": [name], "upstreams": [upstream]}).to_string();
        self.world.juju.relation_set("blog/0", self.blog, [("cert-request", request)]);
        self.world.juju.settle();
    }

    fn told(&self, relation: RelationId) -> Value {
        let bag = self.world.juju.bag(relation, "proxy/0");
        bag.get("status").map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }

    /// What a request is refused for, `FIELD: REASON`; and all others are served meanwhile, in new hooks too.
    fn refusal(&mut self, request: &str) -> String {
        self.world.juju.relation_set("stranger/0", self.stranger, [("cert-request", request)]);
        self.world.juju.settle();
        let refused = self.told(self.stranger)["_refused"].clone();
        let [one] = refused.as_array().unwrap().as_slice() else { panic!("{refused}") };
        self.others_are_served();
        format!("{}: {}", one["field"].as_str().unwrap(), one["reason"].as_str().unwrap())
    }

    fn others_are_served(&mut self) {
        for name in ["other.example.com", GOOD] {
            self.blog_asks(name);
            assert!(self.told(self.blog).get(name).is_some(), "{}", self.told(self.blog));
        }
        assert_eq!(self.world.get(&format!("https://{GOOD}/")).send().code, 200);
    }
}

#[test]
fn what_is_no_request_is_refused_alone() {
    let mut stage = Stage::new();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let megabyte = json!({"fqdn": ["m.example.com"], "credentials": "x".repeat(1 << 20)}).to_string();
    let long = "x".repeat(200_000);
    for (request, refusal) in [
        ("not JSON", "cert-request: not JSON: expected ident at line 1 column 2"),
        (
            r#"{"fqdn": ["m.example.com"]"#,
            "cert-request: not JSON: EOF while parsing an object at line 1 column 26",
        ),
        (
            r#"{"fqdn": ["\ud800"]}"#,
            "cert-request: not JSON: unexpected end of hex escape at line 1 column 18",
        ),
        (&deep, "cert-request: not JSON: recursion limit exceeded at line 1 column 128"),
        (
            r#"{"fqdn": ["m.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 1e400}]}"#,
            "cert-request: not JSON: number out of range at line 1 column 80",
        ),
        (
            r#"{"fqdn": ["m.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 1e300}]}"#,
            "upstreams[0].port: not a port: 1e+300",
        ),
        (
            r#"{"fqdn": ["m.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 99999999999999999999999999}]}"#,
            "upstreams[0].port: not a port: 1e+26",
        ),
        (
            r#"{"fqdn": ["m.example.com"], "fqdn": ["no;name"]}"#,
            "fqdn[0]: a name has only lower-case ASCII letters, digits, hyphens and dots: no;name",
        ),
        (
            r#"{"fqdn": ["m.example.com"], "credentials": "", "credentials": "ann"}"#,
            "credentials: not a user, one space and a password",
        ),
        (
            "{\"fqdn\": [\"m\u{fffd}.example.com\"]}",
            "fqdn[0]: a name has only lower-case ASCII letters, digits, hyphens and dots: m?.example.com",
        ),
        (
            &json!({"fqdn": [long]}).to_string(),
            "fqdn[0]: a name has at most 253 characters: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...",
        ),
    ] {
        assert_eq!(stage.refusal(request), refusal, "{}", &request[..request.len().min(80)]);
    }
    let refusal = stage.refusal(&megabyte);
    let length = format!("cert-request: too long: {} bytes, ", megabyte.len());
    assert!(refusal.starts_with(&length), "{refusal}");
}

#[test]
fn over_the_limits_of_a_request_it_is_refused_alone() {
    let mut stage = Stage::new();
    let names: Vec<String> = (0..101).map(|number| format!("n{number}.example.com")).collect();
    let upstreams = vec![json!({"hostname": "10.0.0.4", "port": 80}); 257];
    let directives: Vec<String> = (0..65).map(|number| format!("add_header X-N{number} one")).collect();
    for (request, refusal) in [
        (json!({"fqdn": names}), "fqdn: more than 100 elements"),
        (json!({"fqdn": ["m.example.com"], "upstreams": upstreams}), "upstreams: more than 256 elements"),
        (
            json!({"fqdn": ["m.example.com"], "nginx-config": directives}),
            "nginx-config[64]: more than 64 directives",
        ),
    ] {
        assert_eq!(stage.refusal(&request.to_string()), refusal);
    }
}

/// A world in which a script stands in front of `relation-get`.
fn with_relation_get(script: &str) -> World {
    let mut world = World::new(7);
    let bin = world.put_before_charm("PATH=$JUJU_CHARM_DIR/bin/before:$PATH exec \"$real\" \"$@\"");
    fs::create_dir(bin.join("before")).unwrap();
    let file = bin.join("before/relation-get");
    fs::write(&file, format!("#!/bin/sh\nPATH=${{PATH#*:}}\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    world
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_alone() {
    let mut stage = Stage::before(with_relation_get(r#"relation-get "$@" | sed 's/INVALID/\xff\xc0/'"#));
    assert_eq!(
        stage.refusal(r#"{"fqdn": ["mINVALID.example.com"]}"#),
        "fqdn[0]: a name has only lower-case ASCII letters, digits, hyphens and dots: m??.example.com"
    );
}

#[test]
fn a_databag_that_has_no_end_is_refused_alone() {
    let endless = "case \"$*\" in *stranger/0) exec cat /dev/zero ;; *) exec relation-get \"$@\" ;; esac";
    let mut stage = Stage::before(with_relation_get(endless));
    assert_eq!(stage.refusal("{}"), "cert-request: too long: all that stranger/0 has published");
}

#[test]
fn over_the_limit_of_a_relation_the_last_requests_are_refused() {
    let mut world = World::new(7);
    let edge = "name: edge\nprovides: {ssl-termination: {interface: ssl-termination}}";
    world.juju.deploy("edge", &Charm::puppet(edge), 1);
    world.juju.deploy("blog", &Charm::puppet(CLIENT), 1_002);
    let relation = world.juju.relate("edge:ssl-termination", "blog:proxy");
    world.juju.settle();
    let web = Web::start("web");
    let request =
        json!({"fqdn": [GOOD], "upstreams": [{"hostname": "127.0.0.1", "port": web.port}]}).to_string();
    for unit in 0..1_002 {
        world.juju.relation_set(&format!("blog/{unit}"), relation, [("cert-request", request.as_str())]);
    }
    world.juju.settle();
    let charm = world.charm();
    world.juju.refresh("edge", &charm);
    world.juju.configure("edge", [("http-port", world.http_port), ("https-port", world.https_port)]);
    world.juju.configure("edge", [("allow-local-upstreams", true)]);
    world.juju.settle();
    let told: Value = serde_json::from_str(&world.juju.bag(relation, "edge/0")["status"]).unwrap();
    let refused = |unit: &str| json!({"unit": unit, "field": "cert-request", "reason": "more than 1000 requests over this relation"});
    assert_eq!(told["_refused"], json!([refused("blog/1000"), refused("blog/1001")]));
    assert_eq!(world.juju.status("edge/0").1, format!("serving {GOOD} (self-signed); 2 refused"));
    assert_eq!(world.get(&format!("https://{GOOD}/")).send().code, 200);
}

#[test]
fn of_more_web_servers_than_a_request_may_have_the_first_are_used_and_the_status_says_so() {
    let mut world = World::new(7);
    world.juju.deploy("web", &Charm::puppet(WEB), 260);
    for (application, endpoint) in [("asks", "website"), ("serves", "reverseproxy")] {
        world.juju.deploy(application, &Charm::puppet(&format!("name: {application}\nrequires: {{{endpoint}: {{interface: http}}, proxy: {{interface: ssl-termination}}}}")), 1);
        let relation = world.juju.relate("web:website", &format!("{application}:{endpoint}"));
        world.juju.settle();
        for unit in 0..260 {
            let port = (8000 + unit).to_string();
            let bag = [("hostname", "10.255.255.1"), ("port", port.as_str())];
            world.juju.relation_set(&format!("web/{unit}"), relation, bag);
        }
        world.juju.settle();
    }
    world.juju.deploy(
        "edge",
        &Charm::puppet("name: edge\nprovides: {front: {interface: ssl-termination}}"),
        1,
    );
    let relation = world.juju.relate("edge:front", "asks:proxy");
    world.juju.settle();
    let charm = world.charm();
    for application in ["asks", "serves"] {
        world.juju.refresh(application, &charm);
        world.juju.configure(application, [("fqdns", GOOD)]);
        world.juju.configure(application, [("http-port", world.http_port), ("https-port", world.https_port)]);
    }
    world.juju.settle();
    let request: Value = serde_json::from_str(&world.juju.bag(relation, "asks/0")["cert-request"]).unwrap();
    let upstreams = request["upstreams"].as_array().unwrap();
    assert_eq!((upstreams.len(), &upstreams[255]["port"]), (256, &json!("8255")));
    let left_out = "; 4 web servers are left out, 256 are used";
    assert_eq!(world.juju.status("asks/0").1, format!("waiting for the proxy to answer{left_out}"));
    assert_eq!(world.juju.status("serves/0").1, format!("serving {GOOD} (self-signed){left_out}"));
}
