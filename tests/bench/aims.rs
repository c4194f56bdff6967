//! What was aimed at, and what came of it.

use std::fmt::Write as _;

use crate::field::CALLS;
use crate::measure::Cell;
use crate::proxy::Row;
use crate::stage::{Kind, Shape};

const OURS: &str = "ours";

const READING: &str = "ours, reading all";
const ANSWERING: &str = "ours, answering all";

/// What is aimed at: another's time to ours, at least. With many clients the aims come from charms as the field has them,
/// which read every unit in each hook and answer every relation.
const RATIOS: [(&str, Shape, f64); 8] = [
    ("charms.reactive", Shape::Units(1), 40.0),
    ("ops", Shape::Units(1), 25.0),
    ("charms.reactive", Shape::Units(1000), 200.0),
    ("ops, reading all", Shape::Units(1000), 200.0),
    ("ops", Shape::Units(1000), 200.0),
    ("charms.reactive", Shape::Relations(1000), 500.0),
    ("ops, answering all", Shape::Relations(1000), 500.0),
    ("ops", Shape::Relations(1000), 500.0),
];

/// Jobs that grow with the number of clients whoever does them: another's, and ours that does the same.
const GROWING: [(&str, &str, Shape); 6] = [
    ("ops, reading all", READING, Shape::Units(1000)),
    ("charms.reactive", READING, Shape::Units(1000)),
    ("ops, reading all", READING, Shape::Relations(1000)),
    ("charms.reactive", READING, Shape::Relations(1000)),
    ("ops, answering all", ANSWERING, Shape::Relations(1000)),
    ("charms.reactive, answering all", ANSWERING, Shape::Relations(1000)),
];

/// Our time with many clients to that with one, at most.
const GROWTH: [(Shape, Shape, f64); 4] = [
    (Shape::Units(1000), Shape::Units(1), 1.5),
    (Shape::Units(10_000), Shape::Units(1), 3.0),
    (Shape::Relations(1000), Shape::Relations(1), 1.5),
    (Shape::Relations(10_000), Shape::Relations(1), 3.0),
];

pub(crate) fn table(cells: &[Cell], rows: &[Row]) -> String {
    let mut text = "## Aims\n\nWith tool calls as fast as they get, in a hook whose answer changes. With many clients the aims were set \
         from charms as\nthe field has them, which read every unit in each hook and answer every relation: \
         charms.reactive does the first by\nitself, of ops those are *reading all* and *answering all*.\n\n\
         | what | aim | measured | |\n| --- | --- | --- | --- |\n"
        .to_owned();
    let find = |name: &str, shape: Shape, kind: Kind| {
        cells.iter().find(|cell| {
            (cell.contestant, cell.shape, cell.kind) == (name, shape, kind) && cell.delay.is_zero()
        })
    };
    let time = |name: &str, shape: Shape| find(name, shape, Kind::Changed).map(Cell::median);
    for (other, shape, aim) in RATIOS {
        if let (Some(ours), Some(theirs)) = (time(OURS, shape), time(other, shape)) {
            let ratio = theirs / ours;
            row(
                &mut text,
                &format!("{other}, {shape}"),
                &format!("≥ {aim} × {OURS}"),
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
    for contestant in [OURS, READING, ANSWERING] {
        let of_it = cells.iter().filter(|cell| cell.contestant == contestant);
        let peak = of_it.map(|cell| cell.peak_kib).max().unwrap_or_default() as f64 / 1024.0;
        let what = format!("{contestant}, most memory at any size");
        row(&mut text, &what, "≤ 16 MiB", &format!("{peak:.1} MiB"), peak <= 16.0);
    }
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
    floor(&mut text, &time);
    growing(&mut text, &time);
    text
}

/// How far an aim can be reached at all: the calls of Juju's tools take their time whoever makes them.
fn floor(text: &mut String, time: &impl Fn(&str, Shape) -> Option<f64>) {
    for (other, shape, aim) in RATIOS {
        if let (Some(theirs), Some(ours), Some(calls)) =
            (time(other, shape), time(OURS, shape), time(CALLS, shape))
            && theirs / ours < aim
        {
            let _ = writeln!(
                text,
                "\nOf {other} at {shape}, a 1/{aim} would be {:.1} ms. The calls alone take {calls:.1} ms, ours {ours:.1} ms.",
                theirs / aim
            );
        }
    }
}

fn growing(text: &mut String, time: &impl Fn(&str, Shape) -> Option<f64>) {
    text.push_str(
        "\nWhere the job itself grows with the number of clients, so does ours: reading all costs work, though no call; \
         answering all costs a call for each relation, whoever makes it.\n\n| what | ours that does the same | |\n| --- | --- | --- |\n",
    );
    for (other, own, shape) in GROWING {
        if let (Some(ours), Some(theirs)) = (time(own, shape), time(other, shape)) {
            let _ = writeln!(text, "| {other}, {shape} | {own} | {:.0} × |", theirs / ours);
        }
    }
}

fn row(text: &mut String, what: &str, aim: &str, measured: &str, met: bool) {
    let _ = writeln!(text, "| {what} | {aim} | {measured} | {} |", if met { "met" } else { "**missed**" });
}
