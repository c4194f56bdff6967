//! When the flags of an endpoint are raised and cleared: the interface's table, row by row, for both sides and for
//! endpoints of any name, in charms whose hooks are shell scripts that call the command line.

use std::fs;

use test_juju::{HookRun, RelationId};

use crate::charms::{Model, STATE_GET, STATE_SET, calls};

/// One side of the interface: ours, the other, and the other's key.
#[derive(Debug, Clone, Copy)]
struct Side {
    ours: &'static str,
    theirs: &'static str,
    key: &'static str,
}

const PROVIDES: Side = Side { ours: "provides", theirs: "requires", key: "cert-request" };
const REQUIRES: Side = Side { ours: "requires", theirs: "provides", key: "status" };

const NAMES: [&str; 4] = ["ssl-termination", "my-front", "tls-relation-joined", "x-relation-changed"];

/// A unit `ours/0` of a shell charm with one endpoint, and the applications `web` and `shop`.
struct Stage {
    model: Model,
    side: Side,
    endpoint: &'static str,
}

impl Stage {
    fn new(side: Side, endpoint: &'static str) -> Self {
        let mut model = Model::new(3);
        let of = |side: &str, name: &str| format!("{side}: {{{name}: {{interface: ssl-termination}}}}");
        model.shell("ours", &of(side.ours, endpoint), 1);
        for application in ["web", "shop"] {
            model.puppet(application, &of(side.theirs, "tls"), 1);
        }
        model.juju.settle();
        Self { model, side, endpoint }
    }

    fn relate(&mut self, other: &str) -> RelationId {
        self.model.juju.relate(&format!("ours:{}", self.endpoint), &format!("{other}:tls"))
    }

    /// The stage with a relation to `web`, whose unit has joined and said nothing.
    fn related(side: Side, endpoint: &'static str) -> (Self, RelationId) {
        let mut stage = Self::new(side, endpoint);
        let relation = stage.relate("web");
        stage.model.juju.settle();
        assert_eq!(stage.flags(), "available");
        (stage, relation)
    }

    /// The other side publishes, or deletes with an empty text.
    fn publish(&mut self, unit: &str, relation: RelationId, value: &str) {
        self.model.juju.relation_set(unit, relation, [(self.side.key, value)]);
    }

    fn flags(&self) -> String {
        let flags = self.model.flags("ours/0");
        let prefix = format!("endpoint.{}.", self.endpoint);
        flags.iter().map(|flag| flag.strip_prefix(&prefix).unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// The hook that waits, and the flags after it: `changed web/0: available update`.
    fn next(&mut self) -> String {
        let run = self.model.one();
        let hook = run.hook.strip_prefix(&format!("{}-relation-", self.endpoint)).unwrap_or(&run.hook);
        let about = run.remote_unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
        format!("{hook}{about}: {}", self.flags()).trim_end().to_owned()
    }

    /// Somebody has handled the update.
    fn clear(&mut self) -> String {
        let run = self
            .model
            .exec("ours/0", &format!("ssl-termination flag clear endpoint.{}.update", self.endpoint));
        assert_eq!((run.exit, run.stdout.as_str()), (0, ""), "{}", run.trace());
        format!("clear: {}", self.flags()).trim_end().to_owned()
    }
}

fn on_both_sides(test: fn(Side, &'static str)) {
    for side in [PROVIDES, REQUIRES] {
        for name in NAMES {
            test(side, name);
        }
    }
}

/// What both sides can publish: to the flags it is one JSON value as another.
const ONE: &str = r#"{"fqdn": ["a.example.com"], "upstreams": []}"#;
const SAME: &str = "{\"upstreams\":[],\n  \"fqdn\" : [\"a.example.com\"]}";
const OTHER: &str = r#"{"fqdn": ["b.example.com"], "upstreams": []}"#;

#[test]
fn a_relation_raises_available_with_its_first_unit_and_update_with_each_new_value() {
    on_both_sides(|side, name| {
        let mut stage = Stage::new(side, name);
        let relation = stage.relate("web");
        let mut seen = vec![stage.next(), stage.next(), stage.next()];
        stage.publish("web/0", relation, ONE);
        seen.extend([stage.next(), stage.clear()]);
        stage.publish("web/0", relation, OTHER);
        seen.push(stage.next());
        stage.publish("web/0", relation, ONE);
        seen.extend([stage.next(), stage.clear()]);
        stage.publish("web/0", relation, "");
        seen.extend([stage.next(), stage.clear()]);
        assert_eq!(
            seen,
            [
                "created:",
                "joined web/0: available",
                "changed web/0: available",
                "changed web/0: available update",
                "clear: available",
                "changed web/0: available update",
                "changed web/0: available update",
                "clear: available",
                "changed web/0: available update",
                "clear: available",
            ],
            "{side:?} {name}"
        );
    });
}

#[test]
fn a_unit_that_joins_with_its_key_raises_both_at_once() {
    on_both_sides(|side, name| {
        let mut stage = Stage::new(side, name);
        let relation = stage.relate("web");
        stage.publish("web/0", relation, ONE);
        let seen = [stage.next(), stage.next(), stage.clear(), stage.next()];
        let expected =
            ["created:", "joined web/0: available update", "clear: available", "changed web/0: available"];
        assert_eq!(seen, expected, "{side:?} {name}");
    });
}

#[test]
fn units_that_depart_raise_update_and_the_last_one_over_all_relations_clears_available() {
    on_both_sides(|side, name| {
        let mut stage = Stage::new(side, name);
        let web = stage.relate("web");
        stage.model.juju.settle();
        let shop = stage.relate("shop");
        stage.model.juju.settle();
        stage.model.juju.add_unit("web");
        stage.model.juju.settle();
        let mut seen = vec![format!("settled: {}", stage.flags())];
        stage.model.juju.remove_unit("web/1");
        seen.extend([stage.next(), stage.clear()]);
        stage.model.juju.remove_relation(web);
        seen.extend([stage.next(), stage.clear(), stage.next()]);
        stage.model.juju.remove_relation(shop);
        seen.extend([stage.next(), stage.next(), stage.clear()]);
        assert_eq!(
            seen,
            [
                "settled: available",
                "departed web/1: available update",
                "clear: available",
                "departed web/0: available update",
                "clear: available",
                "broken: available",
                "departed shop/0: update",
                "broken: update",
                "clear:",
            ],
            "{side:?} {name}"
        );
    });
}

#[test]
fn neither_white_space_nor_the_order_of_keys_nor_another_key_is_a_change() {
    on_both_sides(|side, name| {
        let (mut stage, relation) = Stage::related(side, name);
        stage.publish("web/0", relation, ONE);
        let mut seen = vec![stage.next(), stage.clear()];
        stage.publish("web/0", relation, SAME);
        seen.push(stage.next());
        for key in ["features", "egress-subnets", "something", "Status", "cert_request"] {
            stage.model.juju.relation_set("web/0", relation, [(key, r#"["credentials-secret"]"#)]);
            seen.push(stage.next());
        }
        stage.model.juju.relation_set("web/0", relation, [("features", "")]);
        seen.push(stage.next());
        let mut expected = vec!["changed web/0: available update", "clear: available"];
        expected.extend(["changed web/0: available"; 7]);
        assert_eq!(seen, expected, "{side:?} {name}");
    });
}

#[test]
fn the_other_sides_key_is_nothing_to_us() {
    for (side, others) in [(PROVIDES, "status"), (REQUIRES, "cert-request")] {
        let (mut stage, relation) = Stage::related(side, "tls");
        stage.model.juju.relation_set("web/0", relation, [(others, ONE)]);
        assert_eq!(stage.next(), "changed web/0: available", "{side:?}");
    }
}

#[test]
fn every_json_value_and_every_other_text_is_a_value() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        for value in ["{}", "[]", "0", "null", "false", "\"\"", "{bad", "7", "[\"a\"]"] {
            stage.publish("web/0", relation, value);
            let seen = [stage.next(), stage.clear()];
            assert_eq!(seen, ["changed web/0: available update", "clear: available"], "{side:?} {value}");
        }
    }
}

#[test]
fn no_other_hook_raises_or_clears_anything() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        for flags in ["available", "available update"] {
            stage.model.juju.update_status("ours/0");
            assert_eq!(stage.next(), format!("update-status: {flags}"), "{side:?}");
            stage.model.juju.reboot(0);
            assert_eq!(stage.next(), format!("start: {flags}"), "{side:?}");
            stage.model.juju.app_set("web", relation, [(side.key, format!("\"{flags}\""))]);
            assert_eq!(stage.next(), format!("changed: {flags}"), "an application's databag, {side:?}");
            stage.publish("web/0", relation, ONE);
            stage.model.juju.settle();
        }
        let charm = stage.model.charm_of("ours");
        stage.model.juju.refresh("ours", &charm);
        assert_eq!(stage.next(), "upgrade-charm: available update", "{side:?}");
        stage.model.juju.settle();
        assert_eq!(stage.flags(), "available update", "{side:?}");
    }
}

#[test]
fn two_endpoints_of_one_side_have_flags_of_their_own() {
    for side in [PROVIDES, REQUIRES] {
        let mut model = Model::new(5);
        let endpoints = format!(
            "{}: {{a: {{interface: ssl-termination}}, a-b: {{interface: ssl-termination}}}}",
            side.ours
        );
        model.shell("ours", &endpoints, 1);
        let web = format!("{}: {{tls: {{interface: ssl-termination}}}}", side.theirs);
        model.puppet("web", &web, 1);
        model.puppet("shop", &web, 1);
        let a = model.juju.relate("ours:a", "web:tls");
        let b = model.juju.relate("ours:a-b", "shop:tls");
        model.juju.settle();
        assert_eq!(model.flags("ours/0"), ["endpoint.a-b.available", "endpoint.a.available"], "{side:?}");
        model.juju.relation_set("shop/0", b, [(side.key, ONE)]);
        model.juju.settle();
        let both = ["endpoint.a-b.available", "endpoint.a-b.update", "endpoint.a.available"];
        assert_eq!(model.flags("ours/0"), both, "{side:?}");
        model.juju.remove_relation(a);
        model.juju.settle();
        let left = ["endpoint.a-b.available", "endpoint.a-b.update", "endpoint.a.update"];
        assert_eq!(model.flags("ours/0"), left, "{side:?}");
    }
}

#[test]
fn an_endpoint_of_another_interface_has_no_flags() {
    let mut model = Model::new(5);
    model.shell("ours", "provides: {tls: {interface: tls-certificates}, web: {interface: http}}", 1);
    model.puppet("web", "requires: {tls: {interface: tls-certificates}, web: {interface: http}}", 1);
    let relation = model.juju.relate("ours:tls", "web:tls");
    model.juju.relate("ours:web", "web:web");
    model.juju.settle();
    model.juju.relation_set("web/0", relation, [("cert-request", ONE), ("status", ONE)]);
    model.juju.settle();
    assert_eq!(model.flags("ours/0"), [""; 0]);
}

const LOOK: &str = "ssl-termination flag list | grep ^endpoint || true; echo --\n";

#[test]
fn a_change_is_handled_and_update_cleared_by_hand_in_one_hook() {
    let (mut stage, relation) = Stage::related(PROVIDES, "tls");
    let script = "if ssl-termination flag is-set endpoint.tls.update; then echo update; else echo none; fi\n\
        ssl-termination get-cert-requests --endpoint tls | grep -o '\"[a-z.]*example.com\"'\n\
        echo '[\"a.example.com\"]' | ssl-termination send-status --endpoint tls\n\
        ssl-termination flag clear endpoint.tls.update\n\
        if ssl-termination flag is-set endpoint.tls.update; then echo update; else echo none; fi\n";
    stage.model.script("ours/0", script);
    stage.publish("web/0", relation, ONE);
    let run = stage.model.one();
    assert_eq!(run.stdout, "update\n\"a.example.com\"\nnone\n", "{}", run.trace());
    assert_eq!(stage.flags(), "available");
    let published = stage.model.published(relation, "ours/0");
    assert_eq!(published, [("status".to_owned(), r#"["a.example.com"]"#.to_owned())].into());
}

#[test]
fn processes_of_one_hook_take_its_event_in_once_and_write_one_generation() {
    let (mut stage, relation) = Stage::related(REQUIRES, "tls");
    let before = stage.model.juju.state("ours/0");
    let script = format!(
        "ssl-termination hook\n{LOOK}ssl-termination flag clear endpoint.tls.update\n{LOOK}ssl-termination hook\n{LOOK}"
    );
    stage.model.script("ours/0", &script);
    stage.publish("web/0", relation, "7");
    let run = stage.model.one();
    assert_eq!(
        run.stdout,
        "endpoint.tls.available\nendpoint.tls.update\n--\nendpoint.tls.available\n--\nendpoint.tls.available\n--\n"
    );
    let read = format!("relation-get --format=json -r tls:{relation} - web/0");
    assert_eq!(calls(&run), [STATE_GET, &read, STATE_SET], "{}", run.trace());
    let now = stage.model.juju.state("ours/0");
    let tokens = stage.model.tokens("ours/0");
    let token = |state: &test_juju::Bag| state["ssl-termination-generation"].clone();
    assert_eq!(
        tokens,
        [token(&now), token(&before)],
        "the generation of this hook, and that of the hook before"
    );
}

#[test]
fn a_departure_is_one_event_for_all_processes_of_its_hook() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        let script = format!("{LOOK}ssl-termination flag clear endpoint.tls.update\n{LOOK}{LOOK}");
        stage.model.script("ours/0", &script);
        stage.model.juju.remove_relation(relation);
        let run = stage.model.one();
        assert_eq!(run.stdout, "endpoint.tls.update\n--\n--\n--\n", "{}", run.trace());
    }
}

#[test]
fn an_event_that_changes_nothing_may_be_followed_by_one_that_clears() {
    let (mut stage, relation) = Stage::related(REQUIRES, "tls");
    stage.publish("web/0", relation, "7");
    assert_eq!(stage.next(), "changed web/0: available update");
    stage.model.script("ours/0", &format!("{LOOK}ssl-termination flag clear endpoint.tls.update\n{LOOK}"));
    stage.publish("web/0", relation, " 7 ");
    let run = stage.model.one();
    assert_eq!(run.stdout, "endpoint.tls.available\nendpoint.tls.update\n--\nendpoint.tls.available\n--\n");
}

/// The hook fails after it has done all this.
const THEN_FAIL: &str = "ssl-termination hook\n\
    ssl-termination flag clear endpoint.tls.update\n\
    ssl-termination flag set mine\n\
    exit 1\n";

fn listed(stage: &mut Stage) -> Vec<String> {
    let run = stage.model.exec("ours/0", "ssl-termination flag list");
    assert_eq!(run.exit, 0, "{}", run.trace());
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_hook_that_fails_after_our_commands_leaves_the_flags_as_they_were() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        stage.model.script("ours/0", THEN_FAIL);
        stage.publish("web/0", relation, ONE);
        let run = stage.model.attempt();
        assert_eq!((run.exit, run.committed), (1, false), "{}", run.trace());
        assert_eq!(listed(&mut stage), ["endpoint.tls.available"], "{side:?}");
        stage.model.script("ours/0", LOOK);
        let run = stage.model.one();
        assert_eq!(run.hook, "tls-relation-changed");
        assert_eq!(run.stdout, "endpoint.tls.available\nendpoint.tls.update\n--\n", "{side:?}");
        assert_eq!(listed(&mut stage), ["endpoint.tls.available", "endpoint.tls.update"], "{side:?}");
    }
}

/// Runs the -changed of a value that then is not committed; gives the failed run.
fn lose_a_change(stage: &mut Stage, relation: RelationId) -> HookRun {
    stage.publish("web/0", relation, ONE);
    stage.model.waiting();
    stage.model.juju.fail_commit("ours/0");
    let run = stage.model.attempt();
    assert_eq!((run.exit, run.committed), (0, false), "{}", run.trace());
    run
}

#[test]
fn a_change_whose_hook_was_not_committed_and_then_skipped_is_seen_in_the_next_hook() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        lose_a_change(&mut stage, relation);
        stage.model.juju.skip_failed("ours/0");
        stage.model.juju.update_status("ours/0");
        assert_eq!(stage.next(), "update-status: available update", "{side:?}");
    }
}

#[test]
fn looking_at_the_flags_meanwhile_does_not_hide_that_a_hook_was_not_committed() {
    for side in [PROVIDES, REQUIRES] {
        let (mut stage, relation) = Stage::related(side, "tls");
        lose_a_change(&mut stage, relation);
        let before = stage.model.state_files("ours/0");
        assert_eq!(listed(&mut stage), ["endpoint.tls.available"], "{side:?}");
        assert_eq!(stage.model.state_files("ours/0"), before, "{side:?}");
        stage.model.juju.skip_failed("ours/0");
        stage.model.juju.update_status("ours/0");
        assert_eq!(stage.next(), "update-status: available update", "{side:?}");
    }
}

#[test]
fn outside_of_hooks_nothing_is_changed_while_juju_lacks_the_last_hook() {
    let (mut stage, relation) = Stage::related(PROVIDES, "tls");
    lose_a_change(&mut stage, relation);
    let run = stage.model.exec("ours/0", "ssl-termination flag set mine");
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("was not committed"), "{}", run.stderr);
    assert_eq!(listed(&mut stage), ["endpoint.tls.available"]);
    assert_eq!(stage.next(), "changed web/0: available update");
}

#[test]
fn a_command_meanwhile_does_not_hide_that_another_version_wrote_the_file() {
    let (mut stage, relation) = Stage::related(PROVIDES, "tls");
    let path = stage.model.juju.charm_dir("ours/0").join(".state/flags.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(env!("CARGO_PKG_VERSION"), "0.0.0")).unwrap();
    assert_eq!(listed(&mut stage), ["endpoint.tls.available"]);
    assert_eq!(stage.model.exec("ours/0", "ssl-termination flag set mine").exit, 0);
    stage.publish("web/0", relation, ONE);
    let run = stage.model.one();
    assert!(calls(&run).contains(&"relation-ids --format=json tls".to_owned()), "{}", run.trace());
    assert_eq!(listed(&mut stage), ["endpoint.tls.available", "endpoint.tls.update", "mine"]);
    assert!(fs::read_to_string(&path).unwrap().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn processes_of_one_hook_that_run_at_once_wait_for_each_other() {
    let (mut stage, relation) = Stage::related(PROVIDES, "tls");
    let script = "for name in a b c d e; do ssl-termination flag set mine.$name & done; wait\n\
        ssl-termination flag clear endpoint.tls.update\n";
    stage.model.script("ours/0", script);
    stage.publish("web/0", relation, ONE);
    let run = stage.model.one();
    assert_eq!(run.stderr, "", "{}", run.trace());
    let flags = listed(&mut stage);
    assert_eq!(flags, ["endpoint.tls.available", "mine.a", "mine.b", "mine.c", "mine.d", "mine.e"]);
}

#[test]
fn flags_of_a_scripts_own_are_kept_and_odd_names_refused() {
    let (mut stage, _) = Stage::related(PROVIDES, "tls");
    let mut say = |script: &str| {
        let run = stage.model.exec("ours/0", script);
        (run.exit, run.stdout, run.stderr)
    };
    let said = |exit: i32, stdout: &str| (exit, stdout.to_owned(), String::new());
    assert_eq!(say("ssl-termination flag is-set my.flag_1"), said(1, ""));
    assert_eq!(say("ssl-termination flag set my.flag_1"), said(0, ""));
    assert_eq!(say("ssl-termination flag is-set my.flag_1"), said(0, ""));
    assert_eq!(say("ssl-termination flag list"), said(0, "endpoint.tls.available\nmy.flag_1\n"));
    assert_eq!(say("ssl-termination flag clear my.flag_1"), said(0, ""));
    assert_eq!(
        say("ssl-termination flag clear my.flag_1"),
        said(0, ""),
        "clearing what is clear is no error"
    );
    assert_eq!(say("ssl-termination flag is-set my.flag_1"), said(1, ""));
    for odd in ["", "'a b'", "ä", "'a\nb'"] {
        let (exit, stdout, stderr) = say(&format!("ssl-termination flag set {odd}"));
        assert_eq!((exit, stdout.as_str()), (2, ""), "{odd} {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn an_event_that_changes_nothing_is_taken_in_by_the_first_process_of_its_hook_alone() {
    let mut model = Model::new(5);
    model.shell("proxy", "provides: {front: {interface: ssl-termination}}", 1);
    model.puppet("web", "requires: {tls: {interface: ssl-termination}}", 1);
    let relation = model.juju.relate("proxy:front", "web:tls");
    model.juju.settle();
    model.script("proxy/0", "ssl-termination hook; ssl-termination flag list; ssl-termination flag list");
    model.juju.relation_set("web/0", relation, [("other", "key")]);
    let runs = model.juju.settle();
    let tools: Vec<&str> = runs[0].calls.iter().map(|call| call.argv[0].as_str()).collect();
    assert_eq!(tools, ["state-get", "relation-get"]);
}

#[test]
fn several_flags_are_asked_for_set_and_cleared_at_once() {
    let (mut stage, _) = Stage::related(PROVIDES, "tls");
    let script = "ssl-termination flag set a b; \
        for question in 'all-set a b' 'all-set a c' 'any-set c a' 'any-set c d' 'is-set a'; do \
            ssl-termination flag $question && echo yes || echo no; \
        done; \
        ssl-termination flag clear a b c; ssl-termination flag list";
    let run = stage.model.exec("ours/0", script);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("yes\nno\nyes\nno\nyes\nendpoint.tls.available\n", "")
    );
}

#[test]
fn flags_that_come_and_go_by_themselves_or_never_are_refused_in_clear_words() {
    let (mut stage, _) = Stage::related(PROVIDES, "tls");
    let before = stage.model.state_files("ours/0");
    let of_hook = "hook.install comes and goes with its hook, for handlers in Rust: \
        a script finds its hook's name in JUJU_HOOK_NAME";
    let by_itself = "endpoint.tls.available is set while there is a unit at the other side: \
        nobody else sets or clears it";
    let unknown = |flag: &str| {
        format!(
            "no endpoint of metadata.yaml has the flag {flag} \
             (there is: endpoint.tls.available, endpoint.tls.update)"
        )
    };
    for (command, said) in [
        ("set hook.install", of_hook.to_owned()),
        ("clear mine hook.install", of_hook.to_owned()),
        ("is-set hook.install", of_hook.to_owned()),
        ("set mine endpoint.tls.available", by_itself.to_owned()),
        ("clear endpoint.tls.available", by_itself.to_owned()),
        ("set endpoint.tsl.update", unknown("endpoint.tsl.update")),
        ("is-set endpoint.tsl.update", unknown("endpoint.tsl.update")),
        ("all-set mine endpoint.tls.joined", unknown("endpoint.tls.joined")),
        ("any-set endpoint.tls", unknown("endpoint.tls")),
    ] {
        let run = stage.model.exec("ours/0", &format!("ssl-termination flag {command}"));
        let all = (run.exit, run.stdout.as_str(), run.stderr.as_str());
        assert_eq!(all, (2, "", format!("error: {said}\n").as_str()), "{command}");
    }
    assert_eq!(stage.model.state_files("ours/0"), before);
    let run =
        stage.model.exec("ours/0", "ssl-termination flag set endpoint.tls.update; ssl-termination flag list");
    assert_eq!(run.stdout, "endpoint.tls.available\nendpoint.tls.update\n", "to look at it again");
}

#[test]
fn a_charm_that_has_relations_before_it_has_this_program_learns_of_all_of_them() {
    let mut model = Model::new(5);
    let endpoints = "requires: {tls: {interface: ssl-termination}}";
    model.shell("ours", endpoints, 1);
    for application in ["web", "shop"] {
        model.puppet(application, "provides: {tls: {interface: ssl-termination}}", 1);
    }
    model.juju.settle();
    model.script("ours/0", "true");
    let web = model.juju.relate("ours:tls", "web:tls");
    let shop = model.juju.relate("ours:tls", "shop:tls");
    model.juju.relation_set("web/0", web, [("status", "[]")]);
    model.juju.settle();
    assert_eq!(model.flags("ours/0"), [""; 0]);
    model.script("ours/0", "ssl-termination get-status");
    model.juju.relation_set("shop/0", shop, [("status", "{}")]);
    let run = model.one();
    let reports: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let units: Vec<&str> =
        reports.as_array().unwrap().iter().map(|one| one["remote_unit_name"].as_str().unwrap()).collect();
    assert_eq!(units, ["web/0", "shop/0"], "{}", run.trace());
    assert_eq!(model.flags("ours/0"), ["endpoint.tls.available", "endpoint.tls.update"]);
}

#[test]
fn an_application_that_speaks_for_its_units_raises_update_when_one_comes_and_when_it_says_something_else() {
    let mut model = Model::new(3);
    model.shell("ours", "requires: {certificates: {interface: tls-certificates}}", 1);
    model.puppet("authority", "provides: {certificates: {interface: tls-certificates}}", 1);
    model.juju.settle();
    let relation = model.juju.relate("ours:certificates", "authority:certificates");
    let mut seen = Vec::new();
    let mut next = |model: &mut Model, value: Option<&str>| {
        if let Some(value) = value {
            model.juju.app_set("authority", relation, [("certificates", value)]);
        }
        model.script("ours/0", "ssl-termination hook");
        let run = model.one();
        let read = calls(&run).into_iter().filter(|call| call.starts_with("relation-get")).count();
        seen.push(format!("{}, {read} read: {}", run.hook, model.flags("ours/0").join(" ")));
        let cleared = model.exec("ours/0", "ssl-termination flag clear endpoint.certificates.update");
        assert_eq!(cleared.exit, 0, "{}", cleared.trace());
    };
    for value in [None, None, None, Some("[]"), Some("[ ]"), Some("[1]"), Some("")] {
        next(&mut model, value);
    }
    model.juju.remove_relation(relation);
    next(&mut model, None);
    next(&mut model, None);
    let (available, update) = ("endpoint.certificates.available", "endpoint.certificates.update");
    let both = format!("{available} {update}");
    assert_eq!(
        seen,
        [
            "certificates-relation-created, 0 read: ".to_owned(),
            format!("certificates-relation-joined, 1 read: {both}"),
            format!("certificates-relation-changed, 1 read: {available}"),
            format!("certificates-relation-changed, 1 read: {both}"),
            format!("certificates-relation-changed, 1 read: {available}"),
            format!("certificates-relation-changed, 1 read: {both}"),
            format!("certificates-relation-changed, 1 read: {both}"),
            format!("certificates-relation-departed, 0 read: {update}"),
            format!("certificates-relation-broken, 0 read: {update}"),
        ]
    );
}
