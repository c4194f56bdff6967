//! Something goes wrong at a call of a hook tool: at each call of each hook.

use std::collections::BTreeSet;

use test_juju::{Fault, HookRun};

use crate::life::{Faults, Hook, disturbed, undisturbed_in};
use crate::pool::{self, is_soak};
use crate::stage::{ACTS, PROXY, Stage, Version, no_luck};
use crate::table::Table;

/// A fault in the hook of this number: what is said instead of an answer differs from hook to hook.
type Make = fn(usize) -> Fault;

const FAULTS: [(&str, Make); 4] = [
    ("kills the hook", |_| Fault::Kill),
    ("fails", |_| no_luck()),
    ("answers garbage", |hook| says(["{\"garb", ""][hook % 2])),
    ("answers another type", |hook| says(["null", "[7]", "\"x\""][hook % 3])),
];
const HANGS: &str = "hangs";

fn says(what: &str) -> Fault {
    Fault::Garbage(what.to_owned())
}

/// The same fault at the same call of every hook, or of one.
struct AtCall<'a> {
    name: &'a str,
    fault: Make,
    call: usize,
    only: Option<usize>,
    /// More upgrades, each with the fault at a later call: no other hook has so many.
    later: Vec<usize>,
    table: &'a Table,
    /// The last hook that has so many calls.
    last: usize,
    is_over: bool,
}

impl Faults for AtCall<'_> {
    fn before(&mut self, stage: &mut Stage, hook: &Hook) {
        if self.only.is_none_or(|only| only == hook.number) {
            stage.world.juju.on_call(PROXY, self.call, (self.fault)(hook.number));
        }
    }

    fn after(&mut self, _: &mut Stage, hook: &Hook, run: &HookRun) {
        let meant = self.only.is_none_or(|only| only == hook.number);
        self.is_over |= hook.number >= self.last;
        if run.attempt == 1 && meant {
            self.note(self.call, run);
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn act_over(&mut self, stage: &mut Stage, act: usize) {
        if ACTS[act].0 != "the charm is upgraded" {
            return;
        }
        for call in std::mem::take(&mut self.later) {
            let charm = stage.world.charm();
            stage.world.juju.refresh("proxy", &charm);
            stage.world.juju.on_call(PROXY, call, (self.fault)(call));
            let run = stage.attempt().unwrap();
            self.note(call, &run);
            stage.settle();
        }
    }
}

const UPGRADE: usize = 13;

impl AtCall<'_> {
    /// Counts the fault if the hook came to that call.
    fn note(&self, call: usize, run: &HookRun) {
        if let Some(call) = run.calls.get(call - 1) {
            self.table.count(&call.argv[0], self.name, if run.committed { "no matter" } else { "run again" });
        }
    }
}

/// A life in a Juju, and what its hooks call.
struct Lived {
    version: Version,
    hooks: Vec<(String, Vec<String>)>,
}

impl Lived {
    fn in_juju(version: Version) -> Self {
        let hooks = undisturbed_in(version).hooks;
        assert_eq!(hooks[UPGRADE].0, "upgrade-charm");
        Self { version, hooks }
    }

    fn calls(&self, hook: usize) -> usize {
        self.hooks[hook].1.len()
    }

    /// The most calls of a hook, but for the upgrade.
    fn most(&self) -> usize {
        let others = (0..self.hooks.len()).filter(|hook| *hook != UPGRADE);
        others.map(|hook| self.calls(hook)).max().unwrap()
    }

    /// Each fault, or in the Jujus of few only the one that leaves most behind; at each call.
    fn jobs(&self) -> impl Iterator<Item = (&Self, (&'static str, Make), usize)> {
        let everything = self.version == Version::Whole || is_soak();
        let faults = if everything { &FAULTS[..] } else { &FAULTS[..1] };
        faults.iter().flat_map(move |fault| (1..=self.most()).map(move |call| (self, *fault, call)))
    }

    /// Where docs/faults.md counts a fault.
    fn column(&self, fault: &str) -> String {
        match self.version {
            Version::Whole => fault.to_owned(),
            other => format!("{fault}, {}", other.name()),
        }
    }
}

#[test]
fn whatever_goes_wrong_at_any_call_the_end_is_the_same() {
    let table = Table::default();
    let lived = Version::ALL.map(Lived::in_juju);
    std::thread::scope(|scope| {
        let (table, hooks) = (&table, &lived[0].hooks);
        scope.spawn(move || hang(hooks, table));
        pool::each(lived.iter().flat_map(Lived::jobs), |(lived, (fault, make), call)| {
            let name = &lived.column(fault);
            let later =
                if call == 1 { (lived.most() + 1..=lived.calls(UPGRADE)).collect() } else { Vec::new() };
            let last = (0..lived.hooks.len()).rfind(|hook| lived.calls(*hook) >= call).unwrap();
            let mut faults =
                AtCall { name, fault: make, call, only: None, later, table, last, is_over: false };
            let what = format!("{}: call {call} of each hook {fault}", lived.version.name());
            disturbed(Stage::in_juju(lived.version), &mut faults, &what);
        });
    });
    eprintln!("{} faults at calls of hook tools", table.total());
    if is_soak() {
        return; // the table has the numbers of the everyday suite
    }
    let all = FAULTS.map(|(fault, _)| fault.to_owned()).into_iter().chain([HANGS.to_owned()]);
    let others = lived[1..].iter().map(|lived| lived.column(FAULTS[0].0));
    let columns: Vec<String> = all.chain(others).collect();
    table.is_documented("calls", "tool", &columns.iter().map(String::as_str).collect::<Vec<_>>(), true);
}

/// Calls that are never answered: with `SOAK` in the environment each of each hook, else one of each tool.
fn hang(hooks: &[(String, Vec<String>)], table: &Table) {
    let calls = if is_soak() { all_calls(hooks).collect() } else { first_calls(hooks) };
    // They do nothing but wait for our time limit.
    for some in calls.chunks(16) {
        std::thread::scope(|scope| {
            for &(tool, hook, call) in some {
                let only = Some(hook);
                let mut faults = AtCall {
                    name: HANGS,
                    fault: |_| Fault::Hang,
                    call,
                    only,
                    later: Vec::new(),
                    table,
                    last: hook,
                    is_over: false,
                };
                scope.spawn(move || {
                    disturbed(Stage::new(), &mut faults, &format!("{tool} hangs in hook {hook}"))
                });
            }
        });
    }
}

/// Each call of each hook: the tool, the hook, and which call that is.
fn all_calls(hooks: &[(String, Vec<String>)]) -> impl Iterator<Item = (&str, usize, usize)> {
    hooks.iter().enumerate().flat_map(|(hook, (_, calls))| {
        calls.iter().enumerate().map(move |(call, tool)| (tool.as_str(), hook, call + 1))
    })
}

/// Of each tool, the first.
fn first_calls(hooks: &[(String, Vec<String>)]) -> Vec<(&str, usize, usize)> {
    let mut seen = BTreeSet::new();
    all_calls(hooks).filter(|(tool, ..)| seen.insert(*tool)).collect()
}
