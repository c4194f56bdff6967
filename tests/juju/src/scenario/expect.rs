//! What a scenario looks at.

use super::line::Line;
use super::stage::Stage;
use super::words::pairs;
use crate::Bag;

type Say<'s> = &'s mut dyn FnMut(&str);

/// Everything about a unit, for people.
pub(super) fn unit(stage: &Stage, unit: &str) -> String {
    let juju = &stage.juju;
    let (state, message) = juju.status(unit);
    let application = unit.split('/').next().unwrap_or_default();
    let leads = juju.leader(application).is_some_and(|leader| *leader == *unit);
    let mut text = format!("{unit}: {state} {message:?}{}\n", if leads { ", leads" } else { "" });
    if let Some(event) = juju.failed(unit) {
        text.extend(["  failed: ".to_owned(), event.to_string(), "\n".to_owned()]);
    }
    text.extend(juju.opened_ports(unit).iter().map(|port| format!("  open {port}\n")));
    text.extend(juju.state(unit).iter().map(|(key, value)| format!("  state {key}={value}\n")));
    for id in juju.relations(application) {
        text.extend(
            juju.bag(id, unit).iter().map(|(key, value)| format!("  relation {id}: {key}={value}\n")),
        );
    }
    text
}

pub(super) fn status(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let (state, message) = stage.juju.status(&args[0]);
    let wanted = args.get(2).unwrap_or(&message);
    if (&state, &message) == (&args[1], wanted) {
        return Ok(());
    }
    Err(format!("{} is {state} {message:?}, not {} {wanted:?}", args[0], args[1]))
}

pub(super) fn hooks(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let ran = stage.runs.iter().filter(|run| *run.unit == args[0]);
    let ran: Vec<&str> = ran.map(|run| run.hook.as_str()).collect();
    if ran == args[1..] {
        return Ok(());
    }
    Err(format!("{} ran {}, not {}", args[0], list(&ran), list(&args[1..])))
}

pub(super) fn bag(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let id = stage.relation(&args[1])?;
    let bag =
        if args[0].contains('/') { stage.juju.bag(id, &args[0]) } else { stage.juju.app_bag(id, &args[0]) };
    has(&bag, &args[2..])
}

pub(super) fn state(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    has(&stage.juju.state(&args[0]), &args[1..])
}

fn has(bag: &Bag, wanted: &[String]) -> Result<(), String> {
    for (key, value) in pairs(wanted)? {
        let found = bag.get(&key).map_or("", String::as_str);
        if found != value {
            return Err(format!("{key} is {found:?}, not {value:?}"));
        }
    }
    Ok(())
}

pub(super) fn ports(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let ports = stage.juju.opened_ports(&args[0]);
    if ports == args[1..] {
        return Ok(());
    }
    Err(format!("{} has opened {}, not {}", args[0], list(&ports), list(&args[1..])))
}

pub(super) fn failed(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let failed = stage.juju.failed(&args[0]).map(|event| event.hook());
    if failed.as_ref() == Some(&args[1]) {
        return Ok(());
    }
    let found = failed.map_or("no failed hook".to_owned(), |hook| format!("{hook} failed"));
    Err(format!("{} has {found}, not {} failed", args[0], args[1]))
}

fn list<T: AsRef<str>>(words: &[T]) -> String {
    if words.is_empty() {
        return "nothing".to_owned();
    }
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")
}
