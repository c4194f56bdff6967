//! `make bench`: what a hook costs, ours and the field's, measured in one run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that fails ends")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it tells a person how far it is")]

mod field;
mod measure;
mod stage;

fn main() {
    let quick = std::env::var_os("BENCH_QUICK").is_some();
    let contestants = field::contestants(quick);
    let cells = measure::run(&contestants, quick);
    for cell in &cells {
        println!(
            "{:<20} {:>18} {:?} {:?}: {:8.2} ms (n={}), {} calls, {} KiB",
            cell.contestant,
            cell.shape.to_string(),
            cell.kind,
            cell.delay,
            cell.median(),
            cell.millis.len(),
            cell.calls,
            cell.peak_kib
        );
    }
}
