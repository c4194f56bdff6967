//! Random sequences of events with faults among them, against a model that reads everything every time.
//!
//! A sequence follows from its number: `WALK=number` runs that one alone, `WALKS=count` so many. One that fails is
//! made as short as it can be.

mod model;
mod small;
mod steps;
mod walker;
mod whole;

use std::env;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::pool;
use model::Walk;
use small::Small;
use steps::{Dice, Step};
use walker::Walker;
use whole::Whole;

/// How many sequences the everyday suite makes, of the small charm and of the whole one.
const SMALL: u64 = 2000;
const WHOLE: u64 = 24;

const CLIENT: &str = "name: client\nrequires: {tls: {interface: ssl-termination}}";
const CLIENTS: [&str; 3] = ["blog", "shop", "wiki"];
const NAMES: [&str; 3] = ["a.example.com", "b.example.com", "c.example.com"];

fn walk<W: Walker>(walker: W, steps: &[Step]) -> Result<(), String> {
    let mut walk = Walk::new(walker)?;
    steps.iter().try_for_each(|step| walk.step(*step))?;
    walk.end_well()
}

/// Leaves out whatever can be left out, as long as it still fails.
fn shrink(
    mut steps: Vec<Step>,
    mut why: String,
    walk: impl Fn(&[Step]) -> Result<(), String>,
) -> (Vec<Step>, String) {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = vec![steps.clone(), steps.clone()];
        shorter[0].remove(at);
        shorter[1][at].1 = None;
        for shorter in shorter {
            if let Err(said) = walk(&shorter) {
                (steps, why) = (shorter, said);
                at = at.min(steps.len());
                break;
            }
        }
    }
    (steps, why)
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
        let walk = |steps: &[Step]| walk(walker(seed), steps);
        if let Err(why) = walk(&steps) {
            let (steps, why) = shrink(steps, why, walk);
            panic!("walk {seed}, made short:\n{steps:#?}\n{why}");
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    format!("{count} sequences of {} steps in {seconds:.1} s", made.into_inner())
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
