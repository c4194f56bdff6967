//! What Juju does at its edges: commits in parts, no charm state, removals by force, relations that come back, two
//! hooks at once, clocks that jump.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use test_juju::RelationId;

use crate::charms::Model;
use crate::stage::{ACTS, OLDER, PROXY, Stage, Version, become_of, copy};

const FRONT: &str = "provides: {ssl-termination: {interface: ssl-termination}}";
const ASKS: &str = "requires: {ssl-termination: {interface: ssl-termination}}";
pub(crate) const REQUEST: &str = r#"{"fqdn": ["a.example.com"]}"#;
pub(crate) const ANSWER: &str = r#"["a.example.com"]"#;

/// A proxy that answers with all names, and a client that has asked.
pub(crate) fn proxy_and_web() -> (Model, RelationId) {
    asked(Model::new(1))
}

fn asked(mut model: Model) -> (Model, RelationId) {
    model.program("proxy", FRONT, "original", 1);
    model.puppet("web", ASKS, 1);
    model.juju.settle();
    let relation = model.juju.relate("proxy:ssl-termination", "web:ssl-termination");
    model.juju.settle();
    ask(&mut model, relation, REQUEST);
    model.juju.settle();
    (model, relation)
}

fn ask(model: &mut Model, relation: RelationId, request: &str) {
    model.juju.relation_set("web/0", relation, [("cert-request", request)]);
    model.waiting();
}

fn answer(model: &Model, relation: RelationId) -> String {
    model.published(relation, "proxy/0").get("status").cloned().unwrap_or_default()
}

/// The proxy after so many acts of its life.
fn after(acts: usize) -> Stage {
    after_in(Version::Whole, acts)
}

fn after_in(version: Version, acts: usize) -> Stage {
    let mut stage = Stage::in_juju(version);
    for (_, act) in &ACTS[..acts] {
        act(&mut stage);
        stage.settle();
    }
    stage
}

#[test]
fn a_juju_that_commits_in_parts_gets_the_answer_again_with_the_hook() {
    for (version, published) in [("4.0.2", r#"["b.example.com"]"#), ("4.0-rc1.1", r#"["b.example.com"]"#)] {
        let (mut model, relation) = proxy_and_web();
        let charm = model.charm_of("proxy").env("JUJU_VERSION", version);
        model.juju.refresh("proxy", &charm);
        model.juju.settle();
        ask(&mut model, relation, r#"{"fqdn": ["b.example.com"]}"#);
        model.juju.fail_commit("proxy/0");
        assert!(!model.attempt().committed);
        // The charm state was committed nevertheless, the databag was not.
        let token = model.tokens("proxy/0").swap_remove(0);
        model.exec("proxy/0", &format!("state-set ssl-termination-generation='{token}'"));
        assert_eq!(answer(&model, relation), ANSWER);
        model.one();
        assert_eq!(answer(&model, relation), published, "{version}");
    }
}

#[test]
fn a_juju_without_charm_state_keeps_one_generation_and_gets_the_answer_again_with_the_hook() {
    let (mut model, relation) = proxy_and_web();
    let tools = model.juju.charm_dir("proxy/0").ancestors().nth(3).unwrap().join("tools");
    for tool in ["state-get", "state-set", "state-delete"] {
        fs::remove_file(tools.join(tool)).unwrap();
    }
    ask(&mut model, relation, r#"{"fqdn": ["b.example.com"]}"#);
    model.juju.fail_commit("proxy/0");
    assert!(!model.attempt().committed);
    assert_eq!(model.tokens("proxy/0").len(), 1);
    model.one();
    assert_eq!(answer(&model, relation), r#"["b.example.com"]"#);

    ask(&mut model, relation, r#"{"fqdn": ["c.example.com"]}"#);
    model.juju.on_call("proxy/0", 1, test_juju::Fault::Kill);
    model.attempt();
    let run = model.one();
    assert!(run.calls.iter().any(|call| call.argv[0] == "relation-ids"), "read in full: {}", run.trace());
    assert_eq!(answer(&model, relation), r#"["c.example.com"]"#);
}

#[test]
fn a_relation_that_was_removed_by_force_is_dropped_and_its_names_are_free() {
    let mut stage = after(3);
    let (blog, shop) = (stage.blog.unwrap(), stage.shop.unwrap());
    stage.world.juju.force_remove_relation(blog);
    stage.settle();
    // What the agent has not noticed: only a call that concerns the relation is denied.
    stage.update_status();
    stage.world.juju.restart_agent(PROXY);
    stage.update_status();
    let answer = stage.world.juju.bag(shop, PROXY)["status"].clone();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let served: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(served, ["blog.example.com", "shop.example.com"]);
    assert_eq!(stage.world.juju.status(PROXY).1, "serving 2 names (self-signed)");
}

#[test]
fn a_relation_whose_end_shows_when_it_is_answered_is_dropped_and_the_next_hook_sees_to_the_rest() {
    let mut stage = after(3);
    stage.world.juju.force_remove_relation(stage.blog.unwrap());
    let shop = stage.shop.unwrap();
    // Now there is something new to tell blog, which is denied.
    stage.world.juju.configure("proxy", [("allow-local-upstreams", false)]);
    stage.settle();
    let [available, update] = ["available", "update"].map(|flag| format!("endpoint.ssl-termination.{flag}"));
    assert_eq!(stage.world.flags(PROXY), [available.clone(), update]);
    stage.world.juju.relation_set("shop/0", shop, [("another", "key")]);
    stage.settle();
    assert_eq!(stage.world.flags(PROXY), [available]);
    stage.world.juju.configure("proxy", [("allow-local-upstreams", true)]);
    stage.settle();
    let answer = stage.world.juju.bag(shop, PROXY)["status"].clone();
    assert!(!answer.contains("_pending"), "blog's name is shop's: {answer}");
}

#[test]
fn a_relation_that_goes_by_force_before_its_hook_is_run_again_fails_it_no_more() {
    for (version, said) in
        [(Version::Whole, "ERROR permission denied"), (Version::InParts, "ERROR relation not found")]
    {
        let mut stage = after_in(version, 3);
        let shop = stage.shop.unwrap();
        stage.ask(shop, "shop/0", &stage.request(&["new.example.com"]));
        stage.fail(2);
        assert!(!stage.attempt().unwrap().committed);
        stage.world.juju.force_remove_relation(shop);
        let run = stage.attempt().unwrap();
        let read = run.calls.iter().find(|call| call.argv[0] == "relation-get" && call.exit != 0);
        assert_eq!(read.map(|call| call.stderr.trim()), Some(said), "{}", run.trace());
        assert!(run.committed, "{}", run.trace());
        stage.settle();
        assert_eq!(stage.world.juju.status(PROXY).1, "serving blog.example.com (self-signed)");
    }
}

#[test]
fn a_relation_that_an_agent_does_not_know_after_its_restart_fails_no_hook() {
    let mut stage = after(3);
    let (blog, shop) = (stage.blog.unwrap(), stage.shop.unwrap());
    stage.world.juju.force_remove_relation(shop);
    stage.world.juju.restart_agent(PROXY);
    // The name that shop waits for is free: it is to be told so.
    stage.ask(blog, "blog/0", &stage.request(&["www.example.com"]));
    let run = stage.attempt().unwrap();
    let refused = "ERROR invalid value \"ssl-termination:1\" for option -r: relation not found";
    assert!(run.calls.iter().any(|call| call.stderr.trim() == refused), "{}", run.trace());
    assert!(run.committed, "{}", run.trace());
    stage.update_status();
    let told = &stage.world.juju.bag(blog, PROXY)["status"];
    assert!(told.contains("www.example.com"), "{told}");
    assert_eq!(stage.world.juju.status(PROXY).1, "serving www.example.com (self-signed)");
}

#[test]
fn what_another_version_has_written_is_taken_over_by_whichever_hook_comes() {
    for (stamp, fails) in [(OLDER, false), ("9.9.9", false), (OLDER, true)] {
        let mut stage = after(3);
        let blog = stage.blog.unwrap();
        stage.ask(blog, "blog/0", &stage.request(&["blog.example.com", "new.example.com"]));
        become_of(&stage.world.juju.charm_dir(PROXY), stamp);
        if fails {
            stage.fail(1);
            assert!(!stage.attempt().unwrap().committed);
            // The failed hook is run again with the new version, and upgrade-charm never runs.
            let charm = stage.world.charm();
            stage.world.juju.force_refresh("proxy", &charm);
        }
        let run = stage.attempt().unwrap();
        assert_eq!(
            (run.hook.as_str(), run.committed),
            ("ssl-termination-relation-changed", true),
            "{}",
            run.trace()
        );
        assert!(run.calls.iter().any(|call| call.argv[0] == "relation-list"), "all is read: {}", run.trace());
        let state = fs::read_to_string(stage.state_folder().join("flags.json")).unwrap();
        assert!(state.contains(&format!("\"stamp\": \"{}\"", env!("CARGO_PKG_VERSION"))), "{state}");
        let told = &stage.world.juju.bag(blog, PROXY)["status"];
        assert!(told.contains("new.example.com"), "{told}");
        stage.settle();
        assert_eq!(stage.world.juju.status(PROXY).0, "active");
    }
}

#[test]
fn a_unit_that_nobody_told_of_is_found_by_update_status() {
    let mut model = Model::new(3);
    // Without charm state, nothing says that an older state is not the newest.
    model.juju.set_version(Version::WithoutState.number());
    let (mut model, relation) = asked(model);
    let state = model.juju.charm_dir("proxy/0").join(".state");
    let kept = tempfile::tempdir().unwrap();
    copy(&state, kept.path());
    model.juju.add_unit("web");
    model.waiting();
    let request = r#"{"fqdn": ["b.example.com"]}"#;
    model.juju.relation_set("web/1", relation, [("cert-request", request)]);
    model.juju.settle();
    let both = answer(&model, relation);
    assert!(both.contains("b.example.com"), "{both}");
    fs::remove_dir_all(&state).unwrap();
    copy(kept.path(), &state);
    // Juju holds what was told of both; a request that changes shows whether the other unit is known again.
    model.juju.update_status("proxy/0");
    model.one();
    ask(&mut model, relation, r#"{"fqdn": ["c.example.com"]}"#);
    model.juju.settle();
    assert_eq!(answer(&model, relation), r#"["c.example.com", "b.example.com"]"#);
}

#[test]
fn a_unit_that_was_removed_by_force_departs() {
    let mut stage = after(2);
    stage.world.juju.force_remove_unit("blog/0");
    stage.settle();
    assert_eq!(stage.world.juju.bag(stage.blog.unwrap(), PROXY).get("status"), None);
    assert!(stage.world.nginx_processes().is_empty());
}

#[test]
fn a_relation_that_is_suspended_and_resumed_is_answered_again() {
    let (mut model, relation) = proxy_and_web();
    model.juju.suspend_relation(relation);
    model.juju.settle();
    assert_eq!(model.flags("proxy/0"), [""; 0]);
    model.juju.resume_relation(relation);
    model.juju.settle();
    // Its databags begin empty: nobody asks, nobody is answered.
    assert_eq!(model.flags("proxy/0"), ["endpoint.ssl-termination.available"]);
    assert_eq!(answer(&model, relation), "");
    ask(&mut model, relation, REQUEST);
    model.juju.settle();
    assert_eq!(answer(&model, relation), ANSWER);
}

#[test]
fn two_at_once_wait_for_each_other() {
    let (mut model, _) = proxy_and_web();
    let path = model.juju.charm_dir("proxy/0").join(".state/lock");
    let begin = Instant::now();
    let held = fs::File::open(path).unwrap();
    held.lock().unwrap();
    let holder = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(held);
    });
    model.juju.update_status("proxy/0");
    model.one();
    assert!(begin.elapsed() >= Duration::from_millis(300));
    holder.join().unwrap();

    let mut model = Model::new(2);
    model.shell("ours", FRONT, 1);
    model.juju.settle();
    let each =
        "for n in 1 2 3 4 5 6; do ssl-termination flag set mine.$n & done; wait; ssl-termination flag list";
    let run = model.exec("ours/0", each);
    assert_eq!(run.stdout, "mine.1\nmine.2\nmine.3\nmine.4\nmine.5\nmine.6\n", "{}", run.trace());
}

/// A certificate for a name and its key, in one file as the charm keeps them.
fn certificate(name: &str, begins: (i32, u8), ends: (i32, u8)) -> String {
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(begins.0, begins.1, 1);
    parameters.not_after = rcgen::date_time_ymd(ends.0, ends.1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().pem() + &key.serialize_pem()
}

#[test]
fn when_the_clock_has_jumped_the_certificate_is_made_anew_and_served() {
    let mut stage = after(2);
    let path =
        stage.world.path("var/lib/ssl-termination/proxy-0/certificates/self-signed/blog.example.com.pem");
    let ca = stage.world.path("var/lib/ssl-termination/proxy-0/ca.crt");
    for (begins, ends) in [((2000, 1), (2000, 4)), ((2999, 1), (2999, 4))] {
        let stale = certificate("blog.example.com", begins, ends);
        fs::write(&path, &stale).unwrap();
        stage.update_status();
        let now = fs::read_to_string(&path).unwrap();
        assert_ne!(now, stale);
        let answer = stage.world.get("https://blog.example.com/").with(["--cacert", &ca.to_string_lossy()]);
        assert_eq!((answer.send().code, begins), (200, begins));
        let told = stage.world.juju.bag(stage.blog.unwrap(), PROXY)["status"].clone();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let expires = told["blog.example.com"]["expires"].as_str().unwrap();
        assert!(expires > "2026" && expires < "2900", "{expires}");
    }
    let before = fs::read_to_string(&path).unwrap();
    stage.update_status();
    assert_eq!(fs::read_to_string(&path).unwrap(), before, "a good one is kept");
}
