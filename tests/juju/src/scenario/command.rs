use std::time::Duration;

use serde_json::{Map, Value};

use super::expect;
use super::line::Line;
use super::stage::Stage;
use super::words::pairs;
use crate::{Fault, RelationId};

/// Something that a line can say.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) args: &'static str,
    pub(super) about: &'static str,
    /// The least and the most number of arguments.
    count: (usize, usize),
    play: Play,
}

type Say<'s> = &'s mut dyn FnMut(&str);
type Play = fn(&mut Stage, &Line, &[String], Say<'_>) -> Result<(), String>;

const MANY: usize = usize::MAX;

macro_rules! commands {
    ($($name:literal $args:literal $least:tt..$most:tt: $about:literal, $play:expr;)*) => {
        /// Every command.
        pub(super) const COMMANDS: &[Command] = &[$(Command {
            name: $name, args: $args, about: $about, count: ($least, $most), play: $play,
        }),*];
    };
}

commands! {
    "deploy" "FOLDER APPLICATION [UNITS]" 2..3: "Deploy the charm in a folder. `deploy --puppet NAME` has metadata.yaml indented below instead.", deploy;
    "env" "KEY=VALUE…" 1..MANY: "Variables for the hooks of charms that are deployed from now on.", |stage, _, args, _| { stage.env.extend(pairs(args)?); Ok(()) };
    "add-unit" "APPLICATION" 1..1: "One more unit.", |stage, _, args, _| { stage.juju.add_unit(&args[0]); Ok(()) };
    "integrate" "APPLICATION:ENDPOINT APPLICATION:ENDPOINT" 2..2: "Relate two applications.", integrate;
    "config" "APPLICATION KEY=VALUE…" 2..MANY: "Set options; an empty value goes back to the default.", config;
    "refresh" "APPLICATION FOLDER" 2..2: "Another version of the charm.", refresh;
    "remove-unit" "UNIT" 1..1: "Remove a unit.", |stage, _, args, _| { stage.juju.remove_unit(&args[0]); Ok(()) };
    "remove-application" "APPLICATION" 1..1: "Remove an application.", |stage, _, args, _| { stage.juju.remove_application(&args[0]); Ok(()) };
    "remove-relation" "RELATION" 1..1: "Remove a relation.", |stage, _, args, _| with_relation(stage, &args[0], |stage, id| stage.juju.remove_relation(id));
    "suspend-relation" "RELATION" 1..1: "Suspend a relation across models.", |stage, _, args, _| with_relation(stage, &args[0], |stage, id| stage.juju.suspend_relation(id));
    "resume-relation" "RELATION" 1..1: "Resume it.", |stage, _, args, _| with_relation(stage, &args[0], |stage, id| stage.juju.resume_relation(id));
    "elect" "UNIT" 1..1: "Make a unit the leader.", |stage, _, args, _| { stage.juju.elect(&args[0]); Ok(()) };
    "update-status" "UNIT" 1..1: "Time for update-status.", |stage, _, args, _| { stage.juju.update_status(&args[0]); Ok(()) };
    "reboot" "UNIT" 1..1: "Restart the machine of a unit.", |stage, _, args, _| { stage.juju.reboot(stage.juju.machine(&args[0])); Ok(()) };
    "relation-set" "UNIT RELATION KEY=VALUE…" 3..MANY: "Write a unit's databag from outside. An empty value deletes.", relation_set;
    "app-set" "APPLICATION RELATION KEY=VALUE…" 3..MANY: "Write an application's databag from outside.", app_set;
    "add-secret" "NAME KEY=VALUE…" 2..MANY: "A secret of the operator; its URI is printed.", add_secret;
    "update-secret" "NAME KEY=VALUE…" 2..MANY: "Another content for it.", |stage, _, args, _| { stage.juju.update_secret(&args[0], pairs(&args[1..])?); Ok(()) };
    "grant-secret" "NAME APPLICATION" 2..2: "Let an application read it.", |stage, _, args, _| { stage.juju.grant_secret(&args[0], &args[1]); Ok(()) };
    "settle" "[--errors]" 0..1: "Run hooks until nothing waits. With --errors one of them may keep failing.", |stage, _, args, say| stage.settle(args.first().is_some_and(|arg| arg == "--errors"), say);
    "step" "[UNIT]" 0..1: "Run one hook.", step;
    "exec" "UNIT COMMAND…" 2..MANY: "juju-exec a command beside the unit's hooks.", exec;
    "run-action" "UNIT ACTION [KEY=VALUE…]" 2..MANY: "Run an action. Values may be JSON.", run_action;
    "show-unit" "UNIT" 1..1: "Print a unit's status, ports, state and databags.", |stage, _, args, say| { say(&expect::unit(stage, &args[0])); Ok(()) };
    "fail-commit" "UNIT" 1..1: "The unit's next hook can't be committed.", |stage, _, args, _| { stage.juju.fail_commit(&args[0]); Ok(()) };
    "commit-and-rerun" "UNIT" 1..1: "The unit's next hook is committed, and run again.", |stage, _, args, _| { stage.juju.commit_and_rerun(&args[0]); Ok(()) };
    "refuse" "UNIT CALL [MESSAGE]" 2..3: "In the unit's next hook refuse the n-th call of a hook tool.", refuse;
    "delay" "UNIT CALL SECONDS" 3..3: "Delay it.", delay;
    "kill" "UNIT CALL" 2..2: "Kill the hook at it.", |stage, _, args, _| fault(stage, args, Fault::Kill);
    "resolve" "UNIT" 1..1: "juju resolve.", |stage, _, args, _| { stage.juju.resolve(&args[0]); Ok(()) };
    "skip-failed" "UNIT" 1..1: "juju resolve --no-retry.", |stage, _, args, _| { stage.juju.skip_failed(&args[0]); Ok(()) };
    "restart-agent" "UNIT" 1..1: "Restart the unit's agent.", |stage, _, args, _| { stage.juju.restart_agent(&args[0]); Ok(()) };
    "juju-version" "VERSION" 1..1: "Play another version of Juju.", |stage, _, args, _| { stage.juju.set_version(&args[0]); Ok(()) };
    "expect-status" "UNIT STATE [MESSAGE]" 2..3: "The unit's status must be this.", expect::status;
    "expect-hooks" "UNIT [HOOK…]" 1..MANY: "These hooks of the unit must have run in the last settle or step, in this order.", expect::hooks;
    "expect-bag" "UNIT RELATION KEY=VALUE…" 3..MANY: "The unit's or application's databag must have this. KEY= must not be there.", expect::bag;
    "expect-state" "UNIT KEY=VALUE…" 2..MANY: "The unit's charm state must have this.", expect::state;
    "expect-ports" "UNIT [PORT…]" 1..MANY: "The unit's opened ports must be these.", expect::ports;
    "expect-failed" "UNIT HOOK" 2..2: "The unit must be in error because of this hook.", expect::failed;
}

/// Do what a line says.
pub(super) fn play(stage: &mut Stage, line: &Line, say: Say<'_>) -> Result<(), String> {
    let Some((name, args)) = line.words.split_first() else { return Ok(()) };
    let command = COMMANDS.iter().find(|command| command.name == name).ok_or_else(|| {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        format!("no command {name:?}: there are {}", names.join(", "))
    })?;
    let (least, most) = command.count;
    if args.len() < least || args.len() > most {
        return Err(format!("write {} {}", command.name, command.args));
    }
    if !line.block.is_empty() && args.first().is_none_or(|arg| arg != "--puppet") {
        return Err("only deploy --puppet has indented lines below it".to_owned());
    }
    (command.play)(stage, line, args, say)
}

fn deploy(stage: &mut Stage, line: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let charm = stage.charm(&args[0], line)?;
    let units = args.get(2).filter(|word| !word.contains(':')).map_or(Ok(1), |text| text.parse());
    let units = units.map_err(|_| "the last word is a number of units".to_owned())?;
    if charm.metadata().subordinate {
        stage.juju.deploy_subordinate(&args[1], &charm);
    } else {
        stage.juju.deploy(&args[1], &charm, units);
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "as every command")]
fn integrate(stage: &mut Stage, _: &Line, args: &[String], say: Say<'_>) -> Result<(), String> {
    let id = stage.juju.relate(&args[0], &args[1]);
    say(&format!("relation {id}\n"));
    Ok(())
}

fn config(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    for (key, value) in pairs(&args[1..])? {
        let value =
            if value.is_empty() { Value::Null } else { stage.juju.option_value(&args[0], &key, &value) };
        stage.juju.configure(&args[0], [(key, value)]);
    }
    Ok(())
}

fn refresh(stage: &mut Stage, line: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let charm = stage.charm(&args[1], line)?;
    stage.juju.refresh(&args[0], &charm);
    Ok(())
}

fn with_relation(stage: &mut Stage, text: &str, act: fn(&mut Stage, RelationId)) -> Result<(), String> {
    let id = stage.relation(text)?;
    act(stage, id);
    Ok(())
}

fn relation_set(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let id = stage.relation(&args[1])?;
    stage.juju.relation_set(&args[0], id, pairs(&args[2..])?);
    Ok(())
}

fn app_set(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let id = stage.relation(&args[1])?;
    stage.juju.app_set(&args[0], id, pairs(&args[2..])?);
    Ok(())
}

fn add_secret(stage: &mut Stage, _: &Line, args: &[String], say: Say<'_>) -> Result<(), String> {
    let uri = stage.juju.add_secret(&args[0], pairs(&args[1..])?);
    say(&format!("{uri}\n"));
    Ok(())
}

fn step(stage: &mut Stage, _: &Line, args: &[String], say: Say<'_>) -> Result<(), String> {
    let run = match args.first() {
        Some(unit) => stage.juju.step_unit(unit),
        None => stage.juju.step(),
    };
    let run = run.ok_or("nothing waits")?;
    say(&run.trace());
    stage.runs = vec![run];
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "as every command")]
fn exec(stage: &mut Stage, _: &Line, args: &[String], say: Say<'_>) -> Result<(), String> {
    let command: Vec<&str> = args[1..].iter().map(String::as_str).collect();
    say(&stage.juju.exec(&args[0], &command).trace());
    Ok(())
}

fn run_action(stage: &mut Stage, _: &Line, args: &[String], say: Say<'_>) -> Result<(), String> {
    let params = pairs(&args[2..])?.into_iter().map(|(key, value)| {
        let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
        (key, value)
    });
    let params = Value::Object(params.collect::<Map<_, _>>());
    let action = stage.juju.run_action(&args[0], &args[1], params);
    say(&action.run.trace());
    for (key, value) in &action.results {
        say(&format!("  result {key}: {value}\n"));
    }
    if let Some(failure) = &action.failure {
        say(&format!("  failed: {failure}\n"));
    }
    Ok(())
}

fn fault(stage: &mut Stage, args: &[String], fault: Fault) -> Result<(), String> {
    let call = args[1].parse().map_err(|_| "write the number of the call, from 1")?;
    stage.juju.on_call(&args[0], call, fault);
    Ok(())
}

fn refuse(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let message = args.get(2).map_or("refused", String::as_str);
    fault(stage, args, Fault::refused(message))
}

fn delay(stage: &mut Stage, _: &Line, args: &[String], _: Say<'_>) -> Result<(), String> {
    let seconds = args[2].parse().map_err(|_| "write the delay in seconds, as 0.5")?;
    fault(stage, args, Fault::Delay(Duration::from_secs_f64(seconds)))
}
