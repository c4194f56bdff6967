//! What a person asks of certificates from an ACME server, and what a person is told.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::acme::{Stage, UNIT, acme};
use crate::acme_faults::{guarded, problem};
use crate::guard::Act;
use crate::world::pebble::{EXTERNAL, Manners};

/// What an action answers, a line each.
fn run(stage: &mut Stage, action: &str, params: Value) -> Vec<String> {
    let ran = stage.world.juju.run_action(UNIT, action, params);
    assert_eq!((ran.run.exit, &ran.failure), (0, &None), "{}", ran.run.trace());
    let is_date = |word: &str| word.starts_with("20") && word.trim_end_matches(':').ends_with('Z');
    let plain = |word: &str| {
        if is_date(word) { format!("DATE{}", word.split_once('Z').unwrap().1) } else { word.to_owned() }
    };
    let line = |(key, text): (&String, &String)| {
        let words: Vec<String> = text.split(' ').map(plain).collect();
        format!("{key}: {}", words.join(" "))
    };
    ran.results.iter().map(|(key, text)| line((key, text))).collect()
}

/// The serial number of the certificate that a visitor is shown.
fn serial(stage: &Stage, name: &str) -> String {
    let port = stage.world.https_port;
    let script = format!(
        "openssl s_client -connect 127.0.0.1:{port} -servername {name} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    let shown = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(shown.stdout).unwrap()
}

#[test]
fn certificates_are_ordered_anew_when_a_person_wants_it() {
    let (mut stage, guard) = guarded(Manners::default());
    stage.pebble.resolve("b.example.com", false);
    stage.ask(&["a.example.com", "b.example.com"]);
    stage.work();
    let before = serial(&stage, "a.example.com");
    let log = stage.world.path("var/log/ssl-termination/proxy-0/certificates.log");
    let answer = |done: &str| {
        vec![
            "asked: 1".to_owned(),
            format!("follow: {}", log.display()),
            "left: 0".to_owned(),
            "renewed: 0".to_owned(),
            "sites.a-example-com.certificate: acme self-signed".to_owned(),
            format!("sites.a-example-com.done: {done}"),
            "sites.a-example-com.expires: DATE".to_owned(),
        ]
    };
    let server = guard.directory();
    let why = "the ACME server cannot connect to this proxy under the name";
    let sites = run(&mut stage, "list-sites", json!({}));
    assert_eq!(sites[0], format!("certificates: from the ACME server {server}"));
    let waits = sites.iter().find_map(|line| line.strip_prefix("sites.a-example-com.waits: ")).unwrap();
    assert!(waits.starts_with(&format!("b.example.com: {why} (")), "{waits}");
    assert!(waits.ends_with("; tried again after DATE"), "{waits}");
    let plan = run(&mut stage, "show-plan", json!({})).join("\n");
    assert!(plan.contains(&format!("\n    the certificate of b.example.com waits: {why} (")), "{plan}");
    assert!(plan.contains(&format!("\ncertificates: from the ACME server {server}\n")), "{plan}");

    stage.pebble.resolve("b.example.com", true);
    let done = run(&mut stage, "renew-certificates", json!({"name": "b.example"}));
    assert_eq!(done, answer(&format!("asked of {server}")));
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    let after = serial(&stage, "a.example.com");
    assert!(after.starts_with("serial=") && after != before, "{before} {after}");
    assert_eq!(stage.visit("b.example.com", &stage.pebble.root()), 200);
    assert!(run(&mut stage, "list-sites", json!({})).iter().all(|line| !line.contains(".waits: ")));

    // One that is good is renewed too, once; and while the server wants to be left alone, it is.
    run(&mut stage, "renew-certificates", json!({}));
    stage.work();
    let third = serial(&stage, "a.example.com");
    assert_ne!(third, after);
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.work();
    assert_eq!(serial(&stage, "a.example.com"), third);
    let limited = |line: &str| {
        let limit = || problem(429, "rateLimited", "Retry-After: 7200\r\n");
        if line.contains("/order-plz") { limit() } else { Act::Pass }
    };
    guard.rule(limited);
    run(&mut stage, "renew-certificates", json!({}));
    stage.work();
    guard.rule(limited);
    let told = run(&mut stage, "renew-certificates", json!({})).join("\n");
    let said = format!(
        "done: asked of {server} after DATE: a limit of the authority is reached (rateLimited: not today)"
    );
    assert!(told.contains(&said), "{told}");
    stage.work();
    assert_eq!(guard.seen(), [], "{}", stage.log());
    assert_eq!(serial(&stage, "a.example.com"), third);

    let lock = fs::File::create(stage.file("acme/lock")).unwrap();
    lock.lock().unwrap();
    let failed = stage.world.juju.run_action(UNIT, "renew-certificates", json!({})).failure.unwrap();
    let said =
        format!("the ACME client is at work: run the action again when it has ended ({})", log.display());
    assert!(failed.starts_with(&said), "{failed}");
}

#[test]
fn a_site_that_comes_back_has_its_certificate_at_once() {
    let mut stage = Stage::new(Manners::default());
    stage.ask(&["a.example.com"]);
    stage.work();
    let (before, asked) = (serial(&stage, "a.example.com"), stage.pebble.log().lines().count());
    stage.world.juju.relation_set("blog/0", stage.relation, [("cert-request", "")]);
    stage.world.juju.settle();
    assert_eq!(stage.told(), Value::Null);
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.ask(&["a.example.com"]);
    assert_eq!(stage.told(), json!({"a.example.com": acme()}));
    assert_eq!(serial(&stage, "a.example.com"), before);
    assert_eq!(stage.pebble.log().lines().count(), asked);
    // Days are counted, by what Juju commits.
    let state = stage.world.juju.charm_dir(UNIT).join(".state");
    let counted = Command::new("grep").args(["-rqF", "pairs of gone sites"]).arg(state).status().unwrap();
    assert!(counted.success());
}

#[test]
fn the_key_of_an_external_account_may_be_in_a_secret() {
    let mut stage = Stage::new(Manners { is_bound: true, ..Manners::default() });
    stage.ask(&["a.example.com"]);
    stage.work();
    let secret = stage.world.juju.add_secret("eab", [("hmac-key", "no key!")]);
    stage
        .world
        .juju
        .configure("proxy", [("acme-eab-key-id", EXTERNAL.0), ("acme-eab-hmac-key", secret.as_str())]);
    stage.world.juju.settle();
    stage.world.wait_for_issuer();
    let grant = "give it to this application with juju grant-secret";
    let unreadable = format!("blocked: option acme-eab-hmac-key: {secret} cannot be read: {grant}");
    assert_eq!(stage.status(), unreadable);
    stage.world.juju.grant_secret(&secret, "proxy");
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    let unusable = format!(
        "blocked: option acme-eab-hmac-key: {secret}: what is under hmac-key is not in the base64url of ACME servers"
    );
    assert_eq!(stage.status(), unusable);

    stage.world.juju.update_secret(&secret, [("hmac-key", EXTERNAL.1)]);
    stage.world.juju.settle();
    stage.work(); // registered: nginx learns the key
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme()}), "{}", stage.log());
    assert_eq!(stage.status(), "active: serving a.example.com");

    stage.world.juju.revoke_secret(&secret, "proxy");
    stage.world.juju.update_status(UNIT);
    stage.world.juju.settle();
    stage.work();
    assert_eq!(stage.status(), unreadable);
    let holds_it = Command::new("grep")
        .args(["-rlF", EXTERNAL.1])
        .args([stage.world.root(), Path::new(&stage.world.juju.charm_dir(UNIT))])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(holds_it.stdout).unwrap(), "", "it is forgotten");
    // The account that is bound already goes on.
    stage.ask(&["a.example.com", "b.example.com"]);
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    let bag = stage.world.juju.bag(stage.relation, UNIT);
    assert!(!format!("{:?}{}{bag:?}", stage.world.juju.log(UNIT), stage.log()).contains(EXTERNAL.1));
}
