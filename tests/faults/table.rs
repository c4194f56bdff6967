//! The tables in docs/faults.md: written by the tests, so that they say what is tested.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How often each outcome came, by step and fault.
#[derive(Debug, Default)]
pub(crate) struct Table(Mutex<BTreeMap<String, BTreeMap<String, Outcomes>>>);

type Outcomes = BTreeMap<String, usize>;

static FILE: Mutex<()> = Mutex::new(());

impl Table {
    /// Counts an outcome. All that is counted ended as without the fault.
    pub(crate) fn count(&self, step: &str, fault: &str, outcome: &str) {
        let mut table = self.0.lock().unwrap();
        let row = table.entry(step.to_owned()).or_default();
        *row.entry(fault.to_owned()).or_default().entry(outcome.to_owned()).or_default() += 1;
    }

    /// How many faults have been counted.
    pub(crate) fn total(&self) -> usize {
        self.0.lock().unwrap().values().flat_map(BTreeMap::values).flat_map(BTreeMap::values).sum()
    }

    /// The table as text: a row a step, a column a fault.
    fn render(&self, steps: &str, faults: &[&str], counts: bool) -> String {
        let mut text =
            format!("| {steps} | {} |\n|{}\n", faults.join(" | "), " --- |".repeat(faults.len() + 1));
        for (step, row) in &*self.0.lock().unwrap() {
            let _ = write!(text, "| {step} |");
            for fault in faults {
                let outcomes = row.get(*fault).into_iter().flatten();
                let outcomes: Vec<String> = outcomes
                    .map(
                        |(outcome, count)| {
                            if counts { format!("{outcome} ×{count}") } else { outcome.clone() }
                        },
                    )
                    .collect();
                let _ = write!(
                    text,
                    " {} |",
                    if outcomes.is_empty() { "–".to_owned() } else { outcomes.join(", ") }
                );
            }
            text.push('\n');
        }
        text
    }

    /// The table must stand in the section of docs/faults.md; with `FAULTS=write` in the environment it is put there.
    pub(crate) fn is_documented(&self, section: &str, steps: &str, faults: &[&str], counts: bool) {
        let table = self.render(steps, faults, counts);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
        let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fs::read_to_string(&path).unwrap();
        let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- end of {section} -->"));
        let (before, rest) = text.split_once(&begin).unwrap();
        let (documented, after) = rest.split_once(&end).unwrap();
        if std::env::var("FAULTS").is_ok_and(|what| what == "write") {
            fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
            return;
        }
        assert_eq!(
            documented, table,
            "docs/faults.md is of another day: FAULTS=write cargo test --test faults"
        );
    }
}
