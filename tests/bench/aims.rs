//! What was aimed at, and what came of it.

use std::fmt::Write as _;

use crate::measure::Cell;
use crate::proxy::Row;
use crate::stage::{Kind, Shape};

const OURS: &str = "ours";

const READING: &str = "ours, reading all";
const ANSWERING: &str = "ours, answering all";

/// What is aimed at: another's time to ours with the same job, at least.
const RATIOS: [(&str, &str, Shape, f64); 10] = [
    ("charms.reactive", OURS, Shape::Units(1), 40.0),
    ("ops", OURS, Shape::Units(1), 25.0),
    ("charms.reactive", OURS, Shape::Units(1000), 200.0),
    ("ops", OURS, Shape::Units(1000), 200.0),
    ("ops, reading all", READING, Shape::Units(1000), 200.0),
    ("charms.reactive", OURS, Shape::Relations(1000), 500.0),
    ("ops", OURS, Shape::Relations(1000), 500.0),
    ("ops, reading all", READING, Shape::Relations(1000), 500.0),
    ("charms.reactive, answering all", ANSWERING, Shape::Relations(1000), 500.0),
    ("ops, answering all", ANSWERING, Shape::Relations(1000), 500.0),
];

/// Our time with many clients to that with one, at most.
const GROWTH: [(Shape, Shape, f64); 4] = [
    (Shape::Units(1000), Shape::Units(1), 1.5),
    (Shape::Units(10_000), Shape::Units(1), 3.0),
    (Shape::Relations(1000), Shape::Relations(1), 1.5),
    (Shape::Relations(10_000), Shape::Relations(1), 3.0),
];

pub(crate) fn table(cells: &[Cell], rows: &[Row]) -> String {
    let mut text = "## Aims\n\nWith tool calls as fast as they get, in a hook whose answer changes.\n\n\
         | what | aim | measured | |\n| --- | --- | --- | --- |\n"
        .to_owned();
    let find = |name: &str, shape: Shape, kind: Kind| {
        cells.iter().find(|cell| {
            (cell.contestant, cell.shape, cell.kind) == (name, shape, kind) && cell.delay.is_zero()
        })
    };
    let time = |name: &str, shape: Shape| find(name, shape, Kind::Changed).map(Cell::median);
    for (other, own, shape, aim) in RATIOS {
        if let (Some(ours), Some(theirs)) = (time(own, shape), time(other, shape)) {
            let ratio = theirs / ours;
            row(
                &mut text,
                &format!("{other}, {shape}"),
                &format!("≥ {aim} × {own}"),
                &format!("{ratio:.0} ×"),
                ratio >= aim,
            );
        }
    }
    for (many, one, aim) in GROWTH {
        if let (Some(many_time), Some(one_time)) = (time(OURS, many), time(OURS, one)) {
            let ratio = many_time / one_time;
            row(
                &mut text,
                &format!("ours, {many}"),
                &format!("≤ {aim} × {one}"),
                &format!("{ratio:.1} ×"),
                ratio <= aim,
            );
        }
    }
    let ours = || cells.iter().filter(|cell| cell.contestant == OURS && cell.delay.is_zero());
    for (kind, what, aim) in [(Kind::Unchanged, "unchanged", 2), (Kind::Changed, "changed", 5)] {
        let calls = ours().filter(|cell| cell.kind == kind).map(|cell| cell.calls).max().unwrap_or_default();
        row(
            &mut text,
            &format!("ours, most calls, answer {what}"),
            &format!("≤ {aim}"),
            &calls.to_string(),
            calls <= aim,
        );
    }
    let peak = ours().map(|cell| cell.peak_kib).max().unwrap_or_default() as f64 / 1024.0;
    row(&mut text, "ours, most memory at any size", "≤ 16 MiB", &format!("{peak:.1} MiB"), peak <= 16.0);
    for proxy in rows.iter().filter(|row| row.sites == 1000) {
        let passwords = if proxy.passwords { ", with passwords" } else { "" };
        let (total, ours) = (proxy.total / 1000.0, proxy.ours() / 1000.0);
        let measured = format!("{total:.1} s, {ours:.1} s of it ours");
        row(
            &mut text,
            &format!("a request is served, 1,000 sites{passwords}"),
            "≤ 3 s",
            &measured,
            total <= 3.0,
        );
    }
    text
}

fn row(text: &mut String, what: &str, aim: &str, measured: &str, met: bool) {
    let _ = writeln!(text, "| {what} | {aim} | {measured} | {} |", if met { "met" } else { "**missed**" });
}
