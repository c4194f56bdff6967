//! The picture: four panels, logarithmic both ways.

use std::fmt::Write as _;

use crate::measure::{Cell, REAL_CALL};
use crate::stage::{Kind, Shape, thousands};

const PANEL: (f64, f64) = (380.0, 270.0);
const LEFT: f64 = 72.0;
const TOP: f64 = 118.0;
const GAP: (f64, f64) = (64.0, 84.0);

/// Colour and dashes of each contestant's line.
const LINES: [(&str, &str, &str); 5] = [
    ("ours", "#c8321f", ""),
    ("ours, reading all", "#c8321f", "6 4"),
    ("ops", "#2a7f62", ""),
    ("ops, reading all", "#2a7f62", "6 4"),
    ("charms.reactive", "#31559e", ""),
];

const MOST_CLIENTS: f64 = 10_000.0;
/// The least and the most milliseconds that are shown.
const TIMES: (f64, f64) = (1.0, 30_000.0);

pub(crate) fn svg(cells: &[Cell], machine: &str) -> String {
    let width = LEFT + PANEL.0 * 2.0 + GAP.0 + 28.0;
    let height = TOP + PANEL.1 * 2.0 + GAP.1 + 62.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#333\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    text(
        &mut svg,
        (LEFT, 30.0),
        "font-size=\"18\" font-weight=\"bold\"",
        "One -changed hook that changes its answer",
    );
    text(&mut svg, (LEFT, 50.0), "fill=\"#777\"", machine);
    legend(&mut svg);
    for (row, delay) in [std::time::Duration::ZERO, REAL_CALL].into_iter().enumerate() {
        for (column, what) in
            ["units of one application", "applications, a relation each"].into_iter().enumerate()
        {
            let origin = (LEFT + column as f64 * (PANEL.0 + GAP.0), TOP + row as f64 * (PANEL.1 + GAP.1));
            let calls =
                if row == 0 { "tool calls as fast as they get" } else { "4 ms more for each tool call" };
            frame(&mut svg, origin, calls, what);
            let of_panel = |cell: &&Cell| {
                cell.delay == delay
                    && cell.kind == Kind::Changed
                    && matches!(cell.shape, Shape::Units(_)) == (column == 0)
            };
            for (name, colour, dashes) in LINES {
                let line: Vec<&Cell> =
                    cells.iter().filter(of_panel).filter(|cell| cell.contestant == name).collect();
                curve(&mut svg, origin, &line, colour, dashes);
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn text(svg: &mut String, (x, y): (f64, f64), attributes: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{text}</text>");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), attributes: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {attributes}/>");
}

fn legend(svg: &mut String) {
    let mut x = LEFT;
    for (name, colour, dashes) in LINES {
        line(svg, (x, 75.0), (x + 30.0, 75.0), &stroke(colour, dashes));
        text(svg, (x + 37.0, 79.5), "", name);
        x += 62.0 + name.len() as f64 * 7.2;
    }
}

fn stroke(colour: &str, dashes: &str) -> String {
    format!("stroke=\"{colour}\" stroke-width=\"2.2\" fill=\"none\" stroke-dasharray=\"{dashes}\"")
}

/// Where a value lies in a panel.
fn place((x0, y0): (f64, f64), clients: f64, millis: f64) -> (f64, f64) {
    let up = (millis.max(TIMES.0) / TIMES.0).ln() / (TIMES.1 / TIMES.0).ln();
    (x0 + PANEL.0 * clients.ln() / MOST_CLIENTS.ln(), y0 + PANEL.1 * (1.0 - up))
}

fn frame(svg: &mut String, origin: (f64, f64), title: &str, what: &str) {
    let (x0, y0) = origin;
    text(svg, (x0, y0 - 10.0), "font-weight=\"bold\"", title);
    for (millis, label) in
        [(1.0, "1 ms"), (10.0, "10 ms"), (100.0, "100 ms"), (1000.0, "1 s"), (10_000.0, "10 s")]
    {
        let (x, y) = place(origin, 1.0, millis);
        line(svg, (x, y), (x + PANEL.0, y), "stroke=\"#ddd\"");
        text(svg, (x - 8.0, y + 4.5), "text-anchor=\"end\" font-size=\"12\"", label);
    }
    for clients in [1, 10, 100, 1000, 10_000] {
        let (x, y) = place(origin, f64::from(clients), TIMES.0);
        line(svg, (x, y), (x, y - PANEL.1), "stroke=\"#ddd\"");
        let label = thousands(usize::try_from(clients).unwrap());
        text(svg, (x, y + 18.0), "text-anchor=\"middle\" font-size=\"12\"", &label);
    }
    let (width, height) = PANEL;
    let _ = writeln!(
        svg,
        "<rect x=\"{x0}\" y=\"{y0}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#999\"/>"
    );
    text(svg, (x0 + PANEL.0 / 2.0, y0 + PANEL.1 + 38.0), "text-anchor=\"middle\"", what);
}

fn curve(svg: &mut String, origin: (f64, f64), cells: &[&Cell], colour: &str, dashes: &str) {
    let points: Vec<(f64, f64)> =
        cells.iter().map(|cell| place(origin, cell.shape.count() as f64, cell.median())).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(svg, "<polyline points=\"{}\" {}/>", path.join(" "), stroke(colour, dashes));
    for (x, y) in points {
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
}
