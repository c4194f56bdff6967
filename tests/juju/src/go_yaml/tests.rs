//! What yaml.v2 itself made of these texts and values, put to ours.

use std::collections::BTreeMap;
use std::{env, fs};

use serde::Deserialize;
use serde_json::Value;

use super::{map_of_strings, text};
use crate::tree::Tree;

#[derive(Deserialize)]
struct Read {
    doc: String,
    map: Option<BTreeMap<String, String>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    value: Value,
    yaml: String,
    json: String,
}

/// Further recordings of the same form, a case a line, may be put to the test.
fn cases<T: serde::de::DeserializeOwned>(recorded: &str, more: &str) -> Vec<T> {
    let more = env::var(more).map(|path| fs::read_to_string(path).unwrap()).unwrap_or_default();
    recorded
        .split('\n')
        .chain(more.split('\n'))
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn no_differences(differences: &[String], cases: usize) {
    let shown: Vec<&str> = differences.iter().take(20).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} of {cases}\n{}", differences.len(), shown.join("\n"));
}

#[test]
fn texts_are_read_as_yaml_v2_reads_them() {
    let cases: Vec<Read> = cases(include_str!("read.jsonl"), "TEST_JUJU_YAML_READ");
    let mut differences = Vec::new();
    for case in &cases {
        let ours = map_of_strings(case.doc.as_bytes()).map_err(|error| format!("yaml: {error}"));
        let theirs = case.map.clone().ok_or_else(|| case.error.clone().unwrap_or_default());
        if ours != theirs {
            differences.push(format!("{:?}\n  yaml.v2: {theirs:?}\n  ours:    {ours:?}", case.doc));
        }
    }
    no_differences(&differences, cases.len());
}

#[test]
fn values_are_written_as_go_writes_them() {
    let cases: Vec<Written> = cases(include_str!("written.jsonl"), "TEST_JUJU_YAML_WRITTEN");
    let mut differences = Vec::new();
    for case in &cases {
        let tree = Tree::from(&case.value);
        let (yaml, json) = (text(&tree), tree.json());
        if (&yaml, &json) != (&case.yaml, &case.json) {
            let Written { value, yaml: theirs, .. } = case;
            differences.push(format!("{value}\n  yaml.v2: {theirs:?}\n  ours:    {yaml:?}\n  json {json}"));
        }
    }
    no_differences(&differences, cases.len());
}
