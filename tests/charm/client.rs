//! The side that asks: the request that is sent, when it is withdrawn, and what the unit's status says.

use serde_json::json;
use test_juju::{Charm, RelationId};

use crate::world::{Web, World};

const PROXY: &str = "name: edge\nprovides: {front: {interface: ssl-termination}}";
const WEB: &str = "name: web\nprovides: {website: {interface: http}}";

/// Our charm as a client between a web application and proxies whose databags the test writes.
struct Client {
    world: World,
    web: RelationId,
    proxy: RelationId,
}

impl Client {
    fn new(proxies: usize) -> Self {
        let mut world = World::new(11);
        world.deploy_client("blog", "a.example.com b.example.com");
        world.juju.deploy("web", &Charm::puppet(WEB), 2);
        world.juju.deploy("edge", &Charm::puppet(PROXY), proxies);
        let web = world.juju.relate("web:website", "blog:website");
        let proxy = world.juju.relate("edge:front", "blog:proxy");
        world.juju.settle();
        Self { world, web, proxy }
    }

    fn web_listens(&mut self, unit: &str, hostname: &str, port: &str) {
        self.world.juju.relation_set(unit, self.web, [("hostname", hostname), ("port", port)]);
        self.world.juju.settle();
    }

    fn proxy_says(&mut self, unit: &str, status: &str) -> String {
        self.world.juju.relation_set(unit, self.proxy, [("status", status)]);
        self.world.juju.settle();
        self.status()
    }

    fn configure(&mut self, option: &str, value: &str) {
        self.world.juju.configure("blog", [(option, value)]);
        self.world.juju.settle();
    }

    fn status(&self) -> String {
        let (state, message) = self.world.juju.status("blog/0");
        format!("{state}: {message}")
    }

    fn request(&self) -> Option<String> {
        self.world.juju.bag(self.proxy, "blog/0").get("cert-request").cloned()
    }
}

#[test]
fn the_options_and_the_web_servers_are_asked_for_and_nginx_is_never_touched() {
    let mut client = Client::new(1);
    assert_eq!(client.request(), None);
    assert_eq!(client.status(), "waiting: waiting for the web application to say where it listens");
    client.web_listens("web/0", "10.0.0.4", "8080");
    assert_eq!(
        client.request().unwrap(),
        "{\"contact-email\": \"\", \"credentials\": \"\", \"fqdn\": [\"a.example.com\", \"b.example.com\"], \
         \"upstreams\": [{\"hostname\": \"10.0.0.4\", \"port\": \"8080\"}]}"
    );
    assert_eq!(client.status(), "waiting: waiting for the proxy to answer");

    client.web_listens("web/1", "", "8081");
    client.configure("credentials", "ann sesame");
    client.configure("contact-email", "ann@example.com");
    client.configure("nginx-config", "client_max_body_size 10G; gzip on;");
    let address = client.world.juju.bag(client.web, "web/1")["ingress-address"].clone();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&client.request().unwrap()).unwrap(),
        json!({
            "contact-email": "ann@example.com", "credentials": "ann sesame",
            "fqdn": ["a.example.com", "b.example.com"], "nginx-config": ["client_max_body_size 10G", "gzip on"],
            "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}, {"hostname": address, "port": "8081"}],
        }),
        "a web server without a hostname is reached at its address"
    );
    for folder in ["etc", "var", "run"] {
        assert!(!client.world.path(folder).exists(), "a unit that only asks configures nothing");
    }
    let tools = client.world.juju.log("blog/0");
    assert!(tools.is_empty(), "{tools:?}");
}

#[test]
fn the_request_is_withdrawn_when_names_or_web_servers_go() {
    let mut client = Client::new(1);
    client.web_listens("web/0", "10.0.0.4", "8080");
    client.configure("fqdns", "");
    assert_eq!(client.request().as_deref(), Some("{}"));
    assert_eq!(client.status(), "blocked: set the option fqdns to the names that the proxy should serve");
    client.configure("fqdns", "a.example.com");
    assert!(client.request().unwrap().contains("a.example.com"));
    client.world.juju.remove_relation(client.web);
    client.world.juju.settle();
    assert_eq!(client.request().as_deref(), Some("{}"));
    assert_eq!(client.status(), "blocked: relate a web application to the endpoint website");
}

#[test]
fn without_a_proxy_the_operator_is_told_to_relate_one() {
    let mut client = Client::new(1);
    client.web_listens("web/0", "10.0.0.4", "8080");
    client.world.juju.remove_relation(client.proxy);
    client.world.juju.settle();
    assert_eq!(client.status(), "blocked: relate a proxy to the endpoint proxy");
}

#[test]
fn a_proxy_of_old_answers_with_a_list_and_any_of_our_names_is_enough() {
    let mut client = Client::new(1);
    client.web_listens("web/0", "10.0.0.4", "8080");
    assert_eq!(
        client.proxy_says("edge/0", r#"["other.example.com"]"#),
        "waiting: waiting for the proxy to answer"
    );
    assert_eq!(
        client.proxy_says("edge/0", r#"["other.example.com", "b.example.com"]"#),
        "active: a.example.com, b.example.com served"
    );
}

#[test]
fn a_proxy_of_ours_answers_with_an_object_and_every_unit_must_have_every_name() {
    let mut client = Client::new(2);
    client.web_listens("web/0", "10.0.0.4", "8080");
    let all = r#"{"a.example.com": {"certificate": "acme"}, "b.example.com": {"certificate": "acme"}}"#;
    assert_eq!(client.proxy_says("edge/0", all), "waiting: waiting for the proxy to answer");
    let part = r#"{"a.example.com": {}, "_pending": {"b.example.com": "taken"}}"#;
    assert_eq!(client.proxy_says("edge/1", part), "waiting: b.example.com: taken");
    let refused = r#"{"_refused": [{"unit": "blog/0", "field": "fqdn[0]", "reason": "not a name"}]}"#;
    assert_eq!(
        client.proxy_says("edge/1", refused),
        "blocked: the proxy refuses the request: fqdn[0]: not a name"
    );
    assert_eq!(client.proxy_says("edge/1", "{bad"), "waiting: waiting for the proxy to answer");
    assert_eq!(client.proxy_says("edge/1", all), "active: a.example.com, b.example.com served");
}

#[test]
fn a_second_proxy_is_asked_too() {
    let mut client = Client::new(1);
    client.web_listens("web/0", "10.0.0.4", "8080");
    client.world.juju.deploy("other", &Charm::puppet(&PROXY.replace("edge", "other")), 1);
    let other = client.world.juju.relate("other:front", "blog:proxy");
    client.world.juju.settle();
    assert_eq!(client.world.juju.bag(other, "blog/0").get("cert-request").cloned(), client.request());
}

#[test]
fn a_malformed_option_leaves_the_request_as_it_was() {
    let mut client = Client::new(1);
    client.web_listens("web/0", "10.0.0.4", "8080");
    let before = client.request();
    client.configure("fqdns", "a.example.com bad_name");
    assert_eq!(client.request(), before);
    let said = client.status();
    assert!(said.starts_with("blocked: option fqdns: "), "{said}");
}

#[test]
fn both_sides_of_this_charm_serve_a_web_application() {
    let mut world = World::new(2);
    world.deploy_proxy("proxy");
    world.deploy_client("blog", "a.example.com");
    world.juju.deploy("web", &Charm::puppet(WEB), 1);
    let web_relation = world.juju.relate("web:website", "blog:website");
    world.juju.relate("blog:proxy", "proxy:ssl-termination");
    let web = Web::start("web");
    world.juju.settle();
    world.juju.relation_set(
        "web/0",
        web_relation,
        [("hostname", "127.0.0.1"), ("port", web.port.to_string().as_str())],
    );
    world.juju.settle();
    assert_eq!(world.juju.status("blog/0"), ("active".to_owned(), "a.example.com served".to_owned()));
    assert_eq!(
        world.juju.status("proxy/0"),
        ("active".to_owned(), "serving a.example.com (self-signed)".to_owned())
    );
    assert_eq!(world.get("https://a.example.com/").send().code, 200);
}
