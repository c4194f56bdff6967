//! Something goes wrong at a call of a hook tool: at each call of each hook.

use std::collections::BTreeSet;

use test_juju::{Fault, HookRun};

use crate::life::{Faults, Hook, disturbed, undisturbed};
use crate::pool;
use crate::stage::{PROXY, Stage};
use crate::table::Table;

type Make = fn() -> Fault;

const FAULTS: [(&str, Make); 4] = [
    ("kills the hook", || Fault::Kill),
    ("fails", || Fault::Refuse { exit: 1, stderr: "ERROR no luck".to_owned() }),
    ("answers garbage", || Fault::Garbage("{\"garb".to_owned())),
    ("answers null", || Fault::Garbage("null".to_owned())),
];
const HANGS: &str = "hangs";

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
            stage.world.juju.on_call(PROXY, self.call, (self.fault)());
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

    fn act_over(&mut self, stage: &mut Stage, act: &str) {
        if act != "the charm is upgraded" {
            return;
        }
        for call in std::mem::take(&mut self.later) {
            let charm = stage.world.charm();
            stage.world.juju.refresh("proxy", &charm);
            stage.world.juju.on_call(PROXY, call, (self.fault)());
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

#[test]
fn whatever_goes_wrong_at_any_call_the_end_is_the_same() {
    let table = Table::default();
    let hooks = &undisturbed().hooks;
    assert_eq!(hooks[UPGRADE].0, "upgrade-charm");
    let calls = |hook: &usize| hooks[*hook].1.len();
    let most = (0..hooks.len()).filter(|hook| *hook != UPGRADE).map(|hook| calls(&hook)).max().unwrap();
    std::thread::scope(|scope| {
        let table = &table;
        scope.spawn(move || hang(hooks, table));
        let jobs = FAULTS.iter().flat_map(|fault| (1..=most).map(move |call| (fault, call)));
        pool::each(jobs, |((name, fault), call)| {
            let later = if call == 1 { (most + 1..=calls(&UPGRADE)).collect() } else { Vec::new() };
            let last = (0..hooks.len()).rfind(|hook| calls(hook) >= call).unwrap();
            let mut faults =
                AtCall { name, fault: *fault, call, only: None, later, table, last, is_over: false };
            disturbed(&mut faults, &format!("call {call} of each hook {name}"));
        });
    });
    eprintln!("{} faults at calls of hook tools", table.total());
    if std::env::var_os("SOAK").is_some() {
        return; // the table has the numbers of the everyday suite
    }
    table.is_documented(
        "calls",
        "tool",
        &["kills the hook", "fails", "answers garbage", "answers null", HANGS],
        true,
    );
}

/// Calls that are never answered: with `SOAK` in the environment each of each hook, else one of each tool.
fn hang(hooks: &[(String, Vec<String>)], table: &Table) {
    let calls =
        if std::env::var_os("SOAK").is_some() { all_calls(hooks).collect() } else { first_calls(hooks) };
    // They do nothing but wait for our time limit.
    for some in calls.chunks(16) {
        std::thread::scope(|scope| {
            for &(tool, hook, call) in some {
                let only = Some(hook);
                let mut faults = AtCall {
                    name: HANGS,
                    fault: || Fault::Hang,
                    call,
                    only,
                    later: Vec::new(),
                    table,
                    last: hook,
                    is_over: false,
                };
                scope.spawn(move || disturbed(&mut faults, &format!("{tool} hangs in hook {hook}")));
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
