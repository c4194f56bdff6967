//! Many hooks of many stages, in turns, so that what disturbs the machine disturbs all of them.

use std::time::{Duration, Instant};

use crate::field::{self, Contestant};
use crate::remote::Remote;
use crate::stage::{Kind, Shape};

/// What one kind of hook costs.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) contestant: &'static str,
    pub(crate) shape: Shape,
    pub(crate) kind: Kind,
    /// Each call of a hook tool took so much besides.
    pub(crate) delay: Duration,
    pub(crate) millis: Vec<f64>,
    pub(crate) calls: usize,
    pub(crate) peak_kib: u64,
}

impl Cell {
    pub(crate) fn median(&self) -> f64 {
        median(&self.millis)
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    f64::midpoint(low, high)
}

pub(crate) const REAL_CALL: Duration = Duration::from_millis(4);

/// How many hooks of a kind are run: all of the small job itself; of the others enough of the fast ones, fewer of those
/// that take seconds.
struct Rounds {
    most: usize,
    least: usize,
    /// What one kind of hook may take altogether, beyond the least.
    budget: Duration,
}

impl Rounds {
    fn wants(&self, cell: &Cell) -> bool {
        let taken: f64 = cell.millis.iter().sum();
        let budget = self.budget.as_secs_f64() * 1000.0;
        let fits = taken + taken / (cell.millis.len().max(1) as f64) <= budget;
        let enough = if field::does_more(cell.contestant) && !fits { self.least } else { self.most };
        cell.millis.len() < enough
    }
}

type Staged = (&'static str, Shape, Remote);

pub(crate) fn run(contestants: &[Contestant], quick: bool) -> Vec<Cell> {
    let mut stages = set_stages(contestants, quick);
    let secs = Duration::from_secs;
    let fast = Rounds { most: if quick { 7 } else { 21 }, least: 5, budget: secs(50) };
    let mut cells = series(&mut stages, Duration::ZERO, &fast, &[Kind::Changed]);
    let fast = Rounds { budget: secs(15), ..fast };
    cells.extend(series(&mut stages, Duration::ZERO, &fast, &[Kind::Unchanged]));
    let delayed = Rounds { most: if quick { 5 } else { 21 }, least: 1, budget: secs(5) };
    cells.extend(series(&mut stages, REAL_CALL, &delayed, &[Kind::Changed]));
    cells
}

fn set_stages(contestants: &[Contestant], quick: bool) -> Vec<Staged> {
    let mut stages = Vec::new();
    for shape in [Shape::Units as fn(usize) -> Shape, Shape::Relations] {
        for count in [1, 10, 100, 1000, 10_000] {
            let measured = |contestant: &&Contestant| contestant.is_measured(shape(count), quick);
            for contestant in contestants.iter().filter(measured) {
                let begun = Instant::now();
                stages.push((contestant.name, shape(count), Remote::set(contestant, shape(count))));
                eprintln!("{}: {} set in {:.1?}", shape(count), contestant.name, begun.elapsed());
            }
        }
    }
    stages
}

fn series(stages: &mut [Staged], delay: Duration, rounds: &Rounds, kinds: &[Kind]) -> Vec<Cell> {
    let mut cells: Vec<(usize, Cell)> = Vec::new();
    for (place, (contestant, shape, stage)) in stages.iter_mut().enumerate() {
        for &kind in kinds {
            let (calls, peak_kib) = (0, if delay.is_zero() { stage.peak(kind) } else { 0 });
            let (contestant, shape, millis) = (*contestant, *shape, Vec::new());
            cells.push((place, Cell { contestant, shape, kind, delay, millis, calls, peak_kib }));
        }
    }
    for round in 1..=rounds.most {
        eprintln!("calls with {delay:?} more: round {round} of {}", rounds.most);
        for (place, cell) in cells.iter_mut().filter(|(_, cell)| rounds.wants(cell)) {
            let run = stages[*place].2.run(cell.kind, delay);
            cell.calls = run.calls;
            cell.millis.push(run.millis);
        }
    }
    cells.into_iter().map(|(_, cell)| cell).collect()
}
