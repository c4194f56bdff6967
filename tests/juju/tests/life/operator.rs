use test_juju::{Charm, Fault, Juju};

use crate::charms::{PROVIDER, Scripted, client, story};

fn related(script: &str) -> (Scripted, Juju, test_juju::RelationId) {
    let provider = Scripted::new("name: provider\nprovides: {web: {interface: http}}\n", script);
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    (provider, juju, web)
}

#[test]
fn a_suspended_relation_breaks_and_comes_back_under_its_number() {
    let (_charm, mut juju, web) = related("echo $JUJU_RELATION_ID");
    juju.exec("provider/0", &["relation-set", "-r", "web:0", "mine=1"]);
    juju.relation_set("client/0", web, [("theirs", "1")]);
    juju.settle();
    juju.suspend_relation(web);
    assert_eq!(
        story(&juju.settle(), "provider/0"),
        ["web-relation-departed client/0", "web-relation-broken"]
    );
    assert_eq!(juju.exec("provider/0", &["relation-ids", "web"]).stdout, "");
    juju.resume_relation(web);
    let runs = juju.settle();
    assert_eq!(
        story(&runs, "provider/0"),
        ["web-relation-created", "web-relation-joined client/0", "web-relation-changed client/0"]
    );
    assert_eq!(runs[0].stdout, "web:0\n");
    assert!(!juju.bag(web, "provider/0").contains_key("mine"), "the own databag is empty again");
    assert!(!juju.bag(web, "client/0").contains_key("theirs"));
}

#[test]
fn a_relation_that_is_resumed_before_anybody_has_left_breaks_and_comes_back() {
    let (_charm, mut juju, web) = related("true");
    juju.suspend_relation(web);
    juju.resume_relation(web);
    assert_eq!(
        story(&juju.settle(), "provider/0"),
        [
            "web-relation-departed client/0",
            "web-relation-broken",
            "web-relation-created",
            "web-relation-joined client/0",
            "web-relation-changed client/0"
        ]
    );
}

#[test]
fn without_automatic_retries_a_failed_hook_waits_for_the_operator() {
    let (_charm, mut juju, _) = related("[ $JUJU_HOOK_NAME != update-status ] || [ -e fine ]");
    juju.set_automatic_retries(false);
    juju.update_status("provider/0");
    let runs = juju.settle();
    assert_eq!((runs.len(), runs[0].committed), (1, false));
    assert_eq!(juju.failed("provider/0").unwrap().hook(), "update-status");
    juju.resolve("provider/0");
    assert_eq!(juju.settle().len(), 1, "it fails again, and waits again");
    std::fs::write(juju.charm_dir("provider/0").join("fine"), "").unwrap();
    juju.resolve("provider/0");
    assert!(juju.settle()[0].committed && juju.failed("provider/0").is_none());

    juju.on_call("provider/0", 1, Fault::Kill);
    assert!(juju.settle().is_empty());
}

#[test]
fn juju_exec_can_be_about_a_relation() {
    let (_charm, mut juju, web) = related("true");
    juju.relation_set("client/0", web, [("port", "80")]);
    juju.settle();
    let run = juju.exec_in(
        "provider/0",
        web,
        None,
        &["sh", "-c", "echo $JUJU_RELATION_ID $JUJU_REMOTE_UNIT; relation-get port; relation-set a=b"],
    );
    assert_eq!(run.stdout, "web:0 client/0\n80\n");
    assert_eq!(juju.bag(web, "provider/0")["a"], "b");
    juju.add_unit("client");
    juju.settle();
    let ask = ["sh", "-c", "echo $JUJU_REMOTE_UNIT; relation-list | tr '\\n' ' '"];
    assert_eq!(juju.exec_in("provider/0", web, None, &ask).stdout, "\nclient/0 client/1 ");
    assert_eq!(
        juju.exec_in("provider/0", web, Some("client/1"), &ask).stdout,
        "client/1\nclient/0 client/1 "
    );
}

#[test]
fn an_agent_that_dies_leaves_the_hook_alone() {
    let (_charm, mut juju, web) = related(
        "[ $JUJU_HOOK_NAME = update-status ] || exit 0\nrelation-set -r web:0 a=b\nis-leader || true\nis-leader || true\necho end",
    );
    juju.on_call("provider/0", 2, Fault::AgentDies);
    juju.update_status("provider/0");
    let run = juju.step().unwrap();
    assert!(run.agent_died && !run.committed && run.exit == 0, "{}", run.trace());
    assert_eq!(run.stdout, "end\n");
    let errors: Vec<&str> = run.stderr.lines().collect();
    assert!(errors[0].ends_with("unexpected EOF") && errors[1].ends_with("connection refused"), "{errors:?}");
    assert!(!juju.bag(web, "provider/0").contains_key("a"));
    assert!(juju.step().unwrap().committed);
    assert_eq!(juju.bag(web, "provider/0")["a"], "b");
}

#[test]
fn a_machine_that_restarts_in_the_middle_of_a_hook_runs_it_again_and_then_start() {
    let (_charm, mut juju, _) = related("is-leader");
    juju.on_call("provider/0", 1, Fault::Kill);
    juju.update_status("provider/0");
    assert_eq!(juju.step().unwrap().exit, -9);
    juju.reboot(juju.machine("provider/0"));
    assert_eq!(story(&juju.settle(), "provider/0"), ["update-status", "start"]);
}

#[test]
fn a_forced_refresh_retries_the_failed_hook_with_the_new_charm() {
    let (_charm, mut juju, _) = related("[ $JUJU_HOOK_NAME != update-status ]");
    juju.update_status("provider/0");
    juju.step();
    let fixed = Scripted::new("name: provider\nprovides: {web: {interface: http}}\n", "echo fixed");
    juju.force_refresh("provider", &fixed.charm());
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["update-status"]);
    assert_eq!(runs[0].stdout, "fixed\n");
}

#[test]
fn a_unit_in_another_container_cannot_be_read() {
    let agent = Scripted::new(
        "name: agent\nsubordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n",
        "true",
    );
    let mut juju = Juju::new(1);
    juju.deploy("host", &Charm::puppet("name: host\n"), 2);
    juju.deploy_subordinate("agent", &agent.charm());
    let host = juju.relate("agent:host", "host:juju-info");
    juju.settle();
    let unit =
        juju.units("agent").into_iter().find(|unit| juju.machine(unit) == juju.machine("host/0")).unwrap();
    let read = |juju: &mut Juju, other: &str| {
        let script = format!("relation-get -r {host} private-address {other}");
        let run = juju.exec(&unit, &["sh", "-c", &script]);
        run.stdout + &run.stderr
    };
    assert_eq!(read(&mut juju, "host/0"), "10.0.0.1\n");
    assert!(read(&mut juju, "host/1").contains("settings not found"));
}

#[test]
fn a_port_of_a_neighbour_is_taken() {
    let one = Scripted::new(PROVIDER, "[ $JUJU_HOOK_NAME != start ] || open-port 80-90");
    let agent = Scripted::new(
        "name: agent\nsubordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n",
        "true",
    );
    let mut juju = Juju::new(1);
    juju.deploy("provider", &one.charm(), 1);
    juju.deploy_subordinate("agent", &agent.charm());
    juju.relate("agent:host", "provider:juju-info");
    juju.settle();
    let run = juju.exec("agent/0", &["open-port", "85"]);
    assert_eq!(
        run.stderr,
        "ERROR cannot open 85/tcp (unit \"agent/0\"): port range conflicts with 80-90/tcp (unit \"provider/0\")\n"
    );
}

#[test]
fn a_removed_unit_may_depart_for_the_others_before_it_is_gone() {
    let (_charm, mut juju, web) = related("true");
    juju.set_early_departures(true);
    juju.add_unit("client");
    juju.settle();
    juju.remove_unit("client/1");
    let run = juju.step_unit("provider/0").unwrap();
    assert_eq!((run.hook.as_str(), run.departing.as_deref()), ("web-relation-departed", Some("client/1")));
    assert_eq!(juju.units("client").len(), 2, "it is still there");
    juju.relation_set("client/1", web, [("late", "1")]);
    assert!(juju.settle().is_empty(), "and nobody is told of it any more");
    assert_eq!(juju.units("client").len(), 1);
}
