//! A whole life of the proxy, with faults in it, compared act by act with the life in which none happened.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use test_juju::{HookRun, Pending};

use crate::seen::{Seen, difference};
use crate::stage::{ACTS, Stage, Version};

/// A hook of the life.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    /// Which one it is, counted from 0.
    pub(crate) number: usize,
    /// Its name.
    pub(crate) name: String,
}

/// What goes wrong, and what is done about it.
pub(crate) trait Faults {
    /// Before an act.
    fn act_begins(&mut self, _: &mut Stage, _act: usize) {}
    /// Before a hook's first attempt.
    fn before(&mut self, stage: &mut Stage, hook: &Hook);
    /// After each attempt; what must come next for all to be well again comes by itself, or is done here.
    fn after(&mut self, _: &mut Stage, _: &Hook, _: &HookRun) {}
    /// After the hooks of an act, before anybody looks.
    fn act_over(&mut self, _: &mut Stage, _act: usize) {}
    /// Whether all has gone wrong that will, so that the life need not go on.
    fn is_over(&self) -> bool {
        false
    }
    /// Whether certificates may be lost by it.
    fn loses_certificates(&self) -> bool {
        false
    }
    /// Whether hooks are skipped by it, so that the state that Juju may go back to is one hook older.
    fn skips(&self) -> bool {
        false
    }
}

/// How a life went: what was seen after each act, and what its hooks cost.
pub(crate) struct Life {
    pub(crate) acts: Vec<Seen>,
    pub(crate) hooks: Vec<(String, Vec<String>)>,
}

/// The certificates that are, key and all, what they were an act ago.
const KEPT: &str = "certificates kept";

struct Nothing;
impl Faults for Nothing {
    fn before(&mut self, _: &mut Stage, _: &Hook) {}
}

/// The life without a fault.
pub(crate) fn undisturbed() -> &'static Life {
    static LIFE: OnceLock<Life> = OnceLock::new();
    LIFE.get_or_init(|| live(Stage::new(), &mut Nothing, None))
}

/// The life without a fault in this Juju: all that is seen is the same.
pub(crate) fn undisturbed_in(version: Version) -> Life {
    disturbed(Stage::in_juju(version), &mut Nothing, version.name())
}

/// Lives through all acts with these faults; each must end as it does without.
pub(crate) fn disturbed(stage: Stage, faults: &mut impl Faults, what: &str) -> Life {
    live(stage, faults, Some((undisturbed(), what)))
}

fn live(mut stage: Stage, faults: &mut impl Faults, compared: Option<(&Life, &str)>) -> Life {
    let mut life = Life { acts: Vec::new(), hooks: Vec::new() };
    let mut certificates: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (index, (act, perform)) in ACTS.iter().enumerate() {
        faults.act_begins(&mut stage, index);
        perform(&mut stage);
        while let Some(next) = stage.waiting() {
            let hook = Hook { number: life.hooks.len(), name: next.event.hook() };
            faults.before(&mut stage, &hook);
            let run = one_hook(&mut stage, faults, &hook, &next);
            life.hooks.push((hook.name, run.calls.iter().map(|call| call.argv[0].clone()).collect()));
        }
        faults.act_over(&mut stage, index);
        let mut seen = stage.seen();
        let now = stage.certificates();
        let kept = certificates.iter().filter(|(name, before)| now.get(*name) == Some(*before));
        let kept: Vec<&str> = kept.map(|(name, _)| name.as_str()).collect();
        seen.insert(KEPT.to_owned(), kept.join(" "));
        certificates = now;
        if let Some((should, what)) = compared {
            let mut should = should.acts[index].clone();
            if faults.loses_certificates() {
                should.remove(KEPT);
                seen.remove(KEPT);
            }
            let differs = difference(&should, &seen);
            assert!(differs.is_empty(), "{what}: after \"{act}\":\n{differs}");
        }
        life.acts.push(seen);
        forgets_password(&mut stage, index, compared.map_or("undisturbed", |(_, what)| what), faults.skips());
        if faults.is_over() {
            break;
        }
    }
    life
}

/// While shop is there its password is kept, and not longer: where a hook was skipped, an older state has it for one
/// hook more, since Juju may go back to that.
fn forgets_password(stage: &mut Stage, act: usize, what: &str, skips: bool) {
    let place = |name: &str| ACTS.iter().position(|(act, _)| *act == name).unwrap();
    if act == place("shop asks, for blog's name too") {
        assert!(stage.keeps_password());
    }
    if act >= place("shop's relation ends") {
        if skips && stage.keeps_password() {
            stage.update_status();
        }
        assert!(!stage.keeps_password(), "{what}: the password is on the disk");
    }
}

/// Runs one hook until it is done with; gives its first attempt.
fn one_hook(stage: &mut Stage, faults: &mut impl Faults, hook: &Hook, event: &Pending) -> HookRun {
    let mut first = None;
    loop {
        let Some(run) = stage.attempt() else { return first.unwrap() };
        faults.after(stage, hook, &run);
        let done = stage.waiting().is_none_or(|next| next != *event);
        assert!(done || run.attempt < 5, "a person would be needed: {}", run.trace());
        first.get_or_insert(run);
        if done {
            return first.unwrap();
        }
    }
}
