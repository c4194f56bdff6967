use test_juju::Juju;

use crate::charms::{PROVIDER, Scripted, client};

/// What one shell line prints in a unit that is related to two clients.
fn ask(lines: &[&str]) -> Vec<String> {
    let charm = Scripted::new(PROVIDER, "true");
    let mut juju = Juju::new(1);
    juju.deploy("provider", &charm.charm(), 1);
    juju.deploy("client", &client(), 2);
    juju.relate("provider:web", "client:web");
    juju.settle();
    let answer = |line: &&str| {
        let run = juju.exec("provider/0", &["sh", "-c", &format!("{{ {line}; }} 2>&1; echo $?")]);
        run.stdout
    };
    lines.iter().map(answer).collect()
}

#[test]
fn options_are_read_as_gnuflag_reads_them() {
    let cases = [
        ("relation-list -r1 --format=json", "[\"client/0\",\"client/1\"]\n0\n"),
        ("relation-list --relation=web:1 --app", "client\n0\n"),
        ("relation-list --r 1 --app=false --format json", "[\"client/0\",\"client/1\"]\n0\n"),
        ("relation-list --rel 1", "ERROR option provided but not defined: --rel\n2\n"),
        (
            "relation-list --relation=7",
            "ERROR invalid value \"7\" for option --relation: relation not found\n2\n",
        ),
        ("relation-list -r", "ERROR option needs an argument: -r\n2\n"),
        (
            "is-leader --format=xml x",
            "ERROR invalid value \"xml\" for option --format: unknown format \"xml\"\n2\n",
        ),
        ("is-leader --=x", "ERROR empty option in argument \"--=x\"\n2\n"),
        (
            "relation-list -r1 --app=maybe",
            "ERROR invalid value \"maybe\" for option --app: strconv.ParseBool: parsing \"maybe\": invalid syntax\n2\n",
        ),
        ("is-leader -- --format=json", "ERROR unrecognized args: [\"--format=json\"]\n2\n"),
        ("is-leader -o out; cat out", "True\n0\n"),
        ("is-leader -o no/where", "ERROR open no/where: no such file or directory\n1\n"),
        ("relation-get -r1 - client", "ERROR expected unit name, got application name \"client\"\n2\n"),
        (
            "goal-state --format=smart",
            "ERROR invalid value \"smart\" for option --format: unknown format \"smart\"\n2\n",
        ),
        ("config-get --all greeting", "ERROR cannot use argument --all together with key \"greeting\"\n2\n"),
        ("leader-get a=b", "ERROR invalid key \"a=b\"\n2\n"),
        ("open-port 1-2-3", "ERROR invalid port range \"1-2-3\"\n2\n"),
        ("open-port 80/icmp", "ERROR protocol \"icmp\" doesn't support any ports; got \"80\"\n2\n"),
        (
            "open-port 80 --format=json; opened-ports",
            "--format flag deprecated for command \"open-port\"80/tcp\n0\n",
        ),
        (
            "network-get web --primary-address --bind-address",
            "ERROR --primary-address must be the only flag specified\n1\n",
        ),
        (
            "network-get web --egress-subnets --bind-address",
            "bind-address: 10.0.0.1\negress-subnets:\n- 10.0.0.1/32\n0\n",
        ),
        ("state-get", "{}\n0\n"),
        ("state-get --format=json", "null\n0\n"),
        ("state-get --strict no", "ERROR \"no\" not found\n1\n"),
        ("config-get --all --format=yaml", "greeting: hello\nsize: null\n0\n"),
        (
            "status-get --include-data --format=json",
            "{\"message\":\"\",\"status\":\"unknown\",\"status-data\":{}}\n0\n",
        ),
        (
            "status-get --application --format=json",
            "{\"application-status\":{\"status\":\"unknown\",\"units\":{\"provider/0\":{\"status\":\"unknown\"}}}}\n0\n",
        ),
    ];
    let lines: Vec<&str> = cases.iter().map(|(line, _)| *line).collect();
    for ((line, expected), answer) in cases.iter().zip(ask(&lines)) {
        assert_eq!(answer, *expected, "{line}");
    }
}

#[test]
fn goal_state_tells_of_all_units_there_will_be() {
    let answer = &ask(&["goal-state", "relation-get --help"]);
    let unit = |name: &str, indent: &str, status: &str| {
        format!("{indent}{name}:\n{indent}  status: {status}\n{indent}  since: 2024-01-02 03:04:05Z\n")
    };
    let expected =
        ["units:\n".to_owned(), unit("provider/0", "  ", "unknown"), "relations:\n  web:\n".to_owned()];
    let expected = expected.concat()
        + &unit("client", "    ", "joined")
        + &unit("client/0", "    ", "unknown")
        + &unit("client/1", "    ", "unknown")
        + "0\n";
    assert_eq!(answer[0], expected);
    assert!(answer[1].starts_with("Usage: relation-get [options] [KEY"), "{}", answer[1]);
}
