//! Something goes wrong at a file operation of the program itself: strace stops it there, or lets the operation fail.
//!
//! The everyday suite tries each kind of operation on each kind of file; with `SOAK` in the environment, each
//! operation of each hook.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use test_juju::HookRun;

use crate::around::skip;
use crate::life::{Faults, Hook, disturbed};
use crate::pool::{self, is_soak};
use crate::stage::{PROXY, Stage};
use crate::table::Table;
use crate::world::World;

const CALLS: &str = "openat,write,pwrite64,rename,renameat2,unlink,unlinkat,mkdir,rmdir,link,linkat,chmod,fchmod,fchmodat,\
    chown,fchown,fchownat,ftruncate,fsync,fdatasync,symlink,symlinkat,renameat,mkdirat";

const KILLED: Fault = ("kills the hook", "signal=KILL");
const NO_SPACE: Fault = ("no space", "error=ENOSPC");
const READ_ONLY: Fault = ("read-only", "error=EROFS");
const UNREADABLE: Fault = ("cannot be read", "error=EIO");
const SKIPPED: &str = "no space, and it is skipped";
const COLUMNS: [&str; 5] = [KILLED.0, NO_SPACE.0, SKIPPED, READ_ONLY.0, UNREADABLE.0];

const NOTE: &str = "the note of what is served";
const PROCESS: &str = "a process";

/// One operation of a hook: the system call, which of its kind it is, and what it is about.
#[derive(Debug, Clone, PartialEq)]
struct Operation {
    call: String,
    number: usize,
    kind: &'static str,
    /// Whether it opens a file to read it.
    reads: bool,
    /// Whether it has this number each time. While processes are looked for or waited for, files are opened as often
    /// as it takes.
    is_steady: bool,
    /// Whether strace marks it as the one where the fault was.
    is_injected: bool,
}

impl Operation {
    fn is_like(&self, other: &Self) -> bool {
        (self.name(), self.reads) == (other.name(), other.reads)
    }

    /// What it does to what.
    fn name(&self) -> String {
        format!("{} ({})", self.kind, self.call)
    }

    /// The faults that it can have.
    fn faults(&self) -> &'static [Fault] {
        if self.reads { &[UNREADABLE] } else { &[KILLED, NO_SPACE, READ_ONLY] }
    }
}

/// A column of the table, and what strace is told.
type Fault = (&'static str, &'static str);

/// A fault at an operation.
#[derive(Debug, Clone)]
struct Shot {
    fault: Fault,
    at: Operation,
}

/// A shot that met its operation, and whether the hook was committed nevertheless.
type Hit = (Shot, bool);

/// The number of a hook, and the shot that did not meet its operation in it.
type Missed = (usize, Shot);

/// A fault, and the hooks and operations at which it may be.
#[derive(Debug, Clone)]
struct Aim {
    fault: Fault,
    places: Vec<(usize, Operation)>,
}

/// At most one shot a hook, by the hook's number.
type Plan = BTreeMap<usize, Shot>;

/// Injects what is planned; without a plan strace looks at each hook.
#[derive(Default)]
struct AtOperation {
    plan: Option<Plan>,
    seen: Vec<Vec<Operation>>,
    /// The shots that met the operation at which they were aimed, and whether the hook was committed nevertheless.
    hit: Vec<Hit>,
    missed: Vec<Missed>,
    /// Whether a hook that fails is skipped.
    skips: bool,
    is_over: bool,
}

impl Faults for AtOperation {
    fn before(&mut self, stage: &mut Stage, hook: &Hook) {
        let injected = match &self.plan {
            None => String::new(),
            Some(plan) => match plan.get(&hook.number) {
                None => return,
                Some(Shot { fault: (_, fault), at }) => {
                    format!("-e inject={}:{fault}:when={}", at.call, at.number)
                }
            },
        };
        inject(stage, &injected);
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn skips(&self) -> bool {
        self.skips
    }

    fn act_over(&mut self, stage: &mut Stage, _: usize) {
        if self.skips {
            stage.update_status();
        }
    }

    fn after(&mut self, stage: &mut Stage, hook: &Hook, run: &HookRun) {
        if self.skips {
            skip(stage, run);
        }
        let last = self.plan.as_ref().and_then(|plan| plan.keys().last());
        self.is_over |= last.is_some_and(|last| hook.number >= *last);
        if run.attempt > 1 {
            return;
        }
        let trace = || fs::read_to_string(stage.world.juju.charm_dir(PROXY).join("trace"));
        match &self.plan {
            None => self.seen.push(operations(&trace().unwrap_or_default(), &stage.world)),
            Some(plan) => {
                let Some(shot) = plan.get(&hook.number) else { return };
                let operations = operations(&trace().unwrap(), &stage.world);
                let met = operations.iter().find(|operation| operation.is_injected);
                if met.is_some_and(|met| met.is_like(&shot.at)) {
                    self.hit.push((shot.clone(), run.committed));
                } else {
                    self.missed.push((hook.number, shot.clone()));
                }
            }
        }
    }
}

/// Nothing tells a hook what nginx's master is.
#[derive(Default)]
struct HiddenMaster {
    failed: usize,
}

impl Faults for HiddenMaster {
    fn before(&mut self, stage: &mut Stage, _: &Hook) {
        if let Some(master) = stage.world.nginx_processes().first() {
            inject(stage, &format!("-P /proc/{master}/cmdline -e inject=openat:error=EIO"));
        }
    }

    fn after(&mut self, _: &mut Stage, _: &Hook, run: &HookRun) {
        self.failed += usize::from(!run.committed);
    }
}

/// What strace is told for the next hook.
fn inject(stage: &Stage, faults: &str) {
    let dir = stage.world.juju.charm_dir(PROXY);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("inject"), faults).unwrap();
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

/// The operations in a trace that change files of ours, or read what a hook depends on.
fn operations(trace: &str, world: &World) -> Vec<Operation> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut operations = Vec::new();
    let mut waits = false;
    let root = world.root().to_string_lossy().into_owned();
    for line in trace.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let number = numbers.entry(call).or_default();
        *number += 1;
        let reads =
            call == "openat" && !["O_CREAT", "O_WRONLY", "O_RDWR"].iter().any(|flag| rest.contains(flag));
        let is_steady = call != "openat" || !waits;
        waits |= reads && ["\"/proc\"", "/children\""].iter().any(|path| rest.contains(path));
        let kind = if reads { kind(rest, &root).or_else(|| kind_of_read(rest)) } else { kind(rest, &root) };
        // How often a process is looked at while it is waited for is a matter of luck.
        if let Some(kind) = kind.filter(|kind| is_steady || *kind != PROCESS) {
            // A killed process never sees what the call gives.
            let is_injected = rest.contains("(INJECTED)") || rest.ends_with(" = ?");
            let (call, number) = (call.to_owned(), *number);
            operations.push(Operation { call, number, kind, reads, is_steady, is_injected });
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

/// What is read that is not ours.
fn kind_of_read(arguments: &str) -> Option<&'static str> {
    let path = arguments.split('"').nth(1)?;
    match path {
        "/etc/passwd" | "/etc/group" => Some("the accounts"),
        "/proc" => Some("the list of processes"),
        _ if path.ends_with("/metadata.yaml") => Some("the charm's metadata"),
        _ if path.starts_with("/proc/net/") => Some("the machine's addresses"),
        _ if path.starts_with("/proc") && !path.starts_with("/proc/self") => Some(PROCESS),
        _ => None,
    }
}

#[test]
fn whatever_goes_wrong_at_any_file_operation_the_end_is_the_same() {
    World::needs_strace();
    let mut look = AtOperation::default();
    disturbed(stage(), &mut look, "under strace");
    let table = Table::default();
    let kinds = each_kind(&look.seen);
    let full_disk = kinds.iter().filter(|aim| aim.fault == NO_SPACE).cloned().collect();
    let (skipped, lost) = shoot_all(full_disk, true);
    assert!(lost.is_empty(), "these faults were always somewhere else: {lost:#?}");
    for (Shot { at, .. }, committed) in &skipped {
        table.count(&at.name(), SKIPPED, if *committed { "no matter" } else { "the next hook" });
    }
    let (hit, missed) = shoot_all(if is_soak() { every(&look.seen) } else { kinds }, false);
    for (Shot { fault, at }, committed) in &hit {
        table.count(&at.name(), fault.0, if *committed { "no matter" } else { "run again" });
    }
    // Where each has one place alone: which opening of a file it is depends on how often a process was looked at.
    let is_sure = |aim: &&Aim| !is_soak() || aim.places[0].1.call != "openat";
    let always: Vec<&Aim> = missed.iter().filter(is_sure).collect();
    assert!(always.is_empty(), "these faults were always somewhere else: {always:#?}");
    let (total, missed) = (table.total(), missed.len());
    eprintln!("{total} faults at file operations; {missed} where the place never was the same");
    if is_soak() {
        return; // the table has those of the everyday suite
    }
    // Nobody else gives files away, and has all the operations.
    if rustix::process::geteuid().is_root() {
        table.is_documented("operations", "operation", &COLUMNS, false);
    }
}

#[test]
fn a_master_that_cannot_be_looked_at_is_not_taken_for_gone() {
    World::needs_strace();
    let mut hidden = HiddenMaster::default();
    disturbed(stage(), &mut hidden, "a hidden master");
    assert!(hidden.failed > 0);
}

/// All faults, and those of them that never were where they were meant to be.
///
/// A hook does the same each time. Should one not, as after another fault in the same life, the fault was somewhere
/// else: aim again, at another place, and at last in a life of its own.
fn shoot_all(mut aims: Vec<Aim>, skips: bool) -> (Vec<Hit>, Vec<Aim>) {
    let mut all = Vec::new();
    for turn in 0..5 {
        let plans = if turn < 3 { plans(&aims) } else { aims.iter().map(Aim::alone).collect() };
        let (hit, missed) = shoot(plans, skips);
        all.extend(hit);
        aims.retain(|aim| missed.iter().any(|(hook, shot)| aim.has(*hook, shot)));
        for aim in &mut aims {
            aim.places.rotate_left(1);
        }
    }
    (all, aims)
}

/// Lives lives with faults: those that were where they were meant to be, and those that were not.
fn shoot(plans: Vec<Plan>, skips: bool) -> (Vec<Hit>, Vec<Missed>) {
    let results = Mutex::new((Vec::new(), Vec::new()));
    pool::each(plans, |plan| {
        let what = format!("{plan:?}");
        let mut faults = AtOperation { plan: Some(plan), skips, ..AtOperation::default() };
        disturbed(stage(), &mut faults, &what);
        let mut results = results.lock().unwrap();
        results.0.extend(faults.hit);
        results.1.extend(faults.missed);
    });
    results.into_inner().unwrap()
}

/// Few lives for all of them, and short ones. Those with the fewest places take theirs first.
fn plans(aims: &[Aim]) -> Vec<Plan> {
    let mut aims: Vec<&Aim> = aims.iter().collect();
    aims.sort_by_key(|aim| aim.places.len());
    let mut plans: Vec<Plan> = Vec::new();
    for Aim { fault, places } in aims {
        let free = |plan: &Plan| places.iter().position(|(hook, _)| !plan.contains_key(hook));
        let (plan, place) = plans
            .iter()
            .enumerate()
            .find_map(|(plan, planned)| Some((plan, free(planned)?)))
            .unwrap_or((plans.len(), 0));
        if plan == plans.len() {
            plans.push(Plan::new());
        }
        let (hook, at) = places[place].clone();
        plans[plan].insert(hook, Shot { fault: *fault, at });
    }
    plans
}

/// Each fault at each operation of each hook.
fn every(seen: &[Vec<Operation>]) -> Vec<Aim> {
    let places = seen
        .iter()
        .enumerate()
        .flat_map(|(hook, operations)| operations.iter().map(move |operation| (hook, operation.clone())));
    places.flat_map(|place| Aim::each(&[place])).collect()
}

/// Each fault at each kind of operation on each kind of file, in the hooks where it has the same number each time.
fn each_kind(seen: &[Vec<Operation>]) -> Vec<Aim> {
    let mut kinds: BTreeMap<(String, bool), Vec<(usize, Operation)>> = BTreeMap::new();
    for (hook, operations) in seen.iter().enumerate() {
        for operation in operations.iter().filter(|operation| operation.is_steady) {
            let places = kinds.entry((operation.name(), operation.reads)).or_default();
            if places.last().is_none_or(|(last, _)| *last != hook) {
                places.push((hook, operation.clone()));
            }
        }
    }
    kinds.into_values().flat_map(|places| Aim::each(&places)).collect()
}

impl Aim {
    /// Each fault that operations of one kind can have.
    fn each(places: &[(usize, Operation)]) -> Vec<Self> {
        let faults = places[0].1.faults().iter();
        faults.map(|fault| Self { fault: *fault, places: places.to_vec() }).collect()
    }

    /// A life for its first place alone.
    fn alone(&self) -> Plan {
        let (hook, at) = self.places[0].clone();
        Plan::from([(hook, Shot { fault: self.fault, at })])
    }

    fn has(&self, hook: usize, shot: &Shot) -> bool {
        self.fault == shot.fault && self.places.contains(&(hook, shot.at.clone()))
    }
}
