//! The command `juju`, as far as the documents use it, in the Juju of the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};
use test_juju::{Fault, RelationId};

use super::others;
use super::stage::Stage;
use crate::world::pages::source;

/// A command's name, its switches with a value and without, the least and the most arguments.
type Known = (&'static str, &'static [&'static str], &'static [&'static str], (usize, usize));

/// Each command that the documents may name.
const COMMANDS: [Known; 17] = [
    ("add-secret", &[], &[], (2, 9)),
    ("add-unit", &[], &[], (1, 1)),
    ("config", &[], &[], (2, 9)),
    ("debug-log", &["--include"], &["--replay", "--no-tail"], (0, 0)),
    ("deploy", &["--config"], &["--force"], (2, 2)),
    ("exec", &["--unit"], &[], (1, 99)),
    ("expose", &[], &[], (1, 1)),
    ("grant-secret", &[], &[], (2, 2)),
    ("integrate", &[], &[], (2, 2)),
    ("refresh", &["--path"], &[], (1, 1)),
    ("remove-application", &[], &[], (1, 1)),
    ("remove-relation", &[], &[], (2, 2)),
    ("resolve", &[], &[], (1, 1)),
    ("run", &["--format"], &[], (2, 9)),
    ("show-unit", &[], &[], (1, 1)),
    ("status", &[], &[], (0, 0)),
    ("update-secret", &[], &[], (2, 9)),
];

/// What stands after `juju`.
struct Line<'w> {
    name: &'w str,
    values: Vec<(&'w str, &'w str)>,
    args: Vec<&'w str>,
}

impl<'w> Line<'w> {
    fn parse(words: &[&'w str]) -> Result<Self, String> {
        let [name, rest @ ..] = words else { return Err("no command".to_owned()) };
        let (_, with_value, without, _) = known(name).ok_or_else(|| format!("no command {name}"))?;
        let (mut values, mut args) = (Vec::new(), Vec::new());
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            let (switch, inline) =
                word.split_once('=').map_or((*word, None), |(switch, value)| (switch, Some(value)));
            if *word == "--" {
                args.extend(words.by_ref());
            } else if with_value.contains(&switch) {
                values.push((switch, inline.or_else(|| words.next().copied()).ok_or("a value is missing")?));
            } else if !word.starts_with('-') {
                args.push(*word);
            } else if !without.contains(word) {
                return Err(format!("no switch {word}"));
            }
        }
        Ok(Self { name, values, args })
    }
}

fn known(name: &str) -> Option<&'static Known> {
    COMMANDS.iter().find(|(known, ..)| *known == name)
}

/// Whether a command of Juju's is only named, without what it needs.
pub(super) fn is_only_named(words: &[&str]) -> bool {
    let ["juju", rest @ ..] = words else { return false };
    Line::parse(rest)
        .is_ok_and(|line| line.args.is_empty() && known(line.name).is_some_and(|known| known.3.0 > 0))
}

/// Runs a command, then all hooks that follow. What it says, or why it fails.
pub(super) fn run(stage: &mut Stage, words: &[&str]) -> Result<String, String> {
    let line = Line::parse(words)?;
    let (least, most) = known(line.name).map_or((0, 0), |known| known.3);
    if !(least..=most).contains(&line.args.len()) {
        return Err(format!("{} arguments", line.args.len()));
    }
    let said = act(stage, &line)?;
    others::settle(stage)?;
    Ok(said)
}

fn act(stage: &mut Stage, line: &Line<'_>) -> Result<String, String> {
    let value = |switch: &str| line.values.iter().find(|(name, _)| *name == switch).map(|(_, value)| *value);
    match (line.name, line.args.as_slice()) {
        ("deploy", [file, app]) => {
            stage.must_have(file)?;
            let configs: Vec<&str> = line.values.iter().map(|(_, pair)| *pair).collect();
            if *app == "proxy" {
                stage.world.deploy_proxy(app);
            } else {
                stage.world.juju.deploy(app, &stage.world.charm(), 1);
            }
            if let Some([pebble, _]) = stage.pebbles.as_ref().filter(|_| *app == "proxy") {
                let server = [("acme-server", pebble.directory()), ("acme-ca", stage.read("root.crt"))];
                stage.world.juju.configure(app, server);
            }
            configure(stage, app, &configs);
        }
        ("config", [app, given @ ..]) => configure(stage, app, given),
        ("integrate", [one, other]) => {
            stage.world.juju.relate(&others::end(one), &others::end(other));
        }
        ("run", [unit, action, given @ ..]) => {
            let params = params(action, given)?;
            let ran = stage.world.juju.run_action(unit, action, params);
            return match ran.failure {
                Some(failure) => Err(failure),
                None if value("--format") == Some("json") => {
                    Ok(json!({(*unit): {"results": nested(&ran.results), "status": "completed"}}).to_string())
                }
                None => Ok(lines(ran.results.iter().map(|(key, value)| format!("{key}: {value}")))),
            };
        }
        ("exec", args) => {
            let unit = value("--unit").ok_or("which unit?")?;
            let ran = stage.world.juju.exec(unit, &["bash", "-c", &args.join(" ")]);
            return if ran.exit == 0 { Ok(ran.stdout) } else { Err(ran.trace()) };
        }
        ("add-secret", [name, given @ ..]) => {
            stage.secret = stage.world.juju.add_secret(name, contents(stage, given));
            return Ok(stage.secret.clone());
        }
        ("update-secret", [name, given @ ..]) => {
            let contents = contents(stage, given);
            stage.world.juju.update_secret(name, contents);
        }
        ("grant-secret", [name, app]) => stage.world.juju.grant_secret(name, app),
        ("refresh", [app]) => {
            stage.must_have(value("--path").ok_or("from where?")?)?;
            stage.world.juju.refresh(app, &stage.world.charm());
        }
        ("add-unit", [app]) => {
            stage.lose_the_machine();
            stage.world.juju.add_unit(app);
        }
        ("remove-relation", [one, other]) => {
            let relation = shared(stage, one, other)?;
            stage.world.juju.remove_relation(relation);
        }
        ("remove-application", [app]) => stage.world.juju.remove_application(app),
        ("resolve", [unit]) => {
            stage.world.juju.on_call(unit, 1, Fault::refused("no"));
            stage.world.juju.update_status(unit);
            while stage.world.juju.failed(unit).is_none() {
                stage.world.juju.step().ok_or("no hook has failed")?;
            }
            stage.world.juju.resolve(unit);
        }
        // The firewall is a cloud's.
        ("expose", [app]) if !stage.world.juju.units(app).is_empty() => {}
        ("status", []) => {
            let status = |unit: &String| {
                let (state, message) = stage.world.juju.status(unit);
                format!("{unit} {state} {message}")
            };
            return Ok(lines(units(stage).iter().map(status)));
        }
        ("show-unit", [unit]) => {
            let (app, _) = unit.split_once('/').ok_or("no unit")?;
            let (juju, units) = (&stage.world.juju, units(stage));
            let bags = |id: RelationId| {
                units.iter().map(move |unit| format!("{unit}: {:?}", juju.bag(id, unit))).collect::<Vec<_>>()
            };
            return Ok(lines(juju.relations(app).into_iter().flat_map(bags)));
        }
        ("debug-log", []) => {
            let log = stage.world.juju.log(value("--include").ok_or("whose?")?);
            return Ok(lines(log.into_iter().map(|(level, text)| format!("{level} {text}"))));
        }
        (name, args) => return Err(format!("juju {name} {args:?} cannot be run")),
    }
    Ok(String::new())
}

/// The relation between two ends.
fn shared(stage: &Stage, one: &str, other: &str) -> Result<RelationId, String> {
    let at = |end: &str| {
        let (app, endpoint) = end.split_once(':').ok_or("no endpoint")?;
        Ok::<_, String>(stage.world.juju.relations_at(app, endpoint))
    };
    let others = at(other)?;
    let shared = at(one)?.into_iter().find(|relation| others.contains(relation));
    shared.ok_or_else(|| format!("no relation between {one} and {other}"))
}

fn configure(stage: &mut Stage, app: &str, given: &[&str]) {
    for (option, text) in given.iter().filter_map(|pair| pair.split_once('=')) {
        let value = stage.world.juju.option_value(app, option, text);
        stage.world.juju.configure(app, [(option, value)]);
    }
}

/// The content of a secret: `KEY=VALUE`, `KEY#file=PATH`.
fn contents(stage: &Stage, given: &[&str]) -> Vec<(String, String)> {
    let content = |(key, value): (&str, &str)| match key.strip_suffix("#file") {
        Some(key) => (key.to_owned(), stage.read(value)),
        None => (key.to_owned(), value.to_owned()),
    };
    given.iter().filter_map(|pair| pair.split_once('=')).map(content).collect()
}

/// Parameters, as actions.yaml has them: Juju refuses others.
fn params(action: &str, given: &[&str]) -> Result<Value, String> {
    let actions = fs::read_to_string(source("actions.yaml")).unwrap();
    let actions: BTreeMap<String, Value> = serde_saphyr::from_str(&actions).unwrap();
    let known = actions.get(action).ok_or_else(|| format!("no action {action}"))?;
    let param = |pair: &&str| {
        let (name, value) = pair.split_once('=').ok_or("write NAME=VALUE")?;
        known["params"].get(name).ok_or_else(|| format!("no parameter {name}"))?;
        Ok((name.to_owned(), Value::from(value)))
    };
    given.iter().map(param).collect::<Result<Map<_, _>, String>>().map(Value::Object)
}

/// Results as Juju prints them: keys with dots are maps of maps.
fn nested(results: &BTreeMap<String, String>) -> Value {
    let mut all = json!({});
    for (key, value) in results {
        let place = key.split('.').fold(&mut all, |map, part| &mut map[part]);
        *place = json!(value);
    }
    all
}

/// All units that there are and have a status.
fn units(stage: &Stage) -> BTreeSet<String> {
    let juju = &stage.world.juju;
    let is_there = |unit: &&str| {
        unit.split_once('/').is_some_and(|(app, _)| juju.units(app).iter().any(|other| **other == **unit))
    };
    let seen = juju.status_log().iter().map(|(unit, _)| &**unit);
    seen.filter(is_there).map(str::to_owned).collect()
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
