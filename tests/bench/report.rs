//! docs/benchmarks.md: the tables, in one text.

use std::fmt::Write as _;
use std::time::Duration;

use crate::aims;
use crate::deploy::Deployed;
use crate::field::CALLS;
use crate::measure::{Cell, REAL_CALL};
use crate::proxy::Row;
use crate::stage::{Kind, Shape, thousands};

const HEAD: &str = include_str!("report.md");

/// The contestants in the order of the tables.
const ROWS: [&str; 9] = [
    CALLS,
    "ours",
    "ops",
    "charms.reactive",
    "ours, reading all",
    "ops, reading all",
    "ours, answering all",
    "ops, answering all",
    "charms.reactive, answering all",
];

pub(crate) struct Facts {
    pub(crate) machine: String,
    pub(crate) date: String,
    pub(crate) load: String,
    pub(crate) versions: String,
    pub(crate) quick: bool,
}

pub(crate) fn markdown(cells: &[Cell], deployed: &[Deployed], rows: &[Row], facts: &Facts) -> String {
    let mut text = HEAD
        .replace("MACHINE", &facts.machine)
        .replace("DATE", &facts.date)
        .replace("LOAD", &facts.load)
        .replace("VERSIONS", &facts.versions)
        .replace(
            "QUICK",
            if facts.quick { " A quick run (`BENCH_QUICK=1`): fewer hooks, smaller sizes." } else { "" },
        );
    text.push_str(&aims::table(cells, rows));
    let zero = Duration::ZERO;
    hooks(&mut text, "A hook whose answer changes", cells, Kind::Changed, zero);
    hooks(&mut text, "A hook that changes nothing", cells, Kind::Unchanged, zero);
    hooks(
        &mut text,
        "A hook whose answer changes, with 4 ms more for each call",
        cells,
        Kind::Changed,
        REAL_CALL,
    );
    deployments(&mut text, deployed);
    proxies(&mut text, rows, "");
    text
}

/// The same with a new section about the whole proxy, which stands at its end.
pub(crate) fn with_proxies(report: &str, rows: &[Row], date: &str, machine: &str) -> String {
    let (before, _) = report.split_once(PROXIES).expect("a report has that section");
    let mut text = before.to_owned();
    proxies(&mut text, rows, &format!("\nThis section was measured anew on {date}: {machine}."));
    text
}

/// How the section about the whole proxy begins.
const PROXIES: &str = "\n## The whole proxy\n";

fn hooks(text: &mut String, title: &str, cells: &[Cell], kind: Kind, delay: Duration) {
    let _ = write!(text, "\n## {title}\n\nWall time, tool calls");
    text.push_str(if delay.is_zero() { ", peak memory of the hook's own process.\n" } else { ".\n" });
    let of_table: Vec<&Cell> = cells.iter().filter(|cell| cell.kind == kind && cell.delay == delay).collect();
    for units in [true, false] {
        let of_shape = |cell: &&&Cell| matches!(cell.shape, Shape::Units(_)) == units;
        let cells: Vec<&Cell> = of_table.iter().filter(of_shape).copied().collect();
        let mut counts: Vec<usize> = cells.iter().map(|cell| cell.shape.count()).collect();
        counts.sort_unstable();
        counts.dedup();
        let _ = write!(text, "\n| {} |", if units { "units" } else { "relations" });
        let heads: Vec<String> = counts.iter().map(|count| thousands(*count)).collect();
        let _ = write!(text, " {} |", heads.join(" | "));
        let _ = writeln!(text, "\n| --- |{}", " --- |".repeat(counts.len()));
        for name in ROWS.iter().filter(|name| cells.iter().any(|cell| cell.contestant == **name)) {
            let _ = write!(text, "| {name} |");
            for count in &counts {
                let cell = cells.iter().find(|cell| cell.contestant == *name && cell.shape.count() == *count);
                let _ = write!(text, " {} |", cell.map_or_else(String::new, |cell| shown(cell)));
            }
            text.push('\n');
        }
    }
}

fn shown(cell: &Cell) -> String {
    let memory = match cell.peak_kib {
        0 => String::new(),
        kib => format!(", {:.1} MiB", kib as f64 / 1024.0),
    };
    let few = if cell.millis.len() < 20 { format!(" (n = {})", cell.millis.len()) } else { String::new() };
    format!("{}{few}, {}{memory}", millis(cell.median()), thousands(cell.calls))
}

/// Three digits are more than the machine's noise leaves.
fn millis(millis: f64) -> String {
    match millis {
        ..10.0 => format!("{millis:.1} ms"),
        10.0..1000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1000.0),
    }
}

fn deployments(text: &mut String, deployed: &[Deployed]) {
    text.push_str(
        "\n## From nothing\n\nSo many client applications come one after another, each with a request: all hooks \
         together, three a client.\nWith ≈ it is calculated from what one hook costs.\n\n\
         | clients | ours | ops | charms.reactive |\n| --- | --- | --- | --- |\n",
    );
    let mut counts: Vec<usize> = deployed.iter().map(|one| one.clients).collect();
    counts.dedup();
    for count in counts {
        let _ = write!(text, "| {} |", thousands(count));
        for name in ["ours", "ops", "charms.reactive"] {
            let one = deployed.iter().find(|one| one.clients == count && one.contestant == name);
            let shown = one.map(|one| {
                let about = if one.calculated { "≈ " } else { "" };
                format!("{about}{}", millis(one.seconds * 1000.0))
            });
            let _ = write!(text, " {} |", shown.unwrap_or_default());
        }
        text.push('\n');
    }
}

fn proxies(text: &mut String, rows: &[Row], anew: &str) {
    text.push_str(PROXIES);
    let _ = write!(
        text,
        "\nThis charm with a real nginx and so many sites, each of an application of its own. One \
         more request becomes a\nserved site; `nginx -t` tries that one, and the reload \
         reads all, which is waited for until new workers have\ntaken over. The rest is ours: the hook's calls, the \
         certificate, the files.{anew}\n\n\
         | sites | until it is served | `nginx -t`, `-v` | reload | ours | calls | our memory | a hook that changes nothing |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let passwords = if row.passwords { ", with passwords" } else { "" };
        let few = if row.hooks < 20 { format!(" (n = {})", row.hooks) } else { String::new() };
        let _ = writeln!(
            text,
            "| {}{passwords} | {}{few} | {} | {} | {} | {} | {:.1} MiB | {} |",
            thousands(row.sites),
            millis(row.total),
            millis(row.trial),
            millis(row.reload),
            millis(row.ours()),
            row.calls,
            row.peak_kib as f64 / 1024.0,
            millis(row.unchanged)
        );
    }
    text.push_str(
        "\nHooks that look at every site, one of each, with their calls and our memory: `update-status`, which compares \
         who is\nthere, and `start` after a restart of the machine, which reads everything anew and starts nginx. The first\n\
         `update-status` of a day (UTC) also looks for certificates that nobody needs. Memory is the peak until the last\n\
         call: where nothing changes, that comes before all sites are planned, and what planning takes is not seen.\n\n\
         | sites | update-status | start |\n| --- | --- | --- |\n",
    );
    for row in rows.iter().filter(|row| !row.passwords) {
        let [update_status, start] = [&row.update_status, &row.start].map(|look| {
            let mib = look.peak_kib as f64 / 1024.0;
            format!("{}, {}, {mib:.1} MiB", millis(look.millis), thousands(look.calls))
        });
        let _ = writeln!(text, "| {} | {update_status} | {start} |", thousands(row.sites));
    }
    text.push_str(
        "\nWhat nginx itself takes with that configuration, without us:\n\n\
         | sites | `nginx -t` | memory of the master | of a worker |\n| --- | --- | --- | --- |\n",
    );
    for row in rows.iter().filter(|row| !row.passwords) {
        let mib = |kib: u64| kib as f64 / 1024.0;
        let nginx = &row.nginx;
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} MiB | {:.0} MiB |",
            thousands(row.sites),
            millis(nginx.trial),
            mib(nginx.master_kib),
            mib(nginx.worker_kib)
        );
    }
}
