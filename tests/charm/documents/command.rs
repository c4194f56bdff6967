//! Commands in a page, held against what there is: actions, options, endpoints, make's targets, scripts.

use std::collections::BTreeMap;
use std::fs;
use std::process;

use serde_json::Value;
use ssl_termination::juju::Metadata;

use super::source;
use crate::world::packed;

/// A command of a page.
pub(super) struct Command {
    pub(super) words: Vec<String>,
    /// The heading above it.
    pub(super) section: String,
}

impl Command {
    /// Those in code, indented, fenced or within a line.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let (mut commands, mut section, mut is_fenced) = (Vec::new(), String::new(), false);
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                heading.clone_into(&mut section);
            }
            if line.trim_start().starts_with("```") {
                is_fenced = line.trim() == "```sh";
                continue;
            }
            let found: Vec<&str> = if line.starts_with("    ") || is_fenced {
                vec![line.trim()]
            } else {
                line.split('`').skip(1).step_by(2).collect()
            };
            for words in found.into_iter().map(words).filter(|words| is_command(words)) {
                commands.push(Self { words, section: section.clone() });
            }
        }
        commands
    }
}

/// Whether it is more than a program's name, and nothing in it is left open.
fn is_command(words: &[String]) -> bool {
    let programs = ["juju", "make", "cargo", "curl", "charmcraft", "bin/ssl-termination"];
    let is_program =
        words.first().is_some_and(|word| programs.contains(&word.as_str()) || word.starts_with("scripts/"));
    let is_open = |word: &String| word.contains('…') || word.starts_with('<');
    is_program && (words.len() > 1 || words[0].starts_with("scripts/")) && !words.iter().any(is_open)
}

/// A line's words, up to a comment, a pipe, or the prose that two spaces begin.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut spaces = 0;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            (None, ' ') => {
                words.extend(word.take());
                spaces += 1;
                if spaces > 1 {
                    break;
                }
                continue;
            }
            (None, '#' | '|' | '>' | '&') if word.is_none() => break,
            (_, c) => word.get_or_insert_default().push(c),
        }
        spaces = 0;
    }
    words.extend(word);
    words
}

/// What is wrong with a command.
pub(super) fn check(command: &Command) -> Result<(), String> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["juju", rest @ ..] => juju(rest),
        ["make", targets @ ..] => targets.iter().try_for_each(|target| {
            let makefile = fs::read_to_string(source("Makefile")).unwrap();
            let is_target =
                target.contains('=') || makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
            expect(is_target, || format!("no target {target}"))
        }),
        ["bin/ssl-termination", name, ..] => is_subcommand(name),
        [script, ..] if script.starts_with("scripts/") => {
            expect(source(script).exists(), || "no such script".to_owned())
        }
        _ => Ok(()),
    }
}

fn is_subcommand(name: &str) -> Result<(), String> {
    let run = process::Command::new(packed::binary()).args([name, "--help"]).output().unwrap();
    expect(run.status.success() || name == "COMMAND", || format!("no command {name}"))
}

fn expect(is_so: bool, else_say: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(else_say()) }
}

/// A command of Juju's: its switches that take a value, those that don't, and the rest.
pub(super) struct Juju<'w> {
    pub(super) name: &'w str,
    pub(super) values: Vec<(&'w str, &'w str)>,
    pub(super) args: Vec<&'w str>,
}

/// A command's name, its switches with a value and without, the least and the most arguments.
type Known = (&'static str, &'static [&'static str], &'static [&'static str], (usize, usize));

/// Each command that the documents may name.
const COMMANDS: [Known; 21] = [
    ("add-secret", &[], &[], (2, 9)),
    ("add-unit", &[], &[], (1, 1)),
    ("bootstrap", &[], &[], (0, 2)),
    ("config", &[], &[], (1, 9)),
    ("debug-log", &["--include"], &["--replay", "--no-tail"], (0, 0)),
    ("deploy", &["--config", "-n", "--to", "--base"], &["--force"], (1, 2)),
    ("exec", &["--unit"], &[], (1, 99)),
    ("expose", &[], &[], (1, 1)),
    ("grant-secret", &[], &[], (2, 2)),
    ("integrate", &[], &[], (2, 2)),
    ("refresh", &["--path"], &[], (1, 1)),
    ("remove-application", &[], &[], (1, 1)),
    ("remove-relation", &[], &[], (2, 2)),
    ("remove-unit", &[], &[], (1, 1)),
    ("resolve", &[], &["--no-retry"], (1, 1)),
    ("run", &["--format"], &[], (2, 9)),
    ("show-unit", &[], &[], (1, 1)),
    ("show-status-log", &[], &[], (1, 1)),
    ("status", &["--format"], &[], (0, 1)),
    ("update-secret", &[], &[], (2, 9)),
    ("model-config", &[], &[], (1, 9)),
];

impl<'w> Juju<'w> {
    /// Reads what stands after `juju`.
    pub(super) fn parse(words: &[&'w str]) -> Result<Self, String> {
        let [name, rest @ ..] = words else { return Err("no command".to_owned()) };
        let (_, with_value, without, (least, most)) =
            COMMANDS.iter().find(|(known, ..)| known == name).ok_or_else(|| format!("no command {name}"))?;
        let (mut values, mut args) = (Vec::new(), Vec::new());
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            let (switch, inline) =
                word.split_once('=').map_or((*word, None), |(switch, value)| (switch, Some(value)));
            if *word == "--" {
                args.extend(words.by_ref());
            } else if with_value.contains(&switch) {
                values.push((switch, inline.or_else(|| words.next().copied()).ok_or("a value is missing")?));
            } else if word.starts_with('-') {
                expect(without.contains(word), || format!("no switch {word}"))?;
            } else {
                args.push(*word);
            }
        }
        // Without any, the command is only spoken of.
        let is_enough = args.is_empty() || (*least..=*most).contains(&args.len());
        expect(is_enough, || format!("{} arguments", args.len()))?;
        Ok(Self { name, values, args })
    }
}

fn juju(words: &[&str]) -> Result<(), String> {
    let juju = Juju::parse(words)?;
    let configs = juju.values.iter().filter(|(switch, _)| *switch == "--config").map(|(_, pair)| *pair);
    configs.clone().try_for_each(is_option)?;
    match (juju.name, juju.args.as_slice()) {
        ("config", [app, pairs @ ..]) if is_ours(app) => pairs.iter().copied().try_for_each(is_option),
        ("run", [_, action, params @ ..]) => is_action(action, params),
        ("integrate" | "remove-relation", ends) => ends.iter().copied().try_for_each(is_endpoint),
        ("exec", ["bin/ssl-termination", name, ..]) => is_subcommand(name),
        _ => Ok(()),
    }
}

/// In the documents, applications of others begin with `my-`, or are those of the page on the Python charms.
fn is_ours(app: &str) -> bool {
    ["proxy", "ssl-termination"].contains(&app) || app.ends_with("-tls")
}

fn is_option(pair: &str) -> Result<(), String> {
    let config: Value = serde_saphyr::from_str(&fs::read_to_string(source("config.yaml")).unwrap()).unwrap();
    let option = pair.split('=').next().unwrap_or_default();
    expect(config["options"].get(option).is_some(), || format!("no option {option}"))
}

fn is_action(action: &str, params: &[&str]) -> Result<(), String> {
    if action == "diagnose" && params.is_empty() {
        return Ok(());
    }
    let actions: BTreeMap<String, Value> =
        serde_saphyr::from_str(&fs::read_to_string(source("actions.yaml")).unwrap()).unwrap();
    let known = actions.get(action).ok_or_else(|| format!("no action {action}"))?;
    params.iter().try_for_each(|param| {
        let name = param.split('=').next().unwrap_or_default();
        expect(known["params"].get(name).is_some(), || format!("no parameter {name}"))
    })
}

fn is_endpoint(end: &str) -> Result<(), String> {
    let Some((app, endpoint)) = end.split_once(':').filter(|(app, _)| is_ours(app)) else { return Ok(()) };
    let metadata = Metadata::parse(&fs::read_to_string(source("metadata.yaml")).unwrap()).unwrap();
    expect(metadata.endpoint(endpoint).is_some(), || format!("{app} has no endpoint {endpoint}"))
}

#[test]
fn commands_are_found_and_held_against_what_there_is() {
    let text = "## Title\n    juju config proxy fqdns=\"a b\"   # c\n    make charm    writes it\nSay `juju status`, `juju`.\n\
                ```juju\nconfig x\n```\n```sh\nscripts/pack a >b\n```\n";
    let found: Vec<String> = Command::all(text).iter().map(|command| command.words.join("|")).collect();
    assert_eq!(found, ["juju|config|proxy|fqdns=a b", "make|charm", "juju|status", "scripts/pack|a"]);
    for (line, wrong) in [
        ("juju config proxy fqdn=x", "no option fqdn"),
        ("juju deploy ./x.charm proxy --config fqdn=x", "no option fqdn"),
        ("juju run proxy/0 list", "no action list"),
        ("juju run proxy/0 list-sites names=x", "no parameter names"),
        ("juju integrate proxy:tls my-blog:website", "proxy has no endpoint tls"),
        ("juju relate a b", "no command relate"),
        ("juju refresh proxy --force-it", "no switch --force-it"),
        ("juju expose proxy blog-tls", "2 arguments"),
        ("make everything", "no target everything"),
        ("scripts/none", "no such script"),
        ("juju exec --unit proxy/0 -- bin/ssl-termination plans", "no command plans"),
    ] {
        let command = Command { words: words(line), section: String::new() };
        assert_eq!(check(&command), Err(wrong.to_owned()), "{line}");
    }
}
