//! What is committed and what is not.

use std::fs;

use serde_json::json;
use ssl_termination::wire::CertRequest;
use test_juju::{Fault, RelationId};

use super::{answer, ask, clients, has, look, lose_the_flag_file, publish, request, serving, state};
use crate::charms::Model;
use crate::world::{Web, World};

#[test]
fn ports_are_closed_after_the_last_site_though_the_flag_file_was_lost() {
    let (mut world, relation, _web) = serving();
    lose_the_flag_file(&world);
    ask(&mut world, relation, "blog/0", &json!({}));
    assert_eq!(world.juju.opened_ports("proxy/0"), Vec::<String>::new());
}

/// A charm of shell scripts, `ours`, for which the hook of a first request waits.
fn asked() -> (Model, RelationId) {
    let mut model = Model::new(3);
    model.shell("ours", "provides: {tls: {interface: ssl-termination}}", 1);
    model.puppet("web", "requires: {tls: {interface: ssl-termination}}", 1);
    let relation = model.juju.relate("ours:tls", "web:tls");
    model.juju.settle();
    model.juju.relation_set("web/0", relation, [("cert-request", r#"{"fqdn": ["a.bc"]}"#)]);
    model.waiting();
    (model, relation)
}

#[test]
fn a_command_that_is_refused_beside_the_hooks_publishes_nothing() {
    let (mut model, relation) = asked();
    model.juju.fail_commit("ours/0");
    model.attempt();
    let run = model.exec("ours/0", "echo '[\"a.bc\"]' | ssl-termination send-status --endpoint tls");
    assert_eq!(run.exit, 2, "{}", run.trace());
    assert_eq!(model.published(relation, "ours/0").get("status"), None, "Juju commits it at any exit code");
}

/// Overwriting a mark needs no room on the disk if the old one is not cut off first.
#[test]
fn a_full_disk_does_not_hide_that_a_hook_died() {
    let (mut model, _) = asked();
    model.juju.on_call("ours/0", 1, Fault::refused("no"));
    assert!(!model.attempt().committed);
    model.script("ours/0", "trap '' XFSZ\nulimit -f 0\nssl-termination hook\n");
    assert!(!model.attempt().committed, "nothing can be written");
    model.juju.skip_failed("ours/0");
    model.script("ours/0", "ssl-termination hook\n");
    model.juju.update_status("ours/0");
    model.one();
    assert_eq!(model.flags("ours/0"), ["endpoint.tls.available", "endpoint.tls.update"]);
}

/// Clients ask, hooks fail, are killed, skipped and run twice, commits are lost, files too. Afterwards one look makes
/// all agree: what is answered, what is served, and to whom.
#[test]
fn after_any_faults_the_answers_are_what_is_served() {
    for seed in 0..6 {
        after_faults(seed);
    }
}

fn after_faults(seed: u64) {
    let mut random = fastrand(seed);
    let mut world = World::new(seed);
    let relations = clients(&mut world, &[("blog", 2), ("shop", 1), ("wiki", 1)]);
    let webs = ["blog", "shop", "wiki"].map(Web::start);
    let units = [("blog/0", 0), ("blog/1", 0), ("shop/0", 1), ("wiki/0", 2)];
    let names = ["a.example.com", "b.example.com", "c.example.com"];
    let mut trail = Vec::new();
    for _ in 0..25 {
        let (unit, index) = units[random(units.len())];
        let asked = match random(6) {
            0 => json!({}),
            1 => json!({"fqdn": ["no;name"]}),
            2 => request(&[names[random(3)]], &webs[index]),
            _ => request(&[names[random(3)], names[random(3)]], &webs[index]),
        };
        trail.push(format!("{unit} {asked}"));
        publish(&mut world, relations[index], unit, &asked);
        let fault = random(8);
        trail.push(format!("fault {fault}"));
        match fault {
            0 => world.juju.fail_commit("proxy/0"),
            1 => world.juju.commit_and_rerun("proxy/0"),
            2 => world.juju.on_call("proxy/0", 1 + random(4), Fault::Kill),
            3 => world.juju.on_call("proxy/0", 1 + random(4), Fault::refused("no")),
            4 if random(3) == 0 => fs::remove_file(state(&world).join("flags.json")).unwrap_or_default(),
            5 => world.kill_nginx(),
            _ => {}
        }
        for _ in 0..random(4) {
            world.juju.step_unit("proxy/0");
        }
        if world.juju.failed("proxy/0").is_some() && random(2) == 0 {
            trail.push("skip".to_owned());
            world.juju.skip_failed("proxy/0");
        }
    }
    world.juju.settle();
    look(&mut world);
    for name in names {
        let owners: Vec<usize> = (0..3).filter(|&index| has(&world, relations[index], name)).collect();
        let got = world.get(&format!("https://{name}/")).send();
        let served = got.body.lines().next().map(str::to_owned);
        let expected = owners.first().map(|&owner| ["blog", "shop", "wiki"][owner].to_owned());
        assert!(owners.len() < 2, "seed {seed}: {name}: {owners:?} {trail:#?}");
        assert_eq!(
            (expected, got.error.is_empty()),
            (served.filter(|_| got.code == 200), !owners.is_empty()),
            "seed {seed}: {name}: {trail:#?}"
        );
    }
    for (unit, index) in units {
        let bag = world.juju.bag(relations[index], unit);
        let asked = CertRequest::parse(bag.get("cert-request").map_or("", String::as_str));
        let told = answer(&world, relations[index]);
        for name in asked.iter().flatten().flat_map(CertRequest::fqdn) {
            let pending = told["_pending"].get(name.as_str()).is_some();
            assert!(
                pending != told.get(name.as_str()).is_some(),
                "seed {seed}: {unit} {name}: {told} {trail:#?}"
            );
        }
        if asked.is_err() {
            let refused = told["_refused"].as_array().unwrap();
            assert!(refused.iter().any(|one| one["unit"] == unit), "seed {seed}: {unit}: {told} {trail:#?}");
        }
    }
    let ports = world.juju.opened_ports("proxy/0").len();
    let sites = fs::read_dir(world.path("etc/ssl-termination/proxy-0/conf/sites")).map_or(0, Iterator::count);
    assert_eq!(ports, if sites > 0 { 2 } else { 0 }, "seed {seed}: {trail:#?}");
}

/// A number below its argument, by the seed.
fn fastrand(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}
