use std::time::Duration;

use test_juju::{Fault, Juju};

use crate::charms::{PROVIDER, Scripted, client};

fn one_unit(script: &str) -> (Scripted, Juju) {
    let provider = Scripted::new(PROVIDER, script);
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.settle();
    (provider, juju)
}

const COUNTS: &str = "n=$(state-get n); state-set n=$((n + 1)); is-leader >/dev/null || exit 5";

#[test]
fn a_refused_call_is_not_carried_out() {
    let (_provider, mut juju) = one_unit(COUNTS);
    let before = juju.state("provider/0");
    juju.on_call("provider/0", 3, Fault::refused("no"));
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert_eq!((run.exit, run.calls[2].stderr.as_str()), (5, "ERROR no\n"));
    assert_eq!(juju.state("provider/0"), before);
    assert!(juju.step().unwrap().committed);
    assert!(juju.step().is_none());
}

#[test]
fn a_killed_hook_runs_again_without_an_error() {
    let (_provider, mut juju) = one_unit(COUNTS);
    juju.on_call("provider/0", 2, Fault::Kill);
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert_eq!((run.exit, run.calls.len()), (-9, 2));
    assert_eq!(juju.failed("provider/0"), None);
    assert!(juju.step().unwrap().committed);
}

#[test]
fn a_commit_can_fail_or_be_done_twice() {
    let (_provider, mut juju) = one_unit(COUNTS);
    let count = |juju: &Juju| juju.state("provider/0")["n"].parse::<u32>().unwrap();
    let before = count(&juju);
    juju.fail_commit("provider/0");
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert_eq!((run.exit, run.committed, count(&juju)), (0, false, before));
    assert_eq!(juju.failed("provider/0").unwrap().hook(), "update-status");
    juju.commit_and_rerun("provider/0");
    assert!(juju.step().unwrap().committed);
    assert_eq!(juju.failed("provider/0"), None);
    assert_eq!(juju.step().unwrap().hook, "update-status");
    assert_eq!(count(&juju), before + 2);
}

#[test]
fn a_failed_hook_can_be_skipped() {
    let (_provider, mut juju) = one_unit("[ $JUJU_HOOK_NAME != update-status ]");
    juju.update_status("provider/0");
    assert_eq!(juju.step().unwrap().exit, 1);
    juju.skip_failed("provider/0");
    assert!(juju.step().is_none());
}

#[test]
fn a_hook_that_hangs_is_killed() {
    let (_provider, mut juju) = one_unit("[ $JUJU_HOOK_NAME != update-status ] || sleep 60");
    juju.set_hook_limit(Duration::from_millis(200));
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert!(run.timed_out && run.exit == -9 && run.millis < 10_000.0);
}

#[test]
fn a_controller_is_restored_whole_and_the_machine_stays_as_it_is() {
    let (_provider, mut juju) = one_unit(
        "echo $JUJU_HOOK_NAME $JUJU_REMOTE_UNIT >>hooks; state-set last=$JUJU_HOOK_NAME; open-port 80",
    );
    juju.deploy("client", &client(), 1);
    juju.settle();
    let backup = juju.controller();
    let begin = |juju: &mut Juju| {
        let web = juju.relate("provider:web", "client:web");
        let hooks = juju.settle().into_iter().map(|run| run.hook).collect::<Vec<_>>();
        (web, hooks)
    };
    juju.exec("provider/0", &["close-port", "80"]);
    let (web, hooks) = begin(&mut juju);
    juju.relation_set("client/0", web, [("said", "before")]);
    juju.exec("provider/0", &["status-set", "active", "before"]);
    juju.restore_controller(&backup);
    assert_eq!(juju.relations("client"), []);
    assert_eq!(
        (juju.state("provider/0")["last"].as_str(), juju.status("provider/0").1.as_str()),
        ("start", "")
    );
    assert_eq!(juju.opened_ports("provider/0"), ["80/tcp"]);
    assert!(juju.settle().is_empty(), "what the agent has told is as old as the controller");
    let lines = || std::fs::read_to_string(juju.charm_dir("provider/0").join("hooks")).unwrap();
    assert!(lines().ends_with("web-relation-changed client/0\n"), "{}", lines());
    // The same number, the same hooks, and nothing of what was said before.
    assert_eq!(begin(&mut juju), (web, hooks));
    assert_eq!(juju.bag(web, "client/0").get("said"), None);
}

#[test]
fn a_relation_removed_by_force_is_denied_until_the_agent_restarts() {
    let (_provider, mut juju) = one_unit("true");
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    juju.force_remove_relation(web);
    assert!(juju.settle().is_empty());
    let look = ["sh", "-c", "relation-ids web --format=json; relation-set -r web:1 a=b"];
    let run = juju.exec("provider/0", &look);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str(), run.exit),
        ("[\"web:1\"]\n", "ERROR permission denied\n", 1)
    );
    juju.restart_agent("provider/0");
    assert_eq!(juju.exec("provider/0", &look).stdout, "[]\n");
}

#[test]
fn a_unit_removed_by_force_departs_for_the_others() {
    let (_provider, mut juju) = one_unit("true");
    juju.deploy("client", &client(), 1);
    juju.relate("provider:web", "client:web");
    juju.settle();
    juju.force_remove_unit("client/0");
    let runs = juju.settle();
    assert_eq!((runs.len(), runs[0].hook.as_str()), (1, "web-relation-departed"));
}

#[test]
fn a_program_that_cannot_run_fails_and_one_that_is_missing_is_done() {
    let (_provider, mut juju) = one_unit("true");
    let dispatch = juju.charm_dir("provider/0").join("dispatch");
    std::fs::remove_file(&dispatch).unwrap();
    juju.update_status("provider/0");
    assert!(juju.step().unwrap().missing);
    std::fs::write(&dispatch, "#!/bin/sh\n").unwrap();
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert!(!run.committed && run.exit == 1 && run.stderr.contains("ermission denied"));
}

#[test]
fn a_tool_without_its_agent_says_so() {
    let (_provider, mut juju) = one_unit("true");
    let run = juju.exec(
        "provider/0",
        &[
            "sh",
            "-c",
            "env -u JUJU_CONTEXT_ID is-leader; JUJU_CONTEXT_ID=x is-leader; JUJU_AGENT_SOCKET_ADDRESS=@/no is-leader",
        ],
    );
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "ERROR JUJU_CONTEXT_ID not set");
    assert!(lines[1].starts_with("ERROR bad request: expected context id \"provider/0-"));
    assert_eq!(lines[2], "ERROR dial unix @/no: connect: connection refused");
}
