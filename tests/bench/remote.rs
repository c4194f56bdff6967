//! Stages in processes of their own. The tests' Juju starts each hook as a copy of itself, so a stage must not bear the
//! weight of all the others.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::field::{self, Contestant};
use crate::stage::{Kind, Shape, Stage};

/// The first argument of such a process.
pub(crate) const ARGUMENT: &str = "stage";

/// A stage that is set in another process.
pub(crate) struct Remote {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What came of a hook.
pub(crate) struct Cost {
    pub(crate) millis: f64,
    pub(crate) calls: usize,
}

impl Remote {
    pub(crate) fn set(contestant: &Contestant, shape: Shape) -> Self {
        let units = matches!(shape, Shape::Units(_));
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([
                ARGUMENT,
                contestant.name,
                if units { "units" } else { "relations" },
                &shape.count().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut remote = Self { process, orders, answers };
        assert_eq!(remote.answer(), ["ready"]);
        remote
    }

    pub(crate) fn run(&mut self, kind: Kind, delay: Duration) -> Cost {
        let answer = self.order(&format!("run {} {}", word(kind), delay.as_millis()));
        Cost { millis: answer[0].parse().unwrap(), calls: answer[1].parse().unwrap() }
    }

    /// The most memory of a hook's process, in KiB.
    pub(crate) fn peak(&mut self, kind: Kind) -> u64 {
        self.order(&format!("peak {} 0", word(kind)))[0].parse().unwrap()
    }

    fn order(&mut self, order: &str) -> Vec<String> {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Vec<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a stage has failed: see above");
        line.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = writeln!(self.orders, "end");
        let _ = self.process.wait();
    }
}

fn word(kind: Kind) -> &'static str {
    if kind == Kind::Changed { "changed" } else { "unchanged" }
}

/// The other process: sets the stage that the arguments name and takes orders until the end.
#[allow(clippy::print_stdout, reason = "the answers to the orders")]
pub(crate) fn serve(arguments: &[String]) {
    let [name, shape, count] = arguments else { panic!("{arguments:?}") };
    let count = count.parse().unwrap();
    let shape = if shape == "units" { Shape::Units(count) } else { Shape::Relations(count) };
    let contestants = field::laid_out();
    let contestant = contestants.iter().find(|contestant| contestant.name == name).unwrap();
    let mut stage = Stage::set(contestant, shape);
    println!("ready");
    for order in std::io::stdin().lines() {
        let order = order.unwrap();
        let [what, kind, delay] = order.split(' ').collect::<Vec<_>>()[..] else { return };
        let kind = if kind == "changed" { Kind::Changed } else { Kind::Unchanged };
        stage.set_call_delay(Duration::from_millis(delay.parse().unwrap()));
        if what == "peak" {
            println!("{}", stage.peak(kind));
        } else {
            let run = stage.run(kind);
            println!("{} {}", run.millis, run.calls.len());
        }
    }
}
