//! What it costs until so many clients are served that come one after another, from nothing.

use crate::field::Contestant;
use crate::measure::Cell;
use crate::stage::{Kind, Shape, Stage};

/// Applications with one unit each, and a request at once: created, joined and changed for each.
const HOOKS_OF_A_CLIENT: usize = 3;

pub(crate) struct Deployed {
    pub(crate) contestant: &'static str,
    pub(crate) clients: usize,
    /// All hooks together, in seconds.
    pub(crate) seconds: f64,
    /// Calculated from what single hooks cost, where running all of them would take too long.
    pub(crate) calculated: bool,
}

pub(crate) fn run(contestants: &[Contestant], cells: &[Cell], quick: bool) -> Vec<Deployed> {
    let mut all = Vec::new();
    for clients in [1, 10, 100, 1000] {
        for contestant in &contestants[..3] {
            let ours = contestant.name == "ours";
            let calculated = clients > if ours { 1000 } else { 10 };
            if quick && clients > if ours { 1000 } else { 100 } {
                continue;
            }
            let seconds =
                if calculated { calculate(contestant, cells, clients) } else { deploy(contestant, clients) };
            eprintln!("{clients} clients of {}: {seconds:.1} s", contestant.name);
            all.push(Deployed { contestant: contestant.name, clients, seconds, calculated });
        }
    }
    all
}

fn deploy(contestant: &Contestant, clients: usize) -> f64 {
    let mut stage = Stage::empty(contestant);
    stage.add_clients(Shape::Relations(clients));
    let runs = stage.settle();
    assert_eq!(runs.len(), clients * HOOKS_OF_A_CLIENT);
    runs.iter().map(|run| run.millis).sum::<f64>() / 1000.0
}

/// The hooks of each client cost what one hook costs with so many relations, between what was measured.
fn calculate(contestant: &Contestant, cells: &[Cell], clients: usize) -> f64 {
    let of_ours = |cell: &&Cell| {
        cell.contestant == contestant.name && cell.kind == Kind::Changed && cell.delay.is_zero()
    };
    let points: Vec<(f64, f64)> = cells
        .iter()
        .filter(of_ours)
        .filter(|cell| matches!(cell.shape, Shape::Relations(_)))
        .map(|cell| (cell.shape.count() as f64, cell.median()))
        .collect();
    let at = |count: f64| {
        let above = points.iter().position(|(x, _)| *x >= count).unwrap_or(points.len() - 1).max(1);
        let ((x1, y1), (x2, y2)) = (points[above - 1], points[above]);
        y1 + (y2 - y1) * (count - x1) / (x2 - x1)
    };
    (1..=clients).map(|count| at(count as f64) * HOOKS_OF_A_CLIENT as f64).sum::<f64>() / 1000.0
}
