//! The charm under `/`, on a machine as Juju finds it: a Debian with nothing on it, made for each test and thrown away.
//!
//! Each test of [`inside`] runs in this same program, on that machine; what is here makes the machine and looks on. It
//! takes root, `mmdebstrap` and `unshare`; without them the tests say so and pass, except where CI is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on ends, and tells its story"
)]

mod image;
mod inside;
mod refresh;
mod way_out;
#[path = "../world/mod.rs"]
mod world;

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use test_juju::Charm;

/// Where the machine shares a folder with the outside.
const SCRATCH: &str = "/scratch";

#[test]
fn from_an_empty_machine_to_its_last_trace() {
    on_a_new_machine(&["inside::life", "inside::after_a_reboot"]);
}

#[test]
fn an_installation_that_is_cut_short_is_made_up_for() {
    on_a_new_machine(&["inside::interruptions"]);
}

#[test]
fn what_an_older_version_has_left_is_taken_over() {
    if older_charm().is_none() {
        eprintln!("NOT RUN: make upgrade-check runs it, with an older charm");
        return;
    }
    on_a_new_machine(&["refresh::from_an_older_version"]);
}

/// Runs tests of this program on a machine of their own, which restarts between them.
fn on_a_new_machine(tests: &[&str]) {
    if let Some(missing) = image::missing() {
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        eprintln!("NOT RUN: {missing}");
        return;
    }
    let image = image::get();
    let scratch = tempfile::tempdir().unwrap();
    run(Command::new("cp").arg("-a").args([world::packed::folder(), &scratch.path().join("charm")]));
    if let Some(older) = older_charm() {
        Charm::packed(older, scratch.path().join("older"));
    }
    way_out::open(&scratch.path().join("way-out"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::current_exe().unwrap();
    let made = Command::new(source.join("tests/machine/enter"))
        .args([&image, scratch.path(), source, program.ancestors().nth(2).unwrap(), &program])
        .args(tests)
        .output()
        .unwrap();
    for test in tests {
        let said = |what: &str| {
            std::fs::read_to_string(scratch.path().join(format!("{test}.{what}"))).unwrap_or_default()
        };
        let output = said("out");
        println!("{output}");
        let passed = output.contains("1 passed");
        assert!(passed, "{test} failed: {made:?}\nThe machine's journal:\n{}", said("journal"));
    }
}

/// Where a packed charm of an older version lies.
fn older_charm() -> Option<OsString> {
    std::env::var_os("OLDER_CHARM").filter(|path| !path.is_empty())
}

/// Runs a program that must succeed; gives what it said.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed ({}): {said}{complained}", output.status);
    said
}
