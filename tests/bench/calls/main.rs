//! The small job of the benchmark without any framework, and without what one is for: nothing is remembered but in
//! Juju, nothing is parsed, nothing is safe against a failure. What it takes is what the calls of Juju's tools take.

#[path = "../small/peak.rs"]
mod peak;

use std::collections::BTreeMap;
use std::env;
use std::io::{Error, Result};
use std::process::{Child, Command, Stdio};

fn main() -> Result<()> {
    let done = answer();
    peak::note();
    done
}

fn answer() -> Result<()> {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let (relation, unit) = (variable("JUJU_RELATION_ID"), variable("JUJU_REMOTE_UNIT"));
    if unit.is_empty() || !variable("JUJU_DISPATCH_PATH").ends_with("-changed") {
        return Ok(());
    }
    // A key of Juju's state may not have every character that a unit's name has.
    let key = unit.replace('/', "-");
    let asked = begin("relation-get", &["--format=json", "-r", &relation, "-", &unit])?;
    let answered = begin("state-get", &[&key])?;
    let (asked, answered) = (said(asked)?, said(answered)?);
    let asked: BTreeMap<String, String> = serde_json::from_str(&asked)?;
    let request = asked.get("cert-request").map(String::as_str).unwrap_or_default();
    if request == answered.trim_end() {
        return Ok(());
    }
    let publish = begin("relation-set", &["-r", &relation, &format!("status={request}")])?;
    let remember = begin("state-set", &[&format!("{key}={request}")])?;
    said(publish).and(said(remember))?;
    Ok(())
}

fn begin(tool: &str, arguments: &[&str]) -> Result<Child> {
    Command::new(tool).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
}

fn said(tool: Child) -> Result<String> {
    let output = tool.wait_with_output()?;
    if !output.status.success() {
        return Err(Error::other(output.status.to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
