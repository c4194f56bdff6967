//! `make bench`: what a hook costs, ours and the field's, measured in one run and written into docs/.
//!
//! `BENCH_QUICK=1` makes it a short run. `OLDER_CHARM=/path/to.charm` compares with that charm alone, and writes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that fails ends")]
#![allow(clippy::print_stderr, reason = "it tells a person how far it is")]
#![allow(clippy::cast_precision_loss, reason = "numbers of clients and of KiB are small")]

mod aims;
mod deploy;
mod field;
mod machine;
mod measure;
mod older;
mod plot;
mod proxy;
mod remote;
mod report;
mod stage;
#[path = "../world/mod.rs"]
mod world;

use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    let quick = std::env::var_os("BENCH_QUICK").is_some_and(|quick| !quick.is_empty());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((remote::ARGUMENT, rest)) =
        arguments.split_first().map(|(first, rest)| (first.as_str(), rest))
    {
        return remote::serve(rest);
    }
    if let Some(archive) = std::env::var_os("OLDER_CHARM") {
        return older::compare(Path::new(&archive));
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let report = docs.join("benchmarks.md");
    if std::env::var_os("BENCH_PROXY").is_some_and(|alone| !alone.is_empty()) {
        let before = fs::read_to_string(&report).unwrap();
        let rows = proxy::run(quick);
        fs::write(report, report::with_proxies(&before, &rows, &machine::today(), &machine::machine()))
            .unwrap();
        return eprintln!("written: a section of docs/benchmarks.md");
    }
    field::lay_out();
    let contestants = field::laid_out();
    let proxies = proxy::run(quick);
    let cells = measure::run(&contestants, quick);
    let deployed = deploy::run(&contestants, &cells, quick);
    let facts = report::Facts {
        machine: machine::machine(),
        date: machine::today(),
        load: machine::load(),
        versions: format!(
            "{}, {}",
            field::versions(),
            machine::said_by(Command::new("nginx").arg("-v")).trim_start_matches("nginx version: ")
        ),
        quick,
    };
    fs::write(report, report::markdown(&cells, &deployed, &proxies, &facts)).unwrap();
    let under_title = format!("{}, {}", facts.date, facts.machine);
    fs::write(docs.join("benchmarks.svg"), plot::svg(&cells, &under_title)).unwrap();
    eprintln!("written: docs/benchmarks.md and docs/benchmarks.svg");
}
