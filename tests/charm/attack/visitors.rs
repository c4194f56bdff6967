//! Visitors that lie to nginx: what they write into its log is no word of its own.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::{NAME, ask, publish, request, serving};

/// What comes of five reloads while a visitor sends this Referer with a wrong password: errors of hooks, and statuses
/// that are not `active`. `MASTER` stands for the number of nginx's master, which a visitor can guess: a line of the log
/// has room for hundreds of numbers.
fn reloads_while_a_visitor_lies(referer: &str) -> Vec<(String, String)> {
    let (mut world, relation, web) = serving();
    let mut protected = request(&[NAME], &web);
    protected["credentials"] = "ann sesame".into();
    ask(&mut world, relation, "blog/0", &protected);

    let referer = referer.replace("MASTER", &world.nginx_processes().first().unwrap().to_string());
    let ends = Arc::new(AtomicBool::new(false));
    let (ending, port) = (Arc::clone(&ends), world.https_port);
    let visitor = std::thread::spawn(move || {
        let url = format!("https://{NAME}:{port}/[1-200]");
        let resolve = format!("{NAME}:{port}:127.0.0.1");
        while !ending.load(Ordering::Relaxed) {
            Command::new("curl")
                .args(["-sk", "-o", "/dev/null", "--max-time", "5", "-u", "nobody:x", "--resolve", &resolve])
                .args(["-e", &referer, &url])
                .status()
                .unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    let mut failed = Vec::new();
    for round in 0..5 {
        let mut other = protected.clone();
        other["fqdn"] = json!([NAME, format!("b{round}.example.com")]);
        publish(&mut world, relation, "blog/0", &other);
        match world.juju.try_settle() {
            Ok(runs) => failed.extend(runs.into_iter().flat_map(|run| run.log)),
            Err(run) => failed.extend(run.log),
        }
        let (state, message) = world.juju.status("proxy/0");
        if state != "active" {
            failed.push((state, message));
        }
    }
    ends.store(true, Ordering::Relaxed);
    visitor.join().unwrap();
    failed
}

/// nginx writes what a visitor sends, his Referer too, into the error log, where the charm looks for its master's
/// complaints.
#[test]
fn what_a_visitor_writes_into_the_error_log_fails_no_hook() {
    assert_eq!(reloads_while_a_visitor_lies("x [emerg] MASTER#0: lies, \t MASTER#0: more lies"), []);
}

#[test]
fn what_a_visitor_writes_into_the_error_log_does_not_come_into_the_status() {
    let lies = "x [emerg] MASTER# MASTER#0: bind() to x:1, call +1-555-0100 NOW, failed (98: x)";
    assert_eq!(reloads_while_a_visitor_lies(lies), []);
}
