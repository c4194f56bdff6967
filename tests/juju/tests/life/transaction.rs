use serde_json::json;
use test_juju::Juju;

use crate::charms::{PROVIDER, Scripted, client};

const WRITES: &str = r#"
status-set active -- "in $JUJU_HOOK_NAME"
juju-log -l DEBUG -- "two
lines"
application-version-set 1.2
echo '{"answer": "42"}' | relation-set -r web:1 --file -
state-set done=yes empty=
open-port 443
echo out; echo err >&2
"#;

#[test]
fn exit_0_commits_and_anything_else_does_not() {
    let provider = Scripted::new(
        PROVIDER,
        &format!("[ $JUJU_HOOK_NAME = web-relation-joined ] || exit 0\n{WRITES}\n[ -e ok ]"),
    );
    let mut juju = Juju::new(1);
    juju.set_retries(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    let failed = juju.try_settle().unwrap_err();
    assert_eq!((failed.exit, failed.committed, failed.attempt), (1, false, 2));
    assert_eq!((failed.stdout.as_str(), failed.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(failed.log, [("DEBUG".to_owned(), "two\nlines".to_owned())]);
    assert_eq!(failed.calls[3].argv, ["relation-set", "-r", "web:1", "--file", "-"]);
    assert_eq!(failed.calls[3].stdin, "{\"answer\": \"42\"}\n");
    assert_eq!(juju.failed("provider/0").unwrap().hook(), "web-relation-joined");
    assert_eq!(juju.bag(web, "provider/0").get("answer"), None);
    assert!(juju.opened_ports("provider/0").is_empty() && juju.state("provider/0").is_empty());
    assert_eq!(juju.status("provider/0"), ("active".to_owned(), "in web-relation-joined".to_owned()));
    assert_eq!(juju.workload_version("provider/0"), "1.2");

    std::fs::write(juju.charm_dir("provider/0").join("ok"), "").unwrap();
    let runs = juju.settle();
    assert_eq!(runs[0].published[&web]["answer"].as_deref(), Some("42"));
    assert_eq!(juju.bag(web, "provider/0")["answer"], "42");
    assert_eq!(juju.bag(web, "provider/0")["ingress-address"], "10.0.0.1");
    assert_eq!(juju.opened_ports("provider/0"), ["443/tcp"]);
    assert_eq!(juju.state("provider/0").into_iter().collect::<Vec<_>>().len(), 2);
}

#[test]
fn a_second_process_sees_what_the_first_has_set() {
    let provider = Scripted::new(
        PROVIDER,
        "[ $JUJU_HOOK_NAME = config-changed ] || exit 0\n\
         state-set a=1; state-get --format=json a; state-get --format=json\n\
         relation-set -r ring:0 k=v; relation-get -r ring:0 --format=json k $JUJU_UNIT_NAME; relation-set -r ring:0 k=\n\
         relation-get -r ring:0 --format=json k $JUJU_UNIT_NAME",
    );
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    let runs = juju.settle();
    assert_eq!(runs[3].stdout, "\"1\"\n{\"a\":\"1\"}\n\"v\"\nnull\n");
}

#[test]
fn exec_and_actions_commit_too() {
    let provider = Scripted::new(PROVIDER, "true");
    provider.script(
        "dispatch",
        "[ -z \"$JUJU_ACTION_NAME\" ] || { action-set a.b=1; action-fail no; state-set x=y; }",
    );
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.settle();
    let run = juju.exec("provider/0", &["sh", "-c", "state-set a=b; env; exit 3"]);
    assert_eq!((run.exit, run.committed), (3, true));
    assert!(!run.stdout.contains("JUJU_DISPATCH_PATH") && !run.stdout.contains("HOME="));
    assert_eq!(juju.state("provider/0")["a"], "b");
    let action = juju.run_action("provider/0", "list", json!({}));
    assert_eq!((action.results["a.b"].as_str(), action.failure.as_deref()), ("1", Some("no")));
    assert_eq!(juju.state("provider/0")["x"], "y");
}

#[test]
fn the_environment_is_exactly_jujus() {
    let provider = Scripted::new(
        PROVIDER,
        "env | sed 's/=.*//' | grep -v '^_$\\|^PWD$\\|^SHLVL$' | sort | tr '\\n' ' '",
    );
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm().env("EXTRA", "1"), 1);
    let run = juju.step().unwrap();
    assert_eq!(
        run.stdout,
        "APT_LISTCHANGES_FRONTEND CHARM_DIR CLOUD_API_VERSION DEBIAN_FRONTEND EXTRA JUJU_AGENT_SOCKET_ADDRESS \
         JUJU_AGENT_SOCKET_NETWORK JUJU_API_ADDRESSES JUJU_AVAILABILITY_ZONE JUJU_CHARM_DIR JUJU_CHARM_FTP_PROXY \
         JUJU_CHARM_HTTPS_PROXY JUJU_CHARM_HTTP_PROXY JUJU_CHARM_NO_PROXY JUJU_CONTEXT_ID JUJU_DISPATCH_PATH \
         JUJU_HOOK_NAME JUJU_MACHINE_ID JUJU_MODEL_NAME JUJU_MODEL_UUID JUJU_PRINCIPAL_UNIT JUJU_SLA JUJU_UNIT_NAME \
         JUJU_VERSION LANG PATH TERM "
    );
}
