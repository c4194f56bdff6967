//! What `.ci/run` runs: targets of make, cargo, scripts, and what those call in turn.

use std::collections::BTreeSet;
use std::fs;

use crate::world::pages::{Command, source};

/// Where it begins; the tests of the tutorial run scripts too.
const ROOTS: [&str; 2] = [".ci/run", "tests/charm/documents/tutorial.rs"];

/// Lines of what is run, as they are written there.
pub(super) fn reached() -> BTreeSet<String> {
    let makefile = fs::read_to_string(source("Makefile")).unwrap();
    let read = |path: &str| fs::read_to_string(source(path)).unwrap_or_default();
    let mut left: Vec<String> =
        ROOTS.iter().flat_map(|root| read(root).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut reached = BTreeSet::new();
    while let Some(line) = left.pop() {
        let line = line.trim().trim_start_matches('@').replace(" --quiet", "");
        if line.starts_with('#') || !reached.insert(line.clone()) {
            continue;
        }
        for target in line.strip_prefix("make ").iter().flat_map(|targets| targets.split_whitespace()) {
            left.extend(recipe(&makefile, target));
        }
        for script in line.split("scripts/").skip(1) {
            let name = script.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap();
            left.extend(read(&format!("scripts/{name}")).lines().map(str::to_owned));
        }
    }
    reached
}

/// What make does for a target, and before it for others.
fn recipe(makefile: &str, target: &str) -> Vec<String> {
    let mut lines = makefile.lines().skip_while(|line| !line.starts_with(&format!("{target}:")));
    let before = lines.next().and_then(|line| line.split_once(':')).map_or("", |(_, before)| before);
    let before = before.split_whitespace().map(|target| format!("make {target}"));
    before.chain(lines.take_while(|line| line.starts_with('\t')).map(str::to_owned)).collect()
}

/// Whether a command of a page is run, perhaps with other options.
pub(super) fn runs(reached: &BTreeSet<String>, command: &Command) -> bool {
    let has = |text: &str| reached.iter().any(|line| line.contains(text));
    match command.words().collect::<Vec<_>>().as_slice() {
        [".ci/run"] => true,
        ["make", targets @ ..] => targets.iter().all(|target| reached.contains(&format!("make {target}"))),
        // All tests of all packages are.
        ["cargo", "test", "--test", name, ..] => {
            has("cargo test --workspace") && source(&format!("tests/{name}/main.rs")).exists()
        }
        ["cargo", "build" | "test", "-p", "test-juju", ..] => has("cargo test --workspace"),
        ["charmcraft", name, ..] => has(&format!("charmcraft {name}")),
        [script, ..] if script.starts_with("scripts/") => source(script).exists() && has(script),
        words => has(&words.join(" ")),
    }
}
