//! Something goes wrong at a file operation of the program itself: strace stops it there, or lets the operation fail.
//!
//! The everyday suite tries each kind of operation on each kind of file; with `SOAK` in the environment, each
//! operation of each hook.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use test_juju::HookRun;

use crate::life::{Faults, Hook, disturbed_on};
use crate::pool;
use crate::stage::{PROXY, Stage};
use crate::table::Table;
use crate::world::World;

const CALLS: &str = "openat,write,rename,renameat2,unlink,unlinkat,mkdir,rmdir,link,linkat,chmod,fchmod,fchmodat,\
    chown,fchown,ftruncate,fsync";

const FAULTS: [(&str, &str); 3] =
    [("kills the hook", "signal=KILL"), ("no space", "error=ENOSPC"), ("read-only", "error=EROFS")];

const NOTE: &str = "the note of what is served";

/// One operation of a hook: the system call, which of its kind it is, and what it is about.
#[derive(Debug, Clone)]
struct Operation {
    call: String,
    number: usize,
    kind: &'static str,
}

/// What strace is told for each hook, by number; nothing: it only looks on.
struct AtOperation<'a> {
    faults: BTreeMap<usize, (Operation, &'static str)>,
    column: &'static str,
    table: &'a Table,
    seen: Vec<Vec<Operation>>,
}

impl Faults for AtOperation<'_> {
    fn before(&mut self, stage: &mut Stage, hook: &Hook) {
        let inject = self.faults.get(&hook.number).map(|(operation, fault)| {
            format!("-e inject={}:{fault}:when={}", operation.call, operation.number)
        });
        let dir = stage.world.juju.charm_dir(PROXY);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("inject"), inject.unwrap_or_default()).unwrap();
    }

    fn after(&mut self, stage: &mut Stage, hook: &Hook, run: &HookRun) {
        if run.attempt > 1 {
            return;
        }
        let trace = fs::read_to_string(stage.world.juju.charm_dir(PROXY).join("trace")).unwrap_or_default();
        self.seen.push(operations(&trace, &stage.world));
        if let Some((operation, _)) = self.faults.get(&hook.number) {
            let outcome = if run.committed { "no matter" } else { "run again" };
            let step = format!("{} ({})", operation.kind, operation.call);
            self.table.count(&step, self.column, outcome);
        }
    }
}

fn stage() -> Stage {
    let mut world = World::new(11);
    world.put_before_charm(&format!(
        "inject=$JUJU_CHARM_DIR/inject\n\
         [ -e \"$inject\" ] || exec \"$real\" \"$@\"\n\
         faults=$(cat \"$inject\")\n\
         rm \"$inject\"\n\
         exec strace -qq -y -s 1 -o \"$JUJU_CHARM_DIR/trace\" -e trace={CALLS} $faults \"$real\" \"$@\""
    ));
    Stage::in_world(world)
}

/// The operations in a trace that change files of ours.
fn operations(trace: &str, world: &World) -> Vec<Operation> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut operations = Vec::new();
    let root = world.root().to_string_lossy().into_owned();
    for line in trace.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let number = numbers.entry(call).or_default();
        *number += 1;
        let reads =
            call == "openat" && !["O_CREAT", "O_WRONLY", "O_RDWR"].iter().any(|flag| rest.contains(flag));
        if let Some(kind) = kind(rest, &root).filter(|_| !reads) {
            operations.push(Operation { call: call.to_owned(), number: *number, kind });
        }
    }
    operations
}

/// What an operation is about, if it is about something of ours.
fn kind(arguments: &str, root: &str) -> Option<&'static str> {
    let is = |part: &str| arguments.contains(part);
    let state = [
        (".state/lock", "the lock"),
        (".state/view/", "a piece of the state"),
        ("flags.json", "the flag file"),
        (".state", "the state's folder"),
    ];
    let machine = [
        ("/certificates/", "a certificate"),
        ("/ca.crt", "a certificate"),
        ("/passwords/", "a password file"),
        ("/conf", "nginx's configuration"),
        ("served", NOTE),
        ("", "a folder"),
    ];
    let below =
        |places: &[(&str, &'static str)]| places.iter().find(|(part, _)| is(part)).map(|(_, kind)| *kind);
    below(&state).or_else(|| is(root).then(|| below(&machine)).flatten())
}

#[test]
fn whatever_goes_wrong_at_any_file_operation_the_end_is_the_same() {
    if !Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|end| end.success())
    {
        eprintln!("skipped: strace is missing, or may not trace here");
        return;
    }
    let table = Table::default();
    let mut look = AtOperation { faults: BTreeMap::new(), column: "", table: &table, seen: Vec::new() };
    disturbed_on(stage(), &mut look, "under strace");
    let plans = if std::env::var_os("SOAK").is_some() { every(&look.seen) } else { each_kind(&look.seen) };
    let jobs = FAULTS.iter().flat_map(|fault| plans.iter().map(move |plan| (fault, plan)));
    pool::each(jobs, |((column, fault), plan)| {
        let faults = plan.iter().map(|(hook, operation)| (*hook, (operation.clone(), *fault))).collect();
        let mut faults = AtOperation { faults, column, table: &table, seen: Vec::new() };
        disturbed_on(stage(), &mut faults, &format!("{column} at {plan:?}"));
    });
    eprintln!("{} faults at file operations, in {} lives", table.total(), plans.len() * FAULTS.len());
    if std::env::var_os("SOAK").is_none() {
        table.is_documented("operations", "operation", &FAULTS.map(|(column, _)| column), false);
    }
}

/// One operation a hook, by the hook's number.
type Plan = BTreeMap<usize, Operation>;

/// The n-th operation of each hook, for every n.
fn every(seen: &[Vec<Operation>]) -> Vec<Plan> {
    let most = seen.iter().map(Vec::len).max().unwrap_or_default();
    let nth = |n: usize| {
        let some = |(hook, operations): (usize, &Vec<Operation>)| Some((hook, operations.get(n)?.clone()));
        seen.iter().enumerate().filter_map(some).collect()
    };
    (0..most).map(nth).collect()
}

/// As few lives as it takes to meet each kind of operation once.
fn each_kind(seen: &[Vec<Operation>]) -> Vec<Plan> {
    let mut met: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut plans = Vec::new();
    loop {
        let mut plan = Plan::new();
        for (hook, operations) in seen.iter().enumerate() {
            // While nginx is waited for, files are opened as often as it takes: the number of this one differs.
            let is_sure =
                |operation: &Operation| (operation.call.as_str(), operation.kind) != ("openat", NOTE);
            let new = |operation: &&Operation| {
                is_sure(operation) && met.insert((operation.call.clone(), operation.kind))
            };
            if let Some(operation) = operations.iter().find(new) {
                plan.insert(hook, operation.clone());
            }
        }
        if plan.is_empty() {
            return plans;
        }
        plans.push(plan);
    }
}
