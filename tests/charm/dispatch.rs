//! The binary as Juju runs it: which hooks it takes, what they cost, and what is left when one fails.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::json;
use test_juju::{Bag, Charm, Fault, HookRun, RelationId};

use crate::charms::{Model, STATE_GET, STATE_SET, calls};
use crate::world::World;

const FRONT: &str = "provides: {ssl-termination: {interface: ssl-termination}}";
const ASKS: &str = "requires: {ssl-termination: {interface: ssl-termination}}";
const REQUEST: &str = r#"{"fqdn": ["a.example.com"], "upstreams": []}"#;

fn set(relation: RelationId, key: &str, value: &str) -> String {
    format!("relation-set -r ssl-termination:{relation} --file - <<< {}", json!({key: value}))
}

fn get(relation: RelationId, unit: &str) -> String {
    format!("relation-get --format=json -r ssl-termination:{relation} - {unit}")
}

/// `proxy/0`, that answers with all names, related to the puppet `web`, which has said nothing yet.
fn proxy_and_web(seed: u64) -> (Model, RelationId) {
    let mut model = Model::new(seed);
    model.program("proxy", FRONT, "original", 1);
    model.puppet("web", ASKS, 1);
    model.juju.settle();
    let relation = model.juju.relate("proxy:ssl-termination", "web:ssl-termination");
    model.juju.settle();
    (model, relation)
}

fn ask(model: &mut Model, relation: RelationId, text: &str) {
    model.juju.relation_set("web/0", relation, [("cert-request", text)]);
    model.waiting();
}

#[test]
fn installed_as_dispatch_it_takes_every_hook() {
    let mut model = Model::new(1);
    model.dispatched("proxy", FRONT);
    model.puppet("web", ASKS, 1);
    let hooks: Vec<String> = model.juju.settle().iter().map(|run| run.hook.clone()).collect();
    assert_eq!(hooks, ["install", "leader-elected", "config-changed", "start"]);
    let relation = model.juju.relate("proxy:ssl-termination", "web:ssl-termination");
    let seen: Vec<(String, Vec<String>)> =
        (0..3).map(|_| (model.one().hook, model.flags("proxy/0"))).collect();
    let available = || vec!["endpoint.ssl-termination.available".to_owned()];
    assert_eq!(
        seen,
        [
            ("ssl-termination-relation-created".to_owned(), Vec::new()),
            ("ssl-termination-relation-joined".to_owned(), available()),
            ("ssl-termination-relation-changed".to_owned(), available()),
        ]
    );
    model.juju.remove_relation(relation);
    model.juju.settle();
    assert_eq!(model.juju.failed("proxy/0"), None);
}

/// Runs the binary itself under a hook's name, in a context of juju-exec: as Juju would run a hook that the tests' Juju
/// does not know.
fn as_hook(model: &mut Model, name: &str, variables: &str) -> HookRun {
    let link = model.juju.charm_dir("ours/0").join(name);
    if !link.exists() {
        symlink("bin/ssl-termination", &link).unwrap();
    }
    let run = format!("JUJU_DISPATCH_PATH=hooks/{name} {variables} exec ./{name}");
    model.juju.exec("ours/0", &["sh", "-c", &run])
}

fn ours(endpoints: &str) -> Model {
    let mut model = Model::new(2);
    model.shell("ours", endpoints, 1);
    model.juju.settle();
    model
}

#[test]
fn a_hook_that_we_do_not_know_succeeds_quietly() {
    let mut model = ours(FRONT);
    let flags = model.flags("ours/0");
    for hook in [
        "leader-deposed",
        "pre-series-upgrade",
        "post-series-upgrade",
        "secret-changed",
        "secret-expired",
        "secret-remove",
        "secret-rotate",
        "data-storage-attached",
        "data-storage-detaching",
        "some-hook-of-the-future",
    ] {
        let run = as_hook(&mut model, hook, "");
        let said = (run.exit, run.stdout.as_str(), run.stderr.as_str(), run.log.len());
        assert_eq!(said, (0, "", "", 0), "{}", run.trace());
        let sets: Vec<String> = calls(&run).into_iter().filter(|call| call.starts_with("relation")).collect();
        assert_eq!(sets, [""; 0], "{hook}");
        assert_eq!(model.flags("ours/0"), flags);
    }
}

#[test]
fn in_restricted_hooks_nothing_is_called_and_nothing_is_touched() {
    let mut model = ours(FRONT);
    let before = model.state_files("ours/0");
    for hook in ["collect-metrics", "meter-status-changed"] {
        let run = as_hook(&mut model, hook, "");
        let said = (run.exit, run.stdout.as_str(), run.stderr.as_str(), calls(&run).len());
        assert_eq!(said, (0, "", "", 0), "{}", run.trace());
    }
    assert_eq!(model.state_files("ours/0"), before);
}

#[test]
fn a_hook_of_an_endpoint_that_the_charm_does_not_have_is_an_error_that_names_it() {
    let mut model = ours(FRONT);
    let before = model.state_files("ours/0");
    for variables in ["", "JUJU_RELATION=db JUJU_RELATION_ID=db:7 JUJU_REMOTE_UNIT=sql/0 JUJU_REMOTE_APP=sql"]
    {
        let run = as_hook(&mut model, "db-relation-changed", variables);
        let said = "db-relation-changed failed: the hook db-relation-changed is about the endpoint db, \
            which metadata.yaml does not have: declare it there, or remove the hook";
        assert_eq!(run.exit, 1, "{}", run.trace());
        assert_eq!(run.log, [("ERROR".to_owned(), said.to_owned())], "{}", run.trace());
    }
    assert_eq!(model.state_files("ours/0"), before);
}

#[test]
fn a_hook_that_cannot_learn_what_juju_has_committed_fails_and_leaves_the_flags() {
    let (mut model, relation) = proxy_and_web(1);
    let before = model.state_files("proxy/0");
    ask(&mut model, relation, REQUEST);
    model.juju.on_call("proxy/0", 1, Fault::refused("dial unix: connection refused"));
    let run = model.attempt();
    assert_eq!((run.exit, run.committed), (1, false));
    let [(level, message)] = run.log.as_slice() else { panic!("one entry in the log, not {:?}", run.log) };
    assert_eq!(level, "ERROR");
    assert!(
        message
            .starts_with("ssl-termination-relation-changed failed: cannot learn what Juju has committed: "),
        "{message}"
    );
    assert!(message.contains("dial unix: connection refused"), "{message}");
    assert_eq!(run.calls.len(), 3, "state-get, relation-get and juju-log: {}", run.trace());
    assert_eq!(model.state_files("proxy/0"), before);
    let run = model.one();
    assert_eq!(run.attempt, 2);
    let answer = [("status".to_owned(), r#"["a.example.com"]"#.to_owned())];
    assert_eq!(model.published(relation, "proxy/0"), answer.into());
}

#[test]
fn a_hook_that_failed_before_it_knew_anything_and_was_skipped_is_noticed_by_the_next() {
    let (mut model, relation) = proxy_and_web(1);
    ask(&mut model, relation, REQUEST);
    model.juju.on_call("proxy/0", 1, Fault::refused("no luck"));
    model.attempt();
    let mark = fs::read_to_string(model.juju.charm_dir("proxy/0").join(".state/lock")).unwrap();
    assert_eq!(mark, format!("running ssl-termination-relation-changed ssl-termination:{relation} web/0"));
    model.juju.skip_failed("proxy/0");
    model.juju.update_status("proxy/0");
    let run = model.one();
    assert_eq!(run.hook, "update-status");
    let answer = [("status".to_owned(), r#"["a.example.com"]"#.to_owned())];
    assert_eq!(model.published(relation, "proxy/0"), answer.into(), "{}", run.trace());
}

#[test]
fn a_call_that_is_refused_fails_the_hook_with_one_clear_error_and_leaves_the_flags() {
    let (mut model, relation) = proxy_and_web(1);
    let calls_of_a_change = 4;
    for call in 1..=calls_of_a_change {
        let before = model.state_files("proxy/0");
        let committed = model.juju.state("proxy/0");
        ask(&mut model, relation, &json!({"fqdn": [format!("n{call}.example.com")]}).to_string());
        model.juju.on_call("proxy/0", call, Fault::refused("no luck"));
        let run = model.attempt();
        assert_eq!((run.exit, run.log.len()), (1, 1), "{}", run.trace());
        assert!(run.log[0].1.ends_with("ERROR no luck"), "{:?}", run.log);
        // state-get and relation-get are made side by side, and so are state-set and relation-set.
        let calls = call.next_multiple_of(2);
        assert_eq!(run.calls.len(), calls + 1, "nothing but juju-log after it: {}", run.trace());
        // New pieces may lie there, which the flag file does not name.
        let after = model.state_files("proxy/0");
        let is_as_before = |(path, text): (&PathBuf, &String)| after.get(path) == Some(text);
        assert!(before.iter().all(is_as_before), "call {call}: {after:?}");
        assert_eq!(model.juju.state("proxy/0"), committed);
        model.one();
        let now = model.state_files("proxy/0");
        let flags = now.iter().find(|(path, _)| path.ends_with("flags.json")).unwrap().1;
        let pieces = now.keys().filter(|path| path.parent().is_some_and(|folder| folder.ends_with("view")));
        let mut names = pieces.map(|path| path.file_name().unwrap().to_str().unwrap());
        assert!(names.all(|name| flags.contains(name)), "call {call}: {now:?}");
        let status = format!("[\"n{call}.example.com\"]");
        assert_eq!(model.published(relation, "proxy/0"), [("status".to_owned(), status)].into());
    }
}

#[test]
fn what_is_kept_is_readable_by_its_owner_alone_and_json() {
    let (mut model, relation) = proxy_and_web(1);
    ask(&mut model, relation, REQUEST);
    model.one();
    let state = model.juju.charm_dir("proxy/0").join(".state");
    let mut found = BTreeMap::new();
    note_modes(&state, &state, &mut found);
    let name = |path: &str| path.split('.').next().unwrap().to_owned();
    let found: Vec<(String, u32)> = found.iter().map(|(path, mode)| (name(path), *mode)).collect();
    let expected = [
        ("", 0o700),
        ("flags", 0o600),
        ("lock", 0o600),
        ("view", 0o700),
        ("view/ssl-termination", 0o600), // relations, as they are and as they were
        ("view/ssl-termination", 0o600),
        ("view/ssl-termination", 0o600), // units
        ("view/ssl-termination", 0o600),
    ];
    assert_eq!(found, expected.map(|(path, mode)| (path.to_owned(), mode)));
    for (path, text) in model.state_files("proxy/0") {
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", path.display());
    }
    let lock = fs::read_to_string(state.join("lock")).unwrap();
    assert!(lock.starts_with("ended proxy/0-"), "no mark is left by a hook that ended well: {lock}");
}

fn note_modes(root: &Path, path: &Path, modes: &mut BTreeMap<String, u32>) {
    let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
    modes.insert(name, fs::metadata(path).unwrap().permissions().mode() & 0o7777);
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            note_modes(root, &entry.unwrap().path(), modes);
        }
    }
}

#[test]
fn the_password_of_a_unit_that_has_departed_is_gone_from_the_disk_one_hook_later() {
    let (mut model, relation) = proxy_and_web(1);
    model.juju.add_unit("web");
    model.juju.settle();
    let secret = json!({"fqdn": ["a.example.com"], "credentials": "user pa55word"}).to_string();
    model.juju.relation_set("web/1", relation, [("cert-request", &secret)]);
    model.juju.settle();
    let kept = |model: &Model| model.state_files("proxy/0").values().any(|text| text.contains("pa55word"));
    assert!(kept(&model));
    model.juju.remove_unit("web/1");
    assert_eq!(model.one().hook, "ssl-termination-relation-departed");
    model.juju.update_status("proxy/0");
    model.one();
    assert!(!kept(&model), "{:?}", model.state_files("proxy/0"));
}

#[test]
fn a_flag_file_that_is_lost_or_damaged_is_rebuilt_from_juju() {
    for damage in [None, Some(""), Some("{bad"), Some("[]"), Some(r#"{"format": 1, "generations": 7}"#)] {
        let (mut model, relation) = proxy_and_web(1);
        ask(&mut model, relation, REQUEST);
        model.one();
        let state = model.juju.charm_dir("proxy/0").join(".state");
        match damage {
            None => fs::remove_dir_all(&state).unwrap(),
            Some(text) => fs::write(state.join("flags.json"), text).unwrap(),
        }
        model.juju.update_status("proxy/0");
        let run = model.one();
        assert_eq!(run.log, [], "{}", run.trace());
        let seen: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("UPDATE")).collect();
        let request =
            r#"UPDATE requests=[{"fqdn": ["a.example.com"], "juju_unit": "web/0", "upstreams": []}]"#;
        assert_eq!(seen, [request], "{damage:?}");
        assert_eq!(model.flags("proxy/0"), ["endpoint.ssl-termination.available"]);
        let anew = set(relation, "status", r#"["a.example.com"]"#);
        assert!(calls(&run).contains(&anew), "published anew: {}", run.trace());
        let aside = state.join("flags.json.unreadable");
        assert_eq!(fs::read_to_string(&aside).ok().as_deref(), damage);
        assert_eq!(run.stderr.contains("flags.json.unreadable"), damage.is_some(), "{}", run.stderr);
    }
}

#[test]
fn a_unit_whose_first_hook_fails_begins_again() {
    for fail in [
        |model: &mut Model| model.juju.fail_commit("proxy/0"),
        |model: &mut Model| model.juju.on_call("proxy/0", 1, Fault::Kill),
        |model: &mut Model| model.juju.commit_and_rerun("proxy/0"),
    ] {
        let mut model = Model::new(1);
        model.program("proxy", FRONT, "original", 1);
        for _ in 0..4 {
            model.waiting();
            fail(&mut model);
            let first = model.attempt();
            let again = model.attempt();
            assert_eq!((&first.hook, again.exit), (&again.hook, 0), "{}", again.trace());
        }
        assert_eq!(model.waiting(), [], "install, leader-elected, config-changed and start are over");
        assert_eq!(model.flags("proxy/0"), [""; 0]);
    }
}

/// A short life with something of everything: a request, another one, a second unit, which leaves again.
/// `spoil` is told before each hook which one it is, counted from 0.
fn life(mut spoil: impl FnMut(&mut Model, usize)) -> (Vec<(Bag, Vec<String>)>, Vec<usize>) {
    let (mut model, relation) = proxy_and_web(4);
    let (mut ends, mut costs) = (Vec::new(), Vec::new());
    let mut hook = 0;
    for act in 0..5 {
        match act {
            0 => ask(&mut model, relation, REQUEST),
            1 => ask(&mut model, relation, r#"{"fqdn": ["b.example.com"]}"#),
            2 => {
                model.juju.add_unit("web");
                model.waiting();
                model.juju.relation_set("web/1", relation, [("cert-request", REQUEST)]);
            }
            3 => model.juju.remove_unit("web/1"),
            _ => model.juju.remove_relation(relation),
        }
        while !model.waiting().is_empty() {
            spoil(&mut model, hook);
            let mut run = model.attempt();
            while !run.committed {
                assert!(run.attempt < 4, "{}", run.trace());
                run = model.attempt();
            }
            costs.push(run.calls.len());
            hook += 1;
        }
        ends.push((model.published(relation, "proxy/0"), model.flags("proxy/0")));
    }
    let mark = fs::read_to_string(model.juju.charm_dir("proxy/0").join(".state/lock")).unwrap();
    assert!(mark.starts_with("ended "), "no mark is left: {mark}");
    (ends, costs)
}

#[test]
fn a_hook_that_is_killed_at_any_of_its_calls_is_made_good_by_its_retry() {
    let (ends, costs) = life(|_, _| {});
    assert_eq!(ends[1].0, [("status".to_owned(), r#"["b.example.com"]"#.to_owned())].into());
    assert_eq!(costs, [4, 4, 4, 2, 3, 3, 2], "calls of each hook");
    for (hook, calls) in costs.iter().enumerate() {
        for call in 1..=*calls {
            let (spoiled, _) = life(|model, now| {
                if now == hook {
                    model.juju.on_call("proxy/0", call, Fault::Kill);
                }
            });
            assert_eq!(spoiled, ends, "killed at call {call} of hook {hook}");
        }
    }
}

#[test]
fn a_hook_whose_commit_fails_or_comes_twice_is_made_good_by_its_retry() {
    let (ends, costs) = life(|_, _| {});
    for hook in 0..costs.len() {
        let (failed, _) = life(|model, now| {
            if now == hook {
                model.juju.fail_commit("proxy/0");
            }
        });
        assert_eq!(failed, ends, "hook {hook} was not committed");
        let (twice, _) = life(|model, now| {
            if now == hook {
                model.juju.commit_and_rerun("proxy/0");
            }
        });
        assert_eq!(twice, ends, "hook {hook} was committed, and run again");
    }
}

#[test]
fn a_relation_hook_costs_what_it_is_about_and_no_more() {
    let (mut model, relation) = proxy_and_web(6);
    let cost = |model: &mut Model| {
        let run = model.one();
        calls(&run)
    };
    ask(&mut model, relation, REQUEST);
    let answer = set(relation, "status", r#"["a.example.com"]"#);
    assert_eq!(
        cost(&mut model),
        [STATE_GET, &get(relation, "web/0"), STATE_SET, &answer],
        "a changed request"
    );
    model.juju.relation_set("web/0", relation, [("another", "key")]);
    assert_eq!(cost(&mut model), [STATE_GET, &get(relation, "web/0")], "an unchanged request");
    ask(&mut model, relation, r#"{"upstreams":[],"fqdn":["a.example.com"]}"#);
    let noted = [STATE_GET, &get(relation, "web/0"), STATE_SET];
    assert!(
        noted.starts_with(&cost(&mut model).iter().map(String::as_str).collect::<Vec<_>>()),
        "another text"
    );
    for _ in 0..12 {
        model.juju.add_unit("web");
    }
    model.juju.settle();
    for unit in ["web/3", "web/0"] {
        model.juju.relation_set(unit, relation, [("another", "key of many")]);
        assert_eq!(cost(&mut model), [STATE_GET, &get(relation, unit)], "among thirteen units");
    }
    model.puppet("shop", ASKS, 1);
    let other = model.juju.relate("proxy:ssl-termination", "shop:ssl-termination");
    model.juju.settle();
    model.juju.relation_set("shop/0", other, [("another", "key")]);
    assert_eq!(cost(&mut model), [STATE_GET, &get(other, "shop/0")], "among two relations");
    model.juju.app_set("shop", other, [("cert-request", REQUEST)]);
    assert_eq!(cost(&mut model), [STATE_GET], "an application's databag is about no unit");
    model.juju.update_status("proxy/0");
    let counted = cost(&mut model);
    assert!(
        !counted.iter().any(|call| call.starts_with("relation-get")),
        "nobody is read again: {counted:?}"
    );
}

#[test]
fn a_relation_hook_of_the_charm_itself_costs_two_calls_when_nothing_is_asked() {
    let mut world = World::new(3);
    let charm = world.charm();
    world.juju.deploy("proxy", &charm, 1);
    world.juju.deploy("web", &Charm::puppet(&format!("name: web\n{ASKS}")), 1);
    let relation = world.juju.relate("proxy:ssl-termination", "web:ssl-termination");
    world.juju.settle();
    world.juju.relation_set("web/0", relation, [("another", "key")]);
    let runs = world.juju.settle();
    let seen: Vec<Vec<String>> = runs.iter().map(calls).collect();
    assert_eq!(seen, [vec![STATE_GET.to_owned(), get(relation, "web/0")]]);
}
