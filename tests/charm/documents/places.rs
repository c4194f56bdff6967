//! Where each command of each page is run.

use std::collections::BTreeSet;

use super::{check, juju};
use crate::world::pages::{Command, Page};

/// Those that no test runs, with the reason. Variables that are set before a command don't count.
const NOT_RUN: [(&str, &str); 14] = [
    ("cargo doc --open --no-deps", "opens a browser; `make lint` writes the same pages"),
    ("cargo test --lib nginx::tests::texts", "writes the files that the same tests compare with otherwise"),
    ("juju bootstrap localhost", "makes a controller in LXD"),
    ("make bench", "takes an hour"),
    ("make fuzz", "goes on for minutes; the tests read what it has found"),
    ("make scan", "goes on for minutes"),
    ("make soak", "goes on for hours"),
    ("scripts/fuzz keep", "changes the corpus, after `make fuzz`"),
    ("rustup target add aarch64-unknown-linux-gnu", "for another kind of machine"),
    ("apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "for another kind of machine"),
    (
        "scripts/build-charm aarch64-unknown-linux-gnu",
        "for another kind of machine; `make charm` runs it for this one",
    ),
    ("charmcraft register ssl-termination", "takes an account at Charmhub"),
    (
        "charmcraft promote --from-channel=latest/edge --to-channel=latest/stable",
        "takes an account at Charmhub",
    ),
    ("charmcraft upload released_amd64.charm --release=edge", "takes an account at Charmhub"),
];

/// Where a command is run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `played.rs` runs it.
    Stage,
    /// `tests/machine` does, where systemd is.
    Machine,
    /// `tutorial.rs` does, in the project's folder.
    Project,
    /// `.ci/run` does.
    Check,
    /// It is named, without what it needs to be run.
    Named,
    Nowhere,
}

pub(super) fn place(command: &Command) -> Place {
    let words: Vec<&str> = command.words().collect();
    let program = words.first().copied().unwrap_or_default();
    if NOT_RUN.iter().any(|(text, _)| *text == words.join(" ")) {
        Place::Nowhere
    } else if juju::is_only_named(&words) {
        Place::Named
    } else if command.is_for_systemd() {
        Place::Machine
    } else if matches!(words[..], ["scripts/try-example", ..] | ["cargo", "run", ..]) {
        Place::Project
    } else if ["bin/ssl-termination", "curl", "juju"].contains(&program) {
        Place::Stage
    } else {
        Place::Check
    }
}

#[test]
fn every_command_is_run_or_is_named_here_with_the_reason() {
    let commands: Vec<(String, Command)> = Page::all()
        .into_iter()
        .flat_map(|page| page.commands().into_iter().map(move |command| (page.path.clone(), command)))
        .collect();
    let reached = check::reached();
    let missed: Vec<String> = commands
        .iter()
        .filter(|(_, command)| place(command) == Place::Check && !check::runs(&reached, command))
        .map(|(page, command)| format!("{page}: {}", command.text))
        .collect();
    assert_eq!(missed, Vec::<String>::new(), "neither does .ci/run lead to it, nor is it in NOT_RUN");

    let found: BTreeSet<String> =
        commands.iter().map(|(_, command)| command.words().collect::<Vec<_>>().join(" ")).collect();
    let gone: Vec<&str> =
        NOT_RUN.iter().map(|(text, _)| *text).filter(|text| !found.contains(*text)).collect();
    assert_eq!(gone, Vec::<&str>::new(), "stands in no page any more");
}

#[test]
fn commands_are_found() {
    let text = "Say `juju status`, `juju`, `A=b make x`, `juju run …`, `apt-get update`.\n    juju config a b=\"c  # d\n    \
                e\"   # f\n\n    cargo a && cargo b\n```json\n    {}\n```\n1. So:\n\n       # why\n       jq . <a\n";
    let page = Page { path: String::new(), text: text.to_owned() };
    let found: Vec<(String, bool)> =
        page.commands().into_iter().map(|command| (command.text, command.is_in_block)).collect();
    let found: Vec<(&str, bool)> =
        found.iter().map(|(text, is_in_block)| (text.as_str(), *is_in_block)).collect();
    assert_eq!(
        found,
        [
            ("juju status", false),
            ("A=b make x", false),
            ("juju config a b=\"c  # d\ne\"", true),
            ("cargo a", true),
            ("cargo b", true),
            ("jq . <a", true),
        ]
    );
}
