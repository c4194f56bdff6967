//! A provider whose databag the test writes.

use serde_json::{Value, json};
use test_juju::{Charm, HookRun, RelationId};

use super::authority::{Authority, PROVIDER, requests, say};
use crate::charms::calls;
use crate::proxy::{answer, ask, proxy_and, request, status, told};
use crate::world::{Web, World};

const NAME: &str = "a.example.com";
const WAITS: &str = "waiting for the certificate provider; until then a stand-in is served";

/// A proxy with one site and a provider that has said nothing.
struct Stage {
    world: World,
    client: RelationId,
    provider: RelationId,
    authority: Authority,
    web: Web,
}

impl Stage {
    fn new() -> Self {
        let (mut world, relations) = proxy_and(&[("blog", 1)]);
        let web = Web::start("web");
        ask(&mut world, relations[0], "blog/0", &request(&[NAME], &[&web]));
        world.juju.deploy("authority", &Charm::puppet(PROVIDER), 1);
        let provider = world.juju.relate("proxy:certificates", "authority:certificates");
        world.juju.settle();
        Self { world, client: relations[0], provider, authority: Authority::new(), web }
    }

    /// The only request that is published.
    fn request(&self) -> String {
        <[String; 1]>::try_from(requests(&self.world, self.provider)).unwrap()[0].clone()
    }

    fn say(&mut self, key: &str, value: &Value) {
        say(&mut self.world, self.provider, key, value);
    }

    /// The provider issues what is asked for.
    fn issue(&mut self) {
        let issued: Vec<Value> = requests(&self.world, self.provider)
            .iter()
            .map(|request| self.authority.issue(request))
            .collect();
        self.say("certificates", &issued.into());
    }

    fn told(&self) -> Value {
        told(&self.world, self.client)
    }

    /// What somebody gets who trusts the authority alone.
    fn get(&self) -> u16 {
        let root = self.authority.root();
        let url = format!("https://{NAME}/");
        self.world.get(&url).checked(&root).send().code
    }
}

fn served(source: &str) -> Value {
    json!({NAME: {"certificate": source, "expires": "…"}})
}

fn pending(why: &str) -> Value {
    json!({"_pending": {NAME: why}})
}

#[test]
fn a_site_gets_its_certificate_from_the_related_provider() {
    let mut stage = Stage::new();
    let request = stage.request();
    assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{request}");
    let listed = stage.world.juju.run_action("proxy/0", "list-sites", json!({})).results;
    assert_eq!(listed["certificates"], "from the application at the endpoint certificates");
    let waits = &listed["sites.a-example-com.waits"];
    assert!(
        waits.starts_with(&format!(
            "{NAME}: moves to certificates: waiting for the certificate provider; asked since 20"
        )),
        "{waits}"
    );
    stage.issue();
    assert_eq!((stage.told(), stage.get()), (served("certificates"), 200));
    assert_eq!(status(&stage.world), format!("active: serving {NAME}"));
    assert_eq!(stage.request(), request, "the request of what is served stays");

    let logged = format!(
        "{:?} {:?}",
        stage.world.juju.log("proxy/0"),
        stage.world.juju.bag(stage.provider, "proxy/0")
    );
    assert!(!logged.contains("PRIVATE KEY"), "{logged}");

    let client = stage.client;
    ask(&mut stage.world, client, "blog/0", &json!({}));
    assert_eq!(requests(&stage.world, stage.provider), Vec::<String>::new());
}

#[test]
fn what_a_hook_costs_at_this_endpoint() {
    let mut stage = Stage::new();
    let issued = stage.authority.issue(&stage.request());
    stage.world.juju.app_set("authority", stage.provider, [("certificates", json!([issued]).to_string())]);
    let run = next(&mut stage.world);
    assert_eq!(
        names(&run),
        ["state-get", "relation-get", "state-set", "relation-set", "status-set"],
        "the relation-set is the answer to the client"
    );
    let published = [("x", "y")];
    stage.world.juju.app_set("authority", stage.provider, published);
    assert_eq!(names(&next(&mut stage.world)), ["state-get", "relation-get"]);
}

/// The next hook of the proxy.
fn next(world: &mut World) -> HookRun {
    let run = world.juju.step_unit("proxy/0").unwrap();
    assert!(run.committed, "{}", run.trace());
    run
}

fn names(run: &HookRun) -> Vec<String> {
    calls(run).iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_refusal_and_a_bad_certificate_are_told_and_mended() {
    let mut stage = Stage::new();
    let request = stage.request();
    let mut ready = served("self-signed");
    ready["_notes"] = json!({NAME: "moves to certificates: waiting for the certificate provider"});
    assert_eq!(stage.told(), ready, "it was ready and stays so");
    let client = stage.client;
    ask(&mut stage.world, client, "blog/0", &json!({}));
    ask(&mut stage.world, client, "blog/0", &crate::proxy::request(&[NAME], &[&stage.web]));
    let request = {
        assert_ne!(stage.request(), request);
        stage.request()
    };
    assert_eq!(stage.told(), pending(WAITS));

    let error = json!({"code": 102, "name": "DOMAIN_NOT_ALLOWED", "message": "not ours"});
    stage.say("request_errors", &json!([{"csr": request, "error": error}]));
    let refused = "the certificate provider refuses: not ours (code 102); until then a stand-in is served";
    assert_eq!(stage.told(), pending(refused));
    assert_eq!(
        status(&stage.world),
        format!("waiting: serving nothing; {NAME}: the certificate provider refuses: not ours (code 102)")
    );

    let other = Authority::new().issue(&request);
    let mut mixed = stage.authority.issue(&request);
    mixed["ca"] = other["ca"].clone();
    stage.say("certificates", &json!([mixed, {"certificate": 7}]));
    let gap = "the certificate of the provider cannot be used: it is not signed by the next one in the chain; \
               until then a stand-in is served";
    assert_eq!(stage.told(), pending(gap));
    stage.issue();
    assert_eq!((stage.told(), stage.get()), (served("certificates"), 200));
}

#[test]
fn a_hook_that_juju_does_not_commit_publishes_the_same_request_again() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    world.juju.deploy("authority", &Charm::puppet(PROVIDER), 1);
    let provider = world.juju.relate("proxy:certificates", "authority:certificates");
    world.juju.settle();
    let text = request(&[NAME], &[&web]).to_string();
    world.juju.relation_set("blog/0", relations[0], [("cert-request", text.as_str())]);
    world.juju.fail_commit("proxy/0");
    let lost = world.juju.step_unit("proxy/0").unwrap();
    assert!(!lost.committed && requests(&world, provider).is_empty(), "{}", lost.trace());
    let sent =
        |run: &HookRun| calls(run).into_iter().find(|call| call.contains("certificate_signing_requests"));
    let first = sent(&lost).unwrap();
    let again = next(&mut world);
    assert_eq!(sent(&again).unwrap(), first);
    assert_eq!(answer(&world, relations[0])["_pending"][NAME], WAITS);
}

#[test]
fn capabilities_and_revocation_are_heeded_and_without_the_relation_the_next_source_serves() {
    let mut stage = Stage::new();
    stage.issue();
    let request = stage.request();
    stage.say("certificates", &json!([{"certificate_signing_request": request, "revoked": true}]));
    let new = stage.request();
    assert_ne!(new, request);
    let revoked = "the certificate provider has revoked the certificate; waiting for the certificate provider; \
                   until then a stand-in is served";
    assert_eq!((stage.told(), stage.get()), (pending(revoked), 0));
    let file = format!("var/lib/ssl-termination/proxy-0/certificates/certificates/{NAME}.pem");
    assert!(!stage.world.path(&file).exists(), "and its key is gone");
    stage.issue();
    assert_eq!((stage.told(), stage.get()), (served("certificates"), 200));

    stage.say("capabilities", &json!({"allowed_domains": ["example.org"]}));
    let client = stage.client;
    let names = [NAME, "b.example.com"];
    ask(&mut stage.world, client, "blog/0", &crate::proxy::request(&names, &[&stage.web]));
    let only =
        "the certificate provider issues certificates for example.org alone; until then a stand-in is served";
    let mut expected = served("certificates");
    expected["_pending"] = json!({"b.example.com": only});
    assert_eq!((stage.told(), stage.request()), (expected, new), "what has a certificate keeps it");
    ask(&mut stage.world, client, "blog/0", &crate::proxy::request(&[NAME], &[&stage.web]));

    stage.world.juju.remove_relation(stage.provider);
    stage.world.juju.settle();
    assert_eq!((stage.told(), stage.get()), (served("self-signed"), 0));
    assert_eq!(status(&stage.world), format!("active: serving {NAME} (self-signed)"));
    assert!(!stage.world.path("var/lib/ssl-termination/proxy-0/certificates/requests").exists());

    stage.world.juju.configure("proxy", [("certificate-source", "certificates")]);
    stage.world.juju.settle();
    assert_eq!((stage.told(), stage.get()), (served("certificates"), 200), "what it had is still good");
}

#[test]
fn another_source_is_the_operators_choice() {
    let mut stage = Stage::new();
    stage.issue();
    stage.world.juju.configure("proxy", [("certificate-source", "self-signed")]);
    stage.world.juju.settle();
    assert_eq!(stage.told(), served("self-signed"));
    assert_eq!(
        requests(&stage.world, stage.provider),
        Vec::<String>::new(),
        "the provider is asked for nothing"
    );
    stage.world.juju.configure("proxy", [("certificate-source", "auto")]);
    stage.world.juju.settle();
    assert_eq!((stage.told(), stage.get()), (served("certificates"), 200));
}

#[test]
fn rsa_can_be_asked_for_from_the_beginning() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    world.juju.configure("proxy", [("certificate-key", "rsa")]);
    world.juju.deploy("authority", &Charm::puppet(PROVIDER), 1);
    let provider = world.juju.relate("proxy:certificates", "authority:certificates");
    let web = Web::start("web");
    world.juju.settle();
    ask(&mut world, relations[0], "blog/0", &request(&[NAME], &[&web]));
    let length = requests(&world, provider)[0].len();
    assert!(length > 800, "an RSA key is in it: {length}");
    assert_eq!(answer(&world, relations[0])["_pending"][NAME], WAITS);
}
