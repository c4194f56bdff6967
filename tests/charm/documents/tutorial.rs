//! docs/tutorial.md shows docs/tutorial.juju piece by piece, and scripts/tutorial plays it.

use std::fs;
use std::process::Command;

use crate::world::World;
use crate::world::pages::{Page, source};

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

/// Runs a script of the project as from a shell: what cargo tells a test would have crates built anew.
fn from_a_shell(script: &str, args: &[&str]) -> String {
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"];
    let kept = kept.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let played = Command::new(source(script)).args(args).env_clear().envs(kept).output().unwrap();
    let told = String::from_utf8_lossy(&played.stdout).into_owned();
    assert!(played.status.success(), "{told}{}", String::from_utf8_lossy(&played.stderr));
    told
}

#[test]
fn an_example_is_tried() {
    let told = from_a_shell("scripts/try-example", &["bash-client"]);
    assert!(told.contains("expect-status"), "{told}");
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
    let told = from_a_shell("scripts/tutorial", &[copy.to_str().unwrap(), &folder, &port]);
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
