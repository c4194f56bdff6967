use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{NAME, serving};

/// What testssl finds in any site with a certificate of its own, and headers that are the application's to send.
const KNOWN: [&str; 3] = ["cert_chain_of_trust", "cert_revocation", "security_headers"];

/// Takes minutes: `make scan`.
#[test]
fn testssl_finds_nothing_above_low_that_is_ours() {
    if std::env::var_os("SCAN").is_none() {
        return;
    }
    let (world, _, _web) = serving();
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("findings.json");
    Command::new("testssl")
        .args(["--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--jsonfile"])
        .args([report.to_str().unwrap(), &format!("{NAME}:{}", world.https_port)])
        .status()
        .expect("this test needs testssl: install the package testssl.sh");
    let findings: Vec<Value> = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let of = |severities: &[&str]| -> BTreeSet<&str> {
        let graded = |finding: &&Value| severities.contains(&finding["severity"].as_str().unwrap());
        findings.iter().filter(graded).map(|finding| finding["id"].as_str().unwrap()).collect()
    };
    assert!(of(&["OK"]).len() > 30, "it did not look: {findings:#?}");
    assert_eq!(of(&["MEDIUM", "HIGH", "CRITICAL"]), KNOWN.into());
}
