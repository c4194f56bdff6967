//! Calls that cannot be done, and command lines that are not understood.

use std::process::Command;

use super::{call, no_relation, published, relate, stage};
use crate::charms::calls;

/// Every command line, its standard input, and what it says.
#[test]
fn a_call_that_cannot_be_done_says_why_and_changes_nothing() {
    let mut model = stage();
    let front = relate(&mut model, "front", "web");
    let back = relate(&mut model, "back", "shop");
    let before = model.state_files("ours/0");
    let no_endpoint = |name: &str, side: &str| {
        let there = if side == "provides" { "front" } else { "back" };
        format!(
            "{name} is no endpoint of metadata.yaml that {side} the interface ssl-termination (there is: {there})"
        )
    };
    let nothing = |what: &str, instead: &str| {
        format!("the {what} is expected on standard input, as JSON, or else {instead}; nothing came")
    };
    let no_status = || nothing("status", "--file or --withdraw");
    for (command, input, said) in [
        ("send-status --endpoint front", "", no_status()),
        ("send-status --endpoint front", " \n", no_status()),
        (
            "send-status --endpoint front",
            "{bad",
            "the status cannot be sent: it is not JSON: key must be a string at line 1 column 2".to_owned(),
        ),
        ("send-status --endpoint back", "[]", no_endpoint("back", "provides")),
        ("send-status --endpoint none", "[]", no_endpoint("none", "provides")),
        ("send-status --endpoint site", "[]", no_endpoint("site", "provides")),
        ("send-status --endpoint front --relation front:99", "[]", no_relation("front", "front:99")),
        (
            &format!("send-status --endpoint front --relation back:{back}"),
            "[]",
            no_relation("front", &format!("back:{back}")),
        ),
        ("send-cert-info --endpoint back", "", nothing("request", "--fqdn, --file or --withdraw")),
        (
            "send-cert-info --endpoint back",
            "{bad",
            "the request cannot be sent: cert-request: not JSON: key must be a string at line 1 column 2"
                .to_owned(),
        ),
        (
            "send-cert-info --endpoint back",
            r#"{"fqdn": []}"#,
            "the request cannot be sent: fqdn: at least one name is needed".to_owned(),
        ),
        ("send-cert-info --endpoint front", "{}", no_endpoint("front", "requires")),
        ("send-cert-info --endpoint site", "{}", no_endpoint("site", "requires")),
        ("get-status --endpoint front", "", no_endpoint("front", "requires")),
        ("get-cert-requests --endpoint back", "", no_endpoint("back", "provides")),
        (
            &format!("get-cert-requests --endpoint front --relation back:{back}"),
            "",
            no_relation("front", &format!("back:{back}")),
        ),
    ] {
        let run = call(&mut model, command, input);
        let all = (run.exit, run.stdout.as_str(), run.stderr.as_str());
        assert_eq!(all, (2, "", format!("error: {said}\n").as_str()), "{command} <<< {input}");
        assert!(!calls(&run).iter().any(|call| call.contains("-set")), "{}", run.trace());
    }
    let large = "{ printf '{\"fqdn\": [\"a.example.com\"], \"x\": \"'; head -c 300000 /dev/zero | tr '\\0' x; printf '\"}'; }";
    let run = model.exec("ours/0", &format!("{large} | ssl-termination send-cert-info --endpoint back"));
    assert_eq!(
        (run.exit, run.stderr.as_str()),
        (2, "error: the request cannot be sent: cert-request: longer than 262144 bytes\n")
    );
    let run = model.exec("ours/0", "printf '\\377' | ssl-termination send-status --endpoint front");
    assert_eq!(run.exit, 2);
    assert!(run.stderr.starts_with("error: cannot read the status from standard input: "), "{}", run.stderr);
    assert_eq!(model.state_files("ours/0"), before);
    assert_eq!([published(&model, front, "status"), published(&model, back, "cert-request")], [None, None]);
}

#[test]
fn in_a_hook_a_call_finds_no_standard_input_and_says_so() {
    let mut model = stage();
    relate(&mut model, "front", "web");
    model.script("ours/0", "ssl-termination send-status --endpoint front || echo $?\n");
    model.juju.update_status("ours/0");
    let run = model.one();
    let said = "error: the status is expected on standard input, as JSON, or else --file or --withdraw; nothing came\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("2\n", said));
}

#[test]
fn a_command_line_that_is_not_understood_is_explained() {
    let mut model = stage();
    for command in [
        "",
        "nonsense",
        "send-status --nonsense",
        "flag",
        "flag nonsense",
        "flag all-set",
        "get-status --relation x",
    ] {
        let run = model.exec("ours/0", &format!("ssl-termination {command}"));
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{}", run.trace());
        assert!(
            run.stderr.contains("Usage: ssl-termination") || run.stderr.contains("--help"),
            "{}",
            run.stderr
        );
        assert_eq!(calls(&run), [""; 0]);
    }
    let run = model.exec("ours/0", "ssl-termination --help");
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    for command in
        ["hook", "flag", "send-cert-info", "ready", "get-status", "get-cert-requests", "send-status", "plan"]
    {
        assert!(run.stdout.contains(&format!("\n  {command} ")), "{}", run.stdout);
    }
}

#[test]
fn outside_of_juju_every_command_is_an_error_that_says_where_it_belongs() {
    let commands = "hook\nflag list\nflag is-set a\nflag set a\nflag clear a\nsend-cert-info --endpoint x\n\
        get-status --endpoint x\nready\nget-cert-requests --endpoint x\nsend-status --endpoint x\nplan";
    let folder = tempfile::tempdir().unwrap();
    for command in commands.lines() {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ssl-termination"));
        let output =
            process.args(command.split(' ')).current_dir(folder.path()).env_clear().output().unwrap();
        let said = "error: not in a hook: Juju's variable JUJU_CONTEXT_ID is not set. Run this in a hook, or as \
            `juju exec --unit UNIT -- bin/ssl-termination …`\n";
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{command}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), said, "{command}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
