//! Random sequences of events with faults among them, against a model that reads everything every time.
//!
//! A sequence follows from its number: `WALK=number` runs that one alone, `WALKS=count` so many. One that fails is
//! made as short as it can be.

mod model;
mod small;
mod steps;
mod walker;
mod whole;

use std::any::Any;
use std::env;
use std::mem;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::pool;
use crate::stage::Version;
use model::Walk;
use small::Small;
use steps::{Dice, Event, Step, Then, Trouble};
use walker::Walker;
use whole::Whole;

/// How many sequences the everyday suite makes, of the small charm and of the whole one.
const SMALL: u64 = 2000;
const WHOLE: u64 = 60;

const CLIENT: &str = "name: client\nrequires: {tls: {interface: ssl-termination}}";
const CLIENTS: [&str; 3] = ["blog", "shop", "wiki"];
const NAMES: [&str; 3] = ["a.example.com", "b.example.com", "c.example.com"];

/// The Juju of a sequence: 3.6 mostly.
fn version(seed: u64) -> Version {
    match seed % 8 {
        3 => Version::InParts,
        6 => Version::WithoutState,
        _ => Version::Whole,
    }
}

fn walk<W: Walker>(walker: W, version: Version, steps: &[Step]) -> Result<(), String> {
    let mut walk = Walk::new(walker, version)?;
    steps.iter().try_for_each(|step| walk.step(*step))?;
    walk.end_well()
}

/// What a walk says; one that panics has failed too.
fn outcome(walk: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let said = |panic: Box<dyn Any + Send>| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => {
            other.downcast::<&str>().map_or_else(|_| "it panicked".to_owned(), |text| (*text).to_owned())
        }
    };
    catch_unwind(AssertUnwindSafe(walk)).unwrap_or_else(|panic| Err(said(panic)))
}

/// Leaves out steps, and troubles or haste at one, as long as it still fails: at the end, none can be left out any more.
fn shrink(
    mut steps: Vec<Step>,
    mut why: String,
    walk: impl Fn(&[Step]) -> Result<(), String>,
) -> (Vec<Step>, String) {
    let fails = |steps: &[Step]| shorter(steps).find_map(|fewer| Some((walk(&fewer).err()?, fewer)));
    while let Some((said, fewer)) = fails(&steps) {
        (steps, why) = (fewer, said);
    }
    (steps, why)
}

/// A sequence without one of its steps, the last ones first, or with nothing but hooks after one.
fn shorter(steps: &[Step]) -> impl Iterator<Item = Vec<Step>> {
    let without =
        |at| steps.iter().enumerate().filter(move |(place, _)| *place != at).map(|(_, step)| *step).collect();
    let at_ease = |at: usize| {
        let mut steps = steps.to_vec();
        let then = mem::replace(&mut steps[at].1, Then::Hooks);
        (!matches!(then, Then::Hooks)).then_some(steps)
    };
    (0..steps.len()).rev().map(without).chain((0..steps.len()).filter_map(at_ease))
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// The sequences to walk: as many as usual, or as the environment says.
fn seeds(usual: u64) -> Range<u64> {
    match number("WALK") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WALKS").map_or(usual, |count| count * usual / SMALL),
    }
}

/// Walks all; says how many that were.
fn walk_all<W: Walker>(usual: u64, walker: impl Fn(u64) -> W + Sync) -> String {
    let seeds = seeds(usual);
    let (begin, made) = (Instant::now(), AtomicUsize::new(0));
    let count = seeds.end - seeds.start;
    pool::each(seeds, |seed| {
        let steps = Dice(seed).steps();
        made.fetch_add(steps.len(), Ordering::Relaxed);
        let walk = |steps: &[Step]| outcome(|| walk(walker(seed), version(seed), steps));
        if let Err(why) = walk(&steps) {
            let (steps, why) = shrink(steps, why, walk);
            panic!("walk {seed} ({}), made short:\n{steps:#?}\n{why}", version(seed).name());
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    format!("{count} sequences of {} steps in {seconds:.1} s", made.into_inner())
}

#[test]
fn of_a_walk_that_fails_only_what_it_takes_is_left() {
    let is = |step: &Step, event: &str| format!("{:?}", step.0) == event;
    // Fails with an Exec; where there is an Upgrade, only if a Reboot comes after it.
    let walk = |steps: &[Step]| {
        let at = |event| steps.iter().position(|step| is(step, event));
        let fails = at("Exec").is_some() && at("Upgrade").is_none_or(|upgrade| at("Reboot") > Some(upgrade));
        if fails { Err(format!("{} steps", steps.len())) } else { Ok(()) }
    };
    let steps = [Event::Upgrade, Event::Reboot, Event::Suspend(0), Event::Exec, Event::Exec];
    let steps = steps.map(|event| (event, Then::Trouble(Trouble::LoseLock))).to_vec();
    let (left, why) = shrink(steps, "5 steps".to_owned(), walk);
    assert_eq!((format!("{left:?}"), why.as_str()), ("[(Exec, Hooks)]".to_owned(), "1 steps"));
    // What panics has failed.
    let (left, why) = shrink(vec![(Event::Exec, Then::Another); 3], String::new(), |steps| {
        outcome(|| if steps.len() > 1 { panic!("{} are too many", steps.len()) } else { Ok(()) })
    });
    assert_eq!((left.len(), why.as_str()), (2, "2 are too many"));
}

#[test]
fn a_random_walk_ends_where_a_model_says_that_reads_everything_every_time() {
    let folder = small::charm();
    eprintln!("{}", walk_all(SMALL, |seed| Small::new(folder.path(), seed)));
}

#[test]
fn a_walk_of_the_whole_charm_ends_there_too_and_nginx_serves_it() {
    eprintln!("{} with nginx", walk_all(WHOLE, Whole::new));
}
