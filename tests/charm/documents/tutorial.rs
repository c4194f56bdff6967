//! What pages have run in the project's folder: examples, scenarios, and the tutorial, which shows docs/tutorial.juju piece
//! by piece.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::places::{Place, place};
use crate::examples;
use crate::world::pages::{Page, source};
use crate::world::{World, packed};

/// What is neither a comment nor empty.
fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn the_tutorial_shows_its_scenario_piece_by_piece() {
    let page = Page::read("docs/tutorial.md");
    let shown = page.fences("juju").concat();
    let scenario = fs::read_to_string(source("docs/tutorial.juju")).unwrap();
    assert_eq!(lines(&shown), lines(&scenario));
}

/// Runs a command in the project's folder as from a shell: what cargo tells a test would have crates built anew.
fn from_a_shell(command: &str) -> String {
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"];
    let kept = kept.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let mut shell = Command::new("bash");
    let ran = shell.args(["-c", command]).current_dir(source(".")).env_clear().envs(kept).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{command}: {told}{}", String::from_utf8_lossy(&ran.stderr));
    told
}

/// As the pages say; a charm of one's own is one of the examples, which is laid out before, and the player of scenarios is
/// built already.
#[test]
fn examples_are_tried() {
    let player = packed::binary().with_file_name("test-juju").display().to_string();
    let others = [
        ("cargo run -p test-juju --bin test-juju --", player.as_str()),
        ("NAME", "bash-client"),
        ("my-charm", "target/examples/bash-client"),
        ("[SEED]", "7"),
    ];
    let commands = Page::all().into_iter().flat_map(|page| page.commands());
    let commands = commands.filter(|command| place(command) == Place::Project);
    let ready = |text: String| others.iter().fold(text, |text, (one, other)| text.replace(one, other));
    let commands: BTreeSet<String> = commands.map(|command| ready(command.text)).collect();
    let scripts = commands.iter().filter(|command| command.starts_with("scripts/"));
    let scripts: Vec<&String> = scripts
        .filter(|command| !command.contains("python") || examples::laid_out("python-client").is_some())
        .collect();
    let played = commands.iter().filter(|command| !command.starts_with("scripts/"));
    for command in scripts.into_iter().chain(played) {
        assert!(from_a_shell(command).contains("> expect-status"), "{command}");
    }
}

#[test]
fn the_tutorial_works_from_top_to_bottom() {
    const FOLDER: &str = "/tmp/ssl-termination-tutorial";
    // A world of its own, for ports that are free.
    let (world, other) = (World::new(1), World::new(1));
    let folder = world.path("machine").display().to_string();
    let mut scenario = fs::read_to_string(source("docs/tutorial.juju")).unwrap();
    for (port, free) in [("8080", world.http_port), ("8443", world.https_port), ("8000", other.http_port)] {
        assert!(scenario.contains(port));
        scenario = scenario.replace(port, &free.to_string());
    }
    assert!(scenario.contains(FOLDER));
    let copy = world.path("copy.juju");
    fs::write(&copy, scenario.replace(FOLDER, &folder)).unwrap();

    let port = other.http_port.to_string();
    let told = from_a_shell(&format!("scripts/tutorial {} {folder} {port}", copy.display()));
    assert_eq!(told.matches("stdout: Hello from my-blog").count(), 2, "{told}");
    for said in [
        "stderr: curl: (60) SSL certificate problem",
        "warn trust: no browser trusts the self-signed certificates of blog.example.com",
        "-----BEGIN CERTIFICATE-----",
        "verdict: blog.example.com: taken: blog-tls (ssl-termination:1) has it",
    ] {
        assert!(told.contains(said), "{said}\nis not in\n{told}");
    }
    assert!(!world.path("machine").exists());
}
