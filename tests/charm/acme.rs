//! Certificates from an ACME server: pebble, Let's Encrypt's own for tests, looking for challenges in real nginx.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::world::pebble::{EXTERNAL, Manners, Pebble};
use crate::world::{Web, World};

/// A proxy that uses a pebble, and a client with a web server.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) pebble: Pebble,
    pub(crate) relation: RelationId,
    web: Web,
}

pub(crate) const UNIT: &str = "proxy/0";

impl Stage {
    pub(crate) fn new(manners: Manners) -> Self {
        let mut world = World::new(7);
        let pebble = Pebble::start(world.http_port, manners);
        world.deploy_proxy("proxy");
        world.juju.configure(
            "proxy",
            [("acme-server", pebble.directory()), ("acme-ca", pebble.trusted().to_owned())],
        );
        world.juju.configure("proxy", [("acme-agree-tos", true)]);
        world.juju.deploy(
            "blog",
            &Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}"),
            1,
        );
        let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
        world.juju.settle();
        Self { world, pebble, relation, web: Web::start("web") }
    }

    /// A request for names.
    pub(crate) fn ask(&mut self, names: &[&str]) {
        self.ask_of("blog/0", names);
        self.world.juju.settle();
    }

    /// A request for names by a unit of the client, without the hooks that follow.
    pub(crate) fn ask_of(&mut self, unit: &str, names: &[&str]) {
        let request = json!({"fqdn": names, "upstreams": [{"hostname": "127.0.0.1", "port": self.web.port}]});
        self.world.juju.relation_set(unit, self.relation, [("cert-request", request.to_string())]);
    }

    /// Waits until the ACME client has ended, and lets its hook run, as juju-exec would.
    pub(crate) fn work(&mut self) {
        self.world.wait_for_issuer();
        let run = self.world.juju.exec(UNIT, &["bin/ssl-termination", "hook", "certificates-changed"]);
        assert_eq!(run.exit, 0, "{}", run.trace());
    }

    /// The answer without dates.
    pub(crate) fn told(&self) -> Value {
        let text = self.world.juju.bag(self.relation, UNIT).get("status").cloned().unwrap_or_default();
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
        for (_, served) in answer.as_object_mut().into_iter().flatten() {
            if let Some(served) = served.as_object_mut() {
                served.remove("expires");
            }
        }
        answer
    }

    pub(crate) fn status(&self) -> String {
        let (state, message) = self.world.juju.status(UNIT);
        format!("{state}: {message}")
    }

    /// The code that a visitor gets who trusts a root alone; 0 for who doesn't come to a connection.
    pub(crate) fn visit(&self, name: &str, root: &Path) -> u16 {
        self.world.get(&format!("https://{name}/")).checked(root).send().code
    }

    pub(crate) fn file(&self, path: &str) -> std::path::PathBuf {
        self.world.path("var/lib/ssl-termination/proxy-0").join(path)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.world.path("var/log/ssl-termination/proxy-0/certificates.log"))
            .unwrap_or_default()
    }

    /// The time for another try has come.
    pub(crate) fn again(&mut self) {
        let root = self.world.root().to_string_lossy().into_owned();
        let script = format!(
            "SSL_TERMINATION_ROOT={root} bin/ssl-termination certificates renew --unit {UNIT} --again"
        );
        let run = self.world.juju.exec(UNIT, &["sh", "-c", &script]);
        assert_eq!(run.exit, 0, "{}", run.trace());
        self.work();
    }
}

pub(crate) fn acme() -> Value {
    json!({"certificate": "acme"})
}

#[test]
fn a_site_is_served_at_once_and_then_with_a_certificate_that_is_trusted() {
    let mut stage = Stage::new(Manners::default());
    stage.ask(&["a.example.com", "b.example.com"]);
    let waits = "waiting for a certificate from acme; until then a stand-in is served";
    assert_eq!(stage.told(), json!({"_pending": {"a.example.com": waits, "b.example.com": waits}}));
    assert_eq!(
        stage.status(),
        "waiting: serving nothing; 2 names wait for certificates; a.example.com: waiting for a certificate from acme"
    );
    let own = stage.file("ca.crt");
    assert_eq!(stage.visit("a.example.com", &own), 200, "a stand-in, at once");
    let root = stage.world.root().to_string_lossy().into_owned();
    let script =
        format!("SSL_TERMINATION_ROOT={root} bin/ssl-termination certificates authority --unit {UNIT}");
    let printed = stage.world.juju.exec(UNIT, &["sh", "-c", &script]).stdout;
    assert_eq!(printed, fs::read_to_string(&own).unwrap());

    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    assert_eq!(stage.status(), "active: serving 2 names");
    let root = stage.pebble.root();
    assert_eq!([stage.visit("a.example.com", &root), stage.visit("b.example.com", &root)], [200, 200]);
    assert_eq!(stage.visit("a.example.com", &own), 0);
    for secret in ["acme/account.pem", "acme/wanted.json", "certificates/acme/a.example.com.pem"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(stage.file(secret)).unwrap().permissions().mode() & 0o777, 0o600, "{secret}");
    }

    // Nothing is due: nothing is asked.
    let asked = stage.pebble.log().lines().count();
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.work();
    assert_eq!(stage.pebble.log().lines().count(), asked);

    // Another source: no gap, and who was ready stays ready.
    stage.world.juju.configure("proxy", [("certificate-source", "certificates")]);
    stage.world.juju.settle();
    assert_eq!(stage.told()["a.example.com"], acme());
    assert_eq!(
        stage.told()["_notes"]["a.example.com"],
        "moves to certificates: no certificate provider is related: relate one to the endpoint certificates"
    );
    assert_eq!(stage.visit("a.example.com", &root), 200);
    stage.world.juju.configure("proxy", [("certificate-source", "self-signed")]);
    stage.world.juju.settle();
    assert_eq!(stage.told()["a.example.com"], json!({"certificate": "self-signed"}));
    assert_eq!(stage.visit("a.example.com", &own), 200);
    stage.world.juju.configure("proxy", [("certificate-source", "auto")]);
    stage.world.juju.settle();
    assert_eq!(stage.told()["a.example.com"], acme(), "it is still there");
    assert_eq!(stage.pebble.log().lines().count(), asked);
}

#[test]
fn a_site_that_loses_its_first_name_keeps_its_certificate_until_it_has_another() {
    let mut stage = Stage::new(Manners::default());
    // Somebody else is served: only then is a hook about this client alone.
    let client = "name: shop\nrequires: {proxy: {interface: ssl-termination}}";
    stage.world.juju.deploy("shop", &Charm::puppet(client), 1);
    let shop = stage.world.juju.relate("proxy:ssl-termination", "shop:proxy");
    stage.world.juju.settle();
    let request = json!({"fqdn": ["shop.example.com"], "upstreams": []}).to_string();
    stage.world.juju.relation_set("shop/0", shop, [("cert-request", request)]);
    stage.ask(&["c.example.com", "b.example.com"]);
    stage.work();
    stage.work(); // of what came while it was at work for shop
    assert_eq!(stage.told(), json!({"b.example.com": acme(), "c.example.com": acme()}));
    let root = stage.pebble.root();
    stage.pebble.stop_server();
    stage.ask(&["b.example.com"]);
    // The second hook knows only from the first that the client has that pair: no name says so any more.
    for directive in [None, Some("client_max_body_size 1m"), Some("client_max_body_size 2m")] {
        if let Some(directive) = directive {
            let request = json!({"fqdn": ["b.example.com"], "upstreams": [], "nginx-config": [directive]});
            let bag = [("cert-request", request.to_string())];
            stage.world.juju.relation_set("blog/0", stage.relation, bag);
            stage.world.juju.settle();
        }
        let code = if directive.is_none() { 200 } else { 503 };
        assert_eq!(stage.visit("b.example.com", &root), code, "{directive:?} {}", stage.told());
    }
}

#[test]
fn a_name_that_fails_is_told_why_and_holds_up_no_other() {
    let mut stage = Stage::new(Manners::default());
    stage.pebble.resolve("b.example.com", false);
    stage.ask(&["b.example.com", "a.example.com"]);
    stage.work();
    let told = stage.told();
    assert_eq!(told["a.example.com"], acme(), "{told} {}", stage.log());
    let why = told["_pending"]["b.example.com"].as_str().unwrap();
    assert!(why.contains("could not resolve"), "{why}");
    let root = stage.pebble.root();
    assert_eq!([stage.visit("a.example.com", &root), stage.visit("b.example.com", &root)], [200, 0]);
    assert!(
        stage
            .status()
            .starts_with("active: serving a.example.com; b.example.com: the ACME server cannot connect")
    );

    // It is not tried again at once, however often hooks run.
    let asked = stage.pebble.log().lines().count();
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.work();
    assert_eq!(stage.pebble.log().lines().count(), asked);

    stage.pebble.resolve("b.example.com", true);
    stage.again();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}));
    assert_eq!(stage.visit("b.example.com", &root), 200);
}

#[test]
fn a_certificate_is_renewed_and_a_name_that_fails_then_keeps_its_own() {
    let mut stage = Stage::new(Manners { validity: 3600, ..Manners::default() });
    stage.ask(&["a.example.com", "b.example.com"]);
    stage.work();
    let pem = stage.file("certificates/acme/a.example.com.pem");
    let first = fs::read_to_string(&pem).unwrap();

    // The clock cannot be turned: an old pair is one of a server whose certificates are good for long, from long ago.
    let root = stage.pebble.root();
    make_old(&pem, &stage.pebble.directory());
    stage.pebble.resolve("b.example.com", false);
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.work();
    let second = fs::read_to_string(&pem).unwrap();
    assert_ne!(second, first);
    assert_eq!(stage.visit("a.example.com", &root), 200, "{}", stage.log());
    assert_eq!(stage.told()["a.example.com"], acme());
    assert_eq!(stage.told()["b.example.com"], acme(), "the earlier one is still good for it");
    stage.pebble.resolve("b.example.com", true);
    stage.again();
    assert_eq!([stage.visit("a.example.com", &root), stage.visit("b.example.com", &root)], [200, 200]);
}

/// Puts in a pair's place one for two names that ends in 20 of 90 days, with which renewal is late.
pub(crate) fn make_old(pem: &Path, server: &str) {
    make(pem, server, -70, 20);
}

/// Puts in a pair's place one for two names that begins and ends so many days from now.
pub(crate) fn make(pem: &Path, server: &str, begins: i64, ends: i64) {
    let names = ["a.example.com".to_owned(), "b.example.com".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now + time::Duration::days(begins);
    params.not_after = now + time::Duration::days(ends);
    let key = rcgen::KeyPair::generate().unwrap();
    let text =
        format!("Server: {server}\n{}{}", params.self_signed(&key).unwrap().pem(), key.serialize_pem());
    fs::write(pem, text).unwrap();
}

#[test]
fn a_server_that_has_forgotten_the_account_and_a_key_that_is_lost_are_no_trouble() {
    let mut stage = Stage::new(Manners::default());
    stage.ask(&["a.example.com"]);
    stage.work();
    stage.pebble.stop_server();
    stage.pebble.start_server();
    stage.ask(&["a.example.com", "b.example.com"]);
    assert_eq!(stage.told()["a.example.com"], acme(), "a new name takes nothing from the old one");
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    assert_eq!(stage.visit("b.example.com", &stage.pebble.root()), 200);

    let key = stage.file("acme/account.pem");
    let before = fs::read(&key).unwrap();
    for damage in ["", "nonsense"] {
        fs::write(&key, damage).unwrap();
        stage.ask(&["c.example.com"]);
        stage.work();
        assert_eq!(stage.told(), json!({"c.example.com": acme()}), "{}", stage.log());
        assert_ne!(fs::read(&key).unwrap(), before);
        stage.ask(&["a.example.com", "b.example.com"]);
        fs::remove_file(stage.file("certificates/acme/c.example.com.pem")).unwrap();
    }
}

#[test]
fn an_account_can_be_bound_to_the_operators() {
    let mut stage = Stage::new(Manners { is_bound: true, ..Manners::default() });
    stage.ask(&["a.example.com"]);
    stage.work();
    let why = stage.told()["_pending"]["a.example.com"].as_str().unwrap().to_owned();
    assert!(why.starts_with("the authority asks for an external account: set acme-eab-key-id"), "{why}");
    stage.world.juju.configure("proxy", [("acme-eab-key-id", EXTERNAL.0), ("acme-eab-hmac-key", EXTERNAL.1)]);
    stage.world.juju.settle();
    stage.work(); // registered: nginx learns the key
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme()}), "{}", stage.log());
    assert!(!format!("{:?}{}", stage.world.juju.log(UNIT), stage.log()).contains(EXTERNAL.1));
}
