//! What an adversary and bad luck can do: hostile visitors and clients, files that are not what they should be, hooks
//! that end in the wrong place.

mod requests;
mod scan;
mod upstreams;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use ssl_termination::host::{self, Host};
use ssl_termination::proxy::{Claims, Owner, Policy, Wanted, plan};
use ssl_termination::wire::{CertRequest, Fqdn};
use test_juju::{Charm, Fault, HookRun, RelationId};

use crate::charms::Model;
use crate::world::{Web, World};

const NAME: &str = "a.example.com";

fn clients(world: &mut World, clients: &[(&str, usize)]) -> Vec<RelationId> {
    world.deploy_proxy("proxy");
    let relate = |&(client, units): &(&str, usize)| {
        let metadata = format!("name: {client}\nrequires: {{proxy: {{interface: ssl-termination}}}}");
        world.juju.deploy(client, &Charm::puppet(&metadata), units);
        world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"))
    };
    let relations = clients.iter().map(relate).collect();
    world.juju.settle();
    relations
}

/// A proxy that serves `NAME` for `blog`.
fn serving() -> (World, RelationId, Web) {
    let mut world = World::new(7);
    let relation = clients(&mut world, &[("blog", 1)])[0];
    let web = Web::start("web");
    ask(&mut world, relation, "blog/0", &request(&[NAME], &web));
    assert_eq!(code(&world), 200);
    (world, relation, web)
}

fn request(names: &[&str], web: &Web) -> Value {
    json!({"fqdn": names, "upstreams": [{"hostname": "127.0.0.1", "port": web.port}]})
}

fn publish(world: &mut World, relation: RelationId, unit: &str, request: &Value) {
    world.juju.relation_set(unit, relation, [("cert-request", request.to_string().as_str())]);
}

fn ask(world: &mut World, relation: RelationId, unit: &str, request: &Value) {
    publish(world, relation, unit, request);
    world.juju.settle();
}

fn look(world: &mut World) -> Vec<HookRun> {
    world.juju.update_status("proxy/0");
    world.juju.settle()
}

fn answer(world: &World, relation: RelationId) -> Value {
    let bag = world.juju.bag(relation, "proxy/0");
    bag.get("status").map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn has(world: &World, relation: RelationId, name: &str) -> bool {
    answer(world, relation).get(name).is_some()
}

fn code(world: &World) -> u16 {
    world.get(&format!("https://{NAME}/")).send().code
}

fn state(world: &World) -> PathBuf {
    world.juju.charm_dir("proxy/0").join(".state")
}

fn lose_the_flag_file(world: &World) {
    fs::remove_file(state(world).join("flags.json")).unwrap();
}

// Hostile visitors.

/// What comes of five reloads while a visitor sends this Referer with a wrong password: errors of hooks, and statuses
/// that are not `active`. `MASTER` stands for the number of nginx's master, which a visitor can guess: a line of the log
/// has room for hundreds of numbers.
fn reloads_while_a_visitor_lies(referer: &str) -> Vec<(String, String)> {
    let (mut world, relation, web) = serving();
    let mut protected = request(&[NAME], &web);
    protected["credentials"] = "ann sesame".into();
    ask(&mut world, relation, "blog/0", &protected);

    let referer = referer.replace("MASTER", &world.nginx_processes().first().unwrap().to_string());
    let ends = Arc::new(AtomicBool::new(false));
    let (ending, port) = (Arc::clone(&ends), world.https_port);
    let visitor = std::thread::spawn(move || {
        let url = format!("https://{NAME}:{port}/[1-200]");
        let resolve = format!("{NAME}:{port}:127.0.0.1");
        while !ending.load(Ordering::Relaxed) {
            Command::new("curl")
                .args(["-sk", "-o", "/dev/null", "--max-time", "5", "-u", "nobody:x", "--resolve", &resolve])
                .args(["-e", &referer, &url])
                .status()
                .unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    let mut failed = Vec::new();
    for round in 0..5 {
        let mut other = protected.clone();
        other["fqdn"] = json!([NAME, format!("b{round}.example.com")]);
        publish(&mut world, relation, "blog/0", &other);
        match world.juju.try_settle() {
            Ok(runs) => failed.extend(runs.into_iter().flat_map(|run| run.log)),
            Err(run) => failed.extend(run.log),
        }
        let (state, message) = world.juju.status("proxy/0");
        if state != "active" {
            failed.push((state, message));
        }
    }
    ends.store(true, Ordering::Relaxed);
    visitor.join().unwrap();
    failed
}

/// nginx writes what a visitor sends, his Referer too, into the error log, where the charm looks for its master's
/// complaints.
#[test]
fn what_a_visitor_writes_into_the_error_log_fails_no_hook() {
    assert_eq!(reloads_while_a_visitor_lies("x [emerg] MASTER#0: lies, \t MASTER#0: more lies"), []);
}

#[test]
fn what_a_visitor_writes_into_the_error_log_does_not_come_into_the_status() {
    let lies = "x [emerg] MASTER# MASTER#0: bind() to x:1, call +1-555-0100 NOW, failed (98: x)";
    assert_eq!(reloads_while_a_visitor_lies(lies), []);
}

// Hostile clients.

/// Juju takes 16 MB in a databag. What is longer than any request that is read need not be carried from hook to hook.
#[test]
fn a_request_that_is_far_too_long_does_not_weigh_on_the_hooks_of_others() {
    let (mut world, relation, _web) = serving();
    world.juju.add_unit("blog");
    world.juju.settle();
    world.juju.relation_set("blog/1", relation, [("cert-request", "x".repeat(15_000_000))]);
    world.juju.settle();
    let looked = look(&mut world);
    let (kib, millis) = (looked[0].max_rss_kib.unwrap(), looked[0].millis);
    assert!(kib < 40_000, "{kib} KiB, {millis:.0} ms");
}

// Claims.

/// Makes the https-port one that is taken, so that nothing can be served.
fn obstruct(world: &mut World) -> Web {
    let taken = Web::start("taken");
    world.juju.configure("proxy", [("https-port", taken.port)]);
    taken
}

fn clear_the_way(world: &mut World, taken: Web) {
    drop(taken);
    let port = world.https_port;
    world.juju.configure("proxy", [("https-port", port)]);
    world.juju.settle();
}

#[test]
fn the_first_that_asks_has_the_name_though_nothing_can_be_served_yet() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("late", 1), ("early", 1)]);
    let web = Web::start("web");
    let taken = obstruct(&mut world);
    world.juju.settle();
    ask(&mut world, relations[1], "early/0", &request(&[NAME], &web));
    ask(&mut world, relations[0], "late/0", &request(&[NAME], &web));
    clear_the_way(&mut world, taken);
    assert!(has(&world, relations[1], NAME), "late has it: {}", answer(&world, relations[0]));
}

#[test]
fn claims_outlive_a_lost_flag_file_though_nothing_can_be_served_in_that_hook() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("thief", 1), ("owner", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[1], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[0], "thief/0", &request(&[NAME], &web));
    assert!(has(&world, relations[1], NAME));
    lose_the_flag_file(&world);
    let taken = obstruct(&mut world);
    world.juju.settle();
    clear_the_way(&mut world, taken);
    assert!(has(&world, relations[1], NAME), "the thief has it: {}", answer(&world, relations[0]));
}

#[test]
fn a_name_that_is_reserved_for_a_refused_request_outlives_a_lost_flag_file() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("owner", 1), ("thief", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[1], "thief/0", &request(&[NAME], &web));
    let mut bad = request(&[NAME], &web);
    bad["nginx-config"] = json!(["gzip on"]);
    ask(&mut world, relations[0], "owner/0", &bad);
    assert!(!has(&world, relations[1], NAME), "a refused request ends no claim");
    lose_the_flag_file(&world);
    look(&mut world);
    assert!(!has(&world, relations[1], NAME), "nor does a lost file");
}

#[test]
fn a_recovered_claim_ends_when_its_unit_withdraws() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("owner", 2), ("next", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "owner/1", &json!({"fqdn": ["no;name"]}));
    ask(&mut world, relations[0], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[1], "next/0", &request(&[NAME], &web));
    lose_the_flag_file(&world);
    look(&mut world);
    ask(&mut world, relations[0], "owner/0", &json!({}));
    assert!(has(&world, relations[1], NAME), "{}", answer(&world, relations[1]));
}

// What is committed and what is not.

#[test]
fn ports_are_closed_after_the_last_site_though_the_flag_file_was_lost() {
    let (mut world, relation, _web) = serving();
    lose_the_flag_file(&world);
    ask(&mut world, relation, "blog/0", &json!({}));
    assert_eq!(world.juju.opened_ports("proxy/0"), Vec::<String>::new());
}

#[test]
fn a_command_that_is_refused_beside_the_hooks_publishes_nothing() {
    let mut model = Model::new(3);
    model.shell("ours", "provides: {tls: {interface: ssl-termination}}", 1);
    model.puppet("web", "requires: {tls: {interface: ssl-termination}}", 1);
    let relation = model.juju.relate("ours:tls", "web:tls");
    model.juju.settle();
    model.juju.relation_set("web/0", relation, [("cert-request", r#"{"fqdn": ["a.bc"]}"#)]);
    model.waiting();
    model.juju.fail_commit("ours/0");
    model.attempt();
    let run = model.exec("ours/0", "echo '[\"a.bc\"]' | ssl-termination send-status --endpoint tls");
    assert_eq!(run.exit, 2, "{}", run.trace());
    assert_eq!(model.published(relation, "ours/0").get("status"), None, "Juju commits it at any exit code");
}

/// Overwriting a mark needs no room on the disk if the old one is not cut off first.
#[test]
fn a_full_disk_does_not_hide_that_a_hook_died() {
    let mut model = Model::new(3);
    model.shell("ours", "provides: {tls: {interface: ssl-termination}}", 1);
    model.puppet("web", "requires: {tls: {interface: ssl-termination}}", 1);
    let relation = model.juju.relate("ours:tls", "web:tls");
    model.juju.settle();
    model.juju.relation_set("web/0", relation, [("cert-request", r#"{"fqdn": ["a.bc"]}"#)]);
    model.waiting();
    model.juju.on_call("ours/0", 1, Fault::Refuse { exit: 1, stderr: "ERROR no".to_owned() });
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
            3 => {
                let refusal = Fault::Refuse { exit: 1, stderr: "ERROR no".to_owned() };
                world.juju.on_call("proxy/0", 1 + random(4), refusal);
            }
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

// Files that are not what they should be.

/// Damages something, and expects that the next look mends it.
fn mended(damage: impl FnOnce(&World)) {
    let (mut world, relation, _web) = serving();
    damage(&world);
    world.juju.update_status("proxy/0");
    if let Err(run) = world.juju.try_settle() {
        panic!("the hook fails for ever: {:?}", run.log);
    }
    let (state, message) = world.juju.status("proxy/0");
    assert_eq!(
        (code(&world), has(&world, relation, NAME), state.as_str()),
        (200, true, "active"),
        "{message}"
    );
}

fn a_folder_instead_of(path: impl AsRef<Path>) {
    let path = path.as_ref();
    fs::remove_file(path).unwrap_or_default();
    fs::create_dir_all(path.join("with")).unwrap();
}

#[test]
fn a_folder_in_the_place_of_the_flag_file_is_set_aside() {
    mended(|world| a_folder_instead_of(state(world).join("flags.json")));
}

#[test]
fn a_folder_where_a_damaged_flag_file_is_set_aside_is_no_obstacle() {
    mended(|world| {
        fs::write(state(world).join("flags.json"), "nonsense").unwrap();
        a_folder_instead_of(state(world).join("flags.json.unreadable"));
    });
}

#[test]
fn a_folder_in_the_place_of_a_piece_of_the_view_is_replaced() {
    mended(|world| {
        let view = state(world).join("view");
        let pieces = fs::read_dir(&view).unwrap().map(|entry| entry.unwrap().path());
        pieces.for_each(a_folder_instead_of);
    });
}

#[test]
fn a_folder_in_the_configuration_is_no_obstacle() {
    mended(|world| a_folder_instead_of(world.path("etc/ssl-termination/proxy-0/conf/sites/old")));
}

#[test]
fn a_file_in_the_place_of_the_folder_of_sites_is_replaced() {
    mended(|world| {
        let sites = world.path("etc/ssl-termination/proxy-0/conf/sites");
        fs::remove_dir_all(&sites).unwrap();
        fs::write(sites, "").unwrap();
    });
}

#[test]
fn a_folder_in_the_place_of_a_certificate_is_replaced() {
    mended(|world| {
        a_folder_instead_of(
            world.path(&format!("var/lib/ssl-termination/proxy-0/certificates/self-signed/{NAME}.pem")),
        );
    });
}

#[test]
fn a_folder_among_the_password_files_is_no_obstacle() {
    mended(|world| a_folder_instead_of(world.path("var/lib/ssl-termination/proxy-0/passwords/old")));
}

#[test]
fn nginx_is_found_again_without_its_pid_file() {
    mended(|world| {
        fs::remove_file(world.path("run/ssl-termination/proxy-0/nginx.pid")).unwrap();
        // Something has to change, or nothing has to be told to nginx.
        fs::write(world.path("run/ssl-termination/proxy-0/served"), "").unwrap();
    });
}

#[test]
fn nginx_ends_with_the_last_site_though_its_configuration_is_gone() {
    let (mut world, relation, _web) = serving();
    fs::remove_dir_all(world.path("etc/ssl-termination/proxy-0/conf")).unwrap();
    ask(&mut world, relation, "blog/0", &json!({}));
    assert_eq!((code(&world), world.nginx_processes().len()), (0, 0));
}

#[test]
fn a_password_file_that_the_workers_cannot_read_is_mended() {
    let (mut world, relation, web) = serving();
    let mut protected = request(&[NAME], &web);
    protected["credentials"] = "ann sesame".into();
    ask(&mut world, relation, "blog/0", &protected);
    let file = world.path(&format!("var/lib/ssl-termination/proxy-0/passwords/{NAME}"));
    if fs::metadata(&file).unwrap().uid() != 0 {
        return; // left out: only root's workers are somebody else
    }
    std::os::unix::fs::chown(&file, Some(0), Some(0)).unwrap();
    look(&mut world);
    let got = world.get(&format!("https://{NAME}/")).with_password("ann:sesame").send();
    assert_eq!(got.code, 200);
}

#[test]
fn a_key_that_others_can_read_is_closed_again() {
    let (mut world, _, _web) = serving();
    let folder = world.path("var/lib/ssl-termination/proxy-0/certificates");
    let pem = folder.join(format!("self-signed/{NAME}.pem"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&pem, fs::Permissions::from_mode(0o644)).unwrap();
    look(&mut world);
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&pem)), (0o700, 0o600));
}

// Programs that do not behave.

#[test]
fn a_program_that_never_stops_writing_is_killed_at_its_limit() {
    let host = Host::new("/", "/usr/bin:/bin");
    let folder = tempfile::tempdir().unwrap();
    let ended = folder.path().join("ended");
    // It would end by itself after a while, and say so.
    let endless =
        "for n in 1 2 3; do timeout 3 cat /dev/zero & timeout 3 cat /dev/zero >&2 & done; wait; touch \"$0\"";
    let command = host::Command::new("sh").args(["-c", endless, ended.to_str().unwrap()]);
    let error = host.run(&command.limit(Duration::from_millis(100)).most(usize::MAX)).unwrap_err();
    assert!(error.to_string().contains("did not finish"), "{error}");
    assert!(!ended.exists(), "it was not killed at its limit");
}

// What people are told.

#[test]
fn a_web_server_that_cannot_be_used_is_named_in_the_status() {
    let mut world = World::new(3);
    world.deploy_proxy("proxy");
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    let relation = world.juju.relate("web:website", "proxy:reverseproxy");
    world.juju.configure("proxy", [("fqdns", NAME)]);
    world.juju.settle();
    let (_, message) = world.juju.status("proxy/0");
    assert!(!message.contains("relate an application"), "one is related: {message}");
    world.juju.relation_set("web/0", relation, [("hostname", "127.0.0.1"), ("port", "http")]);
    world.juju.settle();
    let (_, message) = world.juju.status("proxy/0");
    assert!(message.contains("web/0"), "{message}");
}

#[test]
fn a_plan_tells_of_passwords_certificates_and_an_nginx_that_has_ended() {
    let (mut world, _, _web) = serving();
    world.kill_nginx();
    fs::remove_file(
        world.path(&format!("var/lib/ssl-termination/proxy-0/certificates/self-signed/{NAME}.pem")),
    )
    .unwrap();
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert!(!run.stdout.contains("change nothing"), "{}", run.stdout);
}

#[test]
fn a_plan_after_a_lost_flag_file_does_not_say_that_all_will_be_deleted() {
    let (mut world, _, _web) = serving();
    lose_the_flag_file(&world);
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert!(!run.stdout.contains("nobody asks for it any more"), "{}", run.stdout);
}

#[test]
fn a_malformed_option_does_not_move_the_ports_of_the_first_configuration() {
    let mut world = World::new(7);
    world.juju.deploy("proxy", &world.charm(), 1);
    let ports = [("http-port", world.http_port), ("https-port", world.https_port)];
    world.juju.configure("proxy", ports);
    world.juju.configure("proxy", [("contact-email", "nobody")]);
    world.juju.deploy(
        "blog",
        &Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}"),
        1,
    );
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    world.juju.settle();
    ask(&mut world, relation, "blog/0", &json!({"fqdn": [NAME], "upstreams": []}));
    let opened = world.juju.opened_ports("proxy/0");
    assert!(!opened.contains(&"443/tcp".to_owned()), "{opened:?}");
}

// The plan against its rules.

/// A unit's request in one step: nothing, refused, or names.
type Asked = Option<Result<Vec<usize>, ()>>;

const NAMES: [&str; 4] = ["a.bc", "b.bc", "c.bc", "d.bc"];

fn asked() -> impl Strategy<Value = Asked> {
    let names = proptest::collection::vec(0..NAMES.len(), 1..4);
    prop_oneof![any::<bool>().prop_map(|bad| bad.then_some(Err(()))), names.prop_map(|names| Some(Ok(names)))]
}

fn wanted(step: &[Vec<Asked>]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (number, units) in step.iter().enumerate() {
        let owner = match number {
            0 => Owner::Own,
            number => Owner::Relation(format!("tls:{number}").parse().unwrap()),
        };
        for (unit, asked) in units.iter().enumerate() {
            let text = match asked {
                None => continue,
                Some(Err(())) => "refused".to_owned(),
                Some(Ok(names)) => {
                    let names: Vec<&str> = names.iter().map(|&name| NAMES[name]).collect();
                    json!({"fqdn": names, "upstreams": [{"hostname": "10.0.0.1", "port": 80}]}).to_string()
                }
            };
            let request = CertRequest::parse(&text).map(Option::unwrap);
            wanted.push(Wanted {
                owner: owner.clone(),
                app: "x".to_owned(),
                unit: format!("u{number}/{unit}"),
                request,
            });
        }
    }
    wanted
}

proptest! {
    #[test]
    fn a_plan_keeps_its_rules_over_a_life(
        life in proptest::collection::vec(
            (proptest::collection::vec(asked(), 1), proptest::collection::vec(proptest::collection::vec(asked(), 2), 3)),
            1..8,
        ),
    ) {
        let mut claims = Claims::default();
        // For each name: whose it is, and which units' last good requests stand for it.
        let mut naive: BTreeMap<&str, (Owner, Vec<String>)> = BTreeMap::new();
        for (own, relations) in life {
            let step: Vec<Vec<Asked>> = std::iter::once(own).chain(relations).collect();
            let wanted = wanted(&step);
            let of = |owner: &Owner, unit: &str| wanted.iter().find(|one| one.owner == *owner && one.unit == unit);
            let has = |one: &Wanted, name: &str| {
                one.request.as_ref().is_ok_and(|good| good.fqdn().iter().any(|fqdn| fqdn.as_str() == name))
            };
            for name in NAMES {
                if let Some((owner, units)) = naive.get_mut(name) {
                    units.retain(|unit| of(owner, unit).is_some_and(|one| one.request.is_err() || has(one, name)));
                    if units.is_empty() {
                        naive.remove(name);
                    }
                }
                for one in wanted.iter().filter(|one| has(one, name)) {
                    let entry = naive.entry(name).or_insert_with(|| (one.owner.clone(), Vec::new()));
                    if one.owner == Owner::Own && entry.0 != Owner::Own {
                        *entry = (Owner::Own, Vec::new());
                    }
                    if entry.0 == one.owner {
                        entry.1.push(one.unit.clone());
                    }
                }
            }
            let made = plan(wanted.clone(), claims, &Policy::default(), &BTreeMap::new());
            claims = made.claims.clone();
            for name in NAMES {
                let fqdn: Fqdn = name.parse().unwrap();
                let owners: Vec<Owner> = std::iter::once(Owner::Own)
                    .chain((1..4).map(|n| Owner::Relation(format!("tls:{n}").parse().unwrap())))
                    .filter(|owner| claims.grants(&fqdn, owner))
                    .collect();
                prop_assert_eq!(owners, naive.get(name).map(|(owner, _)| owner.clone()).into_iter().collect::<Vec<_>>());
                let sites: Vec<_> = made.sites.iter().filter(|site| site.names.contains(&fqdn)).collect();
                let asks = |owner: &Owner| wanted.iter().any(|one| one.owner == *owner && has(one, name));
                let served = naive.get(name).filter(|(owner, _)| asks(owner));
                prop_assert_eq!(sites.len(), usize::from(served.is_some()));
                if let (Some(site), Some((owner, _))) = (sites.first(), served) {
                    prop_assert_eq!(&site.owner, owner);
                }
                for one in wanted.iter().filter(|one| has(one, name)) {
                    let taken = made.answers[&one.owner].pending.get(&fqdn).map(String::as_str);
                    let others = naive.get(name).is_some_and(|(owner, _)| *owner != one.owner);
                    prop_assert_eq!(taken, others.then_some("taken"));
                }
            }
            let mut ids: Vec<_> = made.sites.iter().map(|site| site.name().to_string()).collect();
            ids.sort();
            ids.dedup();
            prop_assert!(ids.len() == made.sites.len());
        }
    }
}
