//! The recorded life of the Python original, replayed hook by hook against the same two charms on our library.
//!
//! The recording chooses among the hooks that Juju may run next. Where ours is to differ, a table says so, with the
//! reason; any other difference fails.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use test_juju::{HookRun, Pending, RelationId};

use crate::charms::Model;

const RECORDING: &str = include_str!("data/original-traces.json");
const PROXY: &str = "provides: {ssl-termination: {interface: ssl-termination}}";
const CLIENT: &str = "requires: {ssl-termination: {interface: ssl-termination}}";

#[derive(Deserialize)]
struct Recording {
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    scenario: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    step: String,
    hooks: Vec<Hook>,
}

/// One hook; what is empty is left out in the file.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hook {
    unit: String,
    #[serde(rename = "hook")]
    name: String,
    relation: String,
    remote_unit: String,
    remote_app: String,
    departing: String,
    exit: i32,
    flags_before: Vec<String>,
    flags_after: Vec<String>,
    handlers_saw: Vec<String>,
    published: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

/// One way in which ours differs from the original in one hook.
enum Difference {
    /// The handlers see this instead.
    Sees(&'static [&'static str]),
    /// The unit publishes this status instead, if any.
    Publishes(Option<&'static str>),
    /// The hook does not run: nothing has changed for that unit.
    DoesNotRun,
    /// Another hook comes after this one: that unit's -changed about our unit, in which its handlers see this.
    ThenChanged(&'static str, &'static [&'static str]),
}

use Difference::{DoesNotRun, Publishes, Sees, ThenChanged};

const LIFE: &str = "one proxy, one client, a whole life";
const TWO_CLIENTS: &str = "two client applications";
const TWO_UNITS: &str = "two units on each side";
const NOT_CLEARED: &str = "update is not cleared";
const ODD: &str = "odd values";

/// Scenario, step, unit, hook, and how ours differs there.
const DIFFERENCES: &[(&str, &str, &str, Difference)] = &[
    // A deleted key is a change: there is no request any more, and the proxy says so at once.
    (LIFE, "the key is deleted", "proxy/0", Sees(&["AVAILABLE", "UPDATE requests=[]"])),
    (LIFE, "the key is deleted", "proxy/0", Publishes(Some("[]"))),
    (
        LIFE,
        "the key is deleted",
        "proxy/0",
        ThenChanged("client/0", &[r#"UPDATE status=[{"status": [], "remote_unit_name": "proxy/0"}]"#]),
    ),
    // So there is nothing new to say when the request is {} after that.
    (LIFE, "the request is {}", "proxy/0", Publishes(None)),
    (LIFE, "the request is {}", "client/0", DoesNotRun),
    // A malformed request is refused whole: a handler sees why, and no names.
    (
        ODD,
        r#"the request is {"fqdn": "text"}"#,
        "proxy/0",
        Sees(&[
            "AVAILABLE",
            r#"UPDATE requests=[{"fqdn": "text", "juju_unit": "client/0", "refused": {"field": "fqdn", "reason": "not a list but a string"}}]"#,
        ]),
    ),
    (ODD, r#"the request is {"fqdn": "text"}"#, "proxy/0", Publishes(None)),
    (ODD, r#"the request is {"fqdn": "text"}"#, "client/0", DoesNotRun),
];

/// What the recorded hooks of a step should be with ours. `said` is the last status of each unit on each relation.
fn expected(scenario: &str, step: &Step, said: &mut BTreeMap<(String, String), String>) -> Vec<Hook> {
    let mut hooks = Vec::new();
    let recorded = in_order_of_juju(step.hooks.clone());
    for (place, mut hook) in recorded.iter().cloned().enumerate() {
        // The original's third flag, `joined`, has no other meaning than `available`: ours doesn't have it.
        for flags in [&mut hook.flags_before, &mut hook.flags_after] {
            flags.retain(|flag| flag != "joined");
        }
        // Handlers of `available` don't run in the hook in which the last unit departs.
        if hook.name.ends_with("-departed") && !hook.flags_after.iter().any(|flag| flag == "available") {
            hook.handlers_saw.retain(|line| line != "AVAILABLE");
        }
        // Handlers whose flags match when a hook begins run in the order of our table; the original's had no order.
        if hook.flags_before.iter().any(|flag| flag == "update") {
            hook.handlers_saw.sort_by_key(|line| line != "AVAILABLE");
        }
        // `send_status` goes to every relation. The original left one out, in the hook in which its last unit departs.
        let goes_on = |later: &Hook| later.unit == hook.unit && later.relation == hook.relation;
        let then = recorded[place + 1..].iter().find(|later| goes_on(later));
        if hook.name.ends_with("-departed") && then.is_some_and(|then| then.name.ends_with("-broken")) {
            publish_what_is_seen(&mut hook, said);
        }
        let (runs, then) = differ(scenario, &step.step, &mut hook);
        for (relation, bag) in &hook.published {
            if let Some(Some(status)) = bag.get("status") {
                said.insert((hook.unit.clone(), relation.clone()), status.clone());
            }
        }
        hooks.extend(runs.then_some(hook).into_iter().chain(then));
    }
    for line in hooks.iter_mut().flat_map(|hook| &mut hook.handlers_saw) {
        *line = sorted(line);
    }
    hooks
}

/// The others see a unit depart when it is gone, after its stop and remove; in the recording they may see it as soon
/// as its relations are broken. Its successor as the leader learns that then, too.
fn in_order_of_juju(mut hooks: Vec<Hook>) -> Vec<Hook> {
    let last = |hook: &Hook| ["stop", "remove", "leader-elected"].contains(&hook.name.as_str());
    let Some(leaves) = hooks.iter().position(|hook| hook.name == "stop").map(|stop| hooks[stop].unit.clone())
    else {
        return hooks;
    };
    let (end, mut ordered): (Vec<Hook>, Vec<Hook>) = hooks.drain(..).partition(last);
    let broken = ordered.iter().rposition(|hook| hook.unit == leaves).unwrap();
    let after = ordered.split_off(broken + 1);
    ordered.into_iter().chain(end).chain(after).collect()
}

/// The proxy publishes the names that its handler has seen to this hook's relation as well, if they are news there.
fn publish_what_is_seen(hook: &mut Hook, said: &BTreeMap<(String, String), String>) {
    let seen = hook.handlers_saw.iter().find_map(|line| line.strip_prefix("UPDATE requests="));
    let Some(requests) = seen.map(|requests| serde_json::from_str::<Vec<Value>>(requests).unwrap()) else {
        return;
    };
    let names: Vec<String> = requests
        .iter()
        .flat_map(|request| request["fqdn"].as_array().unwrap())
        .map(ToString::to_string)
        .collect();
    let status = format!("[{}]", names.join(", "));
    if said.get(&(hook.unit.clone(), hook.relation.clone())) != Some(&status) {
        let bag = BTreeMap::from([("status".to_owned(), Some(status))]);
        hook.published.insert(hook.relation.clone(), bag);
    }
}

/// Changes a hook as the table of differences has it. Says whether it runs, and what comes after it.
fn differ(scenario: &str, step: &str, hook: &mut Hook) -> (bool, Vec<Hook>) {
    let (mut runs, mut then) = (true, Vec::new());
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    for (of_scenario, of_step, unit, difference) in DIFFERENCES {
        if (*of_scenario, *of_step, *unit) != (scenario, step, &*hook.unit) {
            continue;
        }
        match difference {
            Sees(lines) => hook.handlers_saw = owned(lines),
            Publishes(None) => hook.published.clear(),
            Publishes(Some(status)) => {
                let bag = BTreeMap::from([("status".to_owned(), Some((*status).to_owned()))]);
                hook.published = BTreeMap::from([(hook.relation.clone(), bag)]);
            }
            DoesNotRun => runs = false,
            ThenChanged(other, lines) => then.push(Hook {
                unit: (*other).to_owned(),
                remote_unit: hook.unit.clone(),
                remote_app: hook.unit.split('/').next().unwrap().to_owned(),
                handlers_saw: owned(lines),
                published: BTreeMap::new(),
                ..hook.clone()
            }),
        }
    }
    (runs, then)
}

/// A line of the handlers with the keys of its JSON in order.
fn sorted(line: &str) -> String {
    let Some(start) = line.find(['[', '{']) else { return line.to_owned() };
    let value: Value = serde_json::from_str(&line[start..]).unwrap();
    format!("{}{value}", &line[..start])
}

/// What a person did before a scenario's first recorded step.
fn set_up(model: &mut Model, scenario: &str) {
    match scenario {
        LIFE => {}
        TWO_CLIENTS => {
            deploy(model, "proxy", 1);
            deploy(model, "blog", 1);
            deploy(model, "shop", 1);
        }
        TWO_UNITS => {
            deploy(model, "proxy", 2);
            deploy(model, "client", 2);
        }
        NOT_CLEARED => {
            deploy(model, "proxy", 1);
            deploy(model, "client", 1);
            model.juju.settle();
            for unit in ["proxy/0", "client/0"] {
                fs::write(model.juju.charm_dir(unit).join("keep-update"), "").unwrap();
            }
        }
        ODD => {
            deploy(model, "proxy", 1);
            deploy(model, "client", 1);
            model.juju.relate("proxy:ssl-termination", "client:ssl-termination");
        }
        other => panic!("a scenario that we don't know: {other}"),
    }
    model.juju.settle();
}

fn deploy(model: &mut Model, application: &str, units: usize) {
    let endpoints = if application == "proxy" { PROXY } else { CLIENT };
    model.program(application, endpoints, "original", units);
}

/// What a person does, or a charm of another kind publishes, at the beginning of a step.
fn act(model: &mut Model, scenario: &str, step: &str) {
    let first = model.juju.relations("proxy").first().copied();
    let request = |name: &str| {
        format!(
            r#"{{"contact-email": "", "credentials": "u p", "fqdn": ["{name}"], "upstreams": [{{"hostname": "10.0.0.4", "port": "8080"}}]}}"#
        )
    };
    let relate = |model: &mut Model, other: &str| {
        model.juju.relate("proxy:ssl-termination", &format!("{other}:ssl-termination"));
    };
    let set = |model: &mut Model, unit: &str, key: &str, value: &str| {
        model.juju.relation_set(unit, first.unwrap(), [(key, value)]);
    };
    match (scenario, step) {
        (LIFE, "deploy") => {
            deploy(model, "proxy", 1);
            deploy(model, "client", 1);
        }
        (LIFE, "relate")
        | (NOT_CLEARED, "relate; nobody clears update")
        | (TWO_UNITS, "relate two units with two") => relate(model, "client"),
        (TWO_CLIENTS, "relate blog") => relate(model, "blog"),
        (TWO_CLIENTS, "relate shop") => relate(model, "shop"),
        (LIFE | NOT_CLEARED, "update-status") => {
            model.juju.update_status("proxy/0");
            model.juju.update_status("client/0");
        }
        (LIFE, "the request changes") => set(model, "client/0", "cert-request", &request("b.example.com")),
        (LIFE, "only white space changes") => {
            let text = request("b.example.com").replace(", ", ",  ").replace(": ", ":");
            set(model, "client/0", "cert-request", &text);
        }
        (LIFE, "another key changes") => set(model, "client/0", "another", "value"),
        (LIFE, "the key is deleted") => set(model, "client/0", "cert-request", ""),
        (LIFE | NOT_CLEARED, "the relation is removed")
        | (TWO_CLIENTS, "remove blog's relation" | "remove shop's relation") => {
            model.juju.remove_relation(first.unwrap());
        }
        (TWO_UNITS, "a third client unit") => drop(model.juju.add_unit("client")),
        (TWO_UNITS, "client/0 goes") => model.juju.remove_unit("client/0"),
        (TWO_UNITS, "proxy/1 goes") => model.juju.remove_unit("proxy/1"),
        (LIFE | ODD, step) => {
            let (unit, key, value) = step
                .strip_prefix("the request is ")
                .map(|value| ("client/0", "cert-request", value))
                .or_else(|| step.strip_prefix("the status is ").map(|value| ("proxy/0", "status", value)))
                .unwrap_or_else(|| panic!("a step that we don't know: {step}"));
            set(model, unit, key, value);
        }
        other => panic!("a step that we don't know: {other:?}"),
    }
}

fn is_that(pending: &Pending, hook: &Hook) -> bool {
    let relation = pending.event.relation.map(|id| format!("ssl-termination:{id}"));
    *pending.unit == *hook.unit
        && pending.event.hook() == hook.name
        && relation.unwrap_or_default() == hook.relation
        && pending.event.remote_unit.as_deref().unwrap_or_default() == hook.remote_unit
}

fn short_flags(model: &Model, unit: &str) -> Vec<String> {
    let flags = model.flags(unit);
    flags.iter().map(|flag| flag.trim_start_matches("endpoint.ssl-termination.").to_owned()).collect()
}

fn as_recorded(run: &HookRun, flags_before: Vec<String>, flags_after: Vec<String>) -> Hook {
    let text = |name: &Option<test_juju::Name>| name.as_deref().unwrap_or_default().to_owned();
    let relation = |id: RelationId| format!("ssl-termination:{id}");
    Hook {
        unit: run.unit.to_string(),
        name: run.hook.clone(),
        relation: run.relation.map(relation).unwrap_or_default(),
        remote_unit: text(&run.remote_unit),
        remote_app: text(&run.remote_app),
        departing: text(&run.departing),
        exit: run.exit,
        flags_before,
        flags_after,
        handlers_saw: run.stdout.lines().map(sorted).collect(),
        published: run.published.iter().map(|(id, bag)| (relation(*id), bag.clone())).collect(),
    }
}

fn replay(name: &str) {
    let recording: Recording = serde_json::from_str(RECORDING).unwrap();
    let scenario = recording.scenarios.into_iter().find(|scenario| scenario.scenario == name).unwrap();
    let mut model = Model::new(1);
    set_up(&mut model, name);
    let mut said = BTreeMap::new();
    for step in &scenario.steps {
        act(&mut model, name, &step.step);
        for hook in expected(name, step, &mut said) {
            let pending = model.juju.pending();
            let next = pending.iter().find(|pending| is_that(pending, &hook));
            let next = next.unwrap_or_else(|| {
                panic!("{name}, {}: Juju does not run {hook:?} next, but one of {pending:?}", step.step)
            });
            let flags_before = short_flags(&model, &hook.unit);
            let run = model.juju.run(next);
            let ours = as_recorded(&run, flags_before, short_flags(&model, &hook.unit));
            assert_eq!(ours, hook, "{name}, {}: {}", step.step, run.trace());
            assert!(run.committed, "{name}, {}: {}", step.step, run.trace());
        }
        let left: Vec<String> = model.juju.pending().iter().map(ToString::to_string).collect();
        assert!(
            left.is_empty(),
            "{name}, {}: the recording is at its end, but there wait {left:?}",
            step.step
        );
    }
}

#[test]
fn every_recorded_scenario_is_replayed() {
    let recording: Recording = serde_json::from_str(RECORDING).unwrap();
    let names: Vec<&str> = recording.scenarios.iter().map(|scenario| scenario.scenario.as_str()).collect();
    assert_eq!(names, [LIFE, TWO_CLIENTS, TWO_UNITS, NOT_CLEARED, ODD]);
}

#[test]
fn one_proxy_and_one_client_live_as_they_did() {
    replay(LIFE);
}

#[test]
fn two_client_applications_live_as_they_did() {
    replay(TWO_CLIENTS);
}

#[test]
fn two_units_on_each_side_live_as_they_did() {
    replay(TWO_UNITS);
}

#[test]
fn an_update_that_nobody_clears_stays_as_it_did() {
    replay(NOT_CLEARED);
}

#[test]
fn odd_values_are_taken_as_they_were() {
    replay(ODD);
}
