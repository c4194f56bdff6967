//! A small charm that does nothing but answer, in each hook: cheap enough for thousands of walks.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_juju::{Charm, Juju};

use super::walker::{Asked, Walker};

const METADATA: &str = "name: proxy\nprovides: {ssl-termination: {interface: ssl-termination}}\n";

pub(crate) struct Small {
    juju: Juju,
    charm: Charm,
}

impl Small {
    /// In memory, where the system offers that: a walk is little else than small files.
    pub(crate) fn new(charm: &Path, seed: u64) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
        Self { juju: Juju::new_in(&folder, seed), charm: Charm::at(charm) }
    }
}

impl Walker for Small {
    fn juju(&self) -> &Juju {
        &self.juju
    }

    fn juju_mut(&mut self) -> &mut Juju {
        &mut self.juju
    }

    fn charm(&self) -> Charm {
        self.charm.clone()
    }

    fn deploy(&mut self) {
        self.juju.deploy("proxy", &self.charm, 1);
    }

    fn request(&self, _: usize, names: &[&str]) -> Value {
        json!({ "fqdn": names })
    }

    fn should_tell(&self, granted: &BTreeSet<&String>, asked: &Asked) -> Value {
        json!({"granted": granted, "asked": asked})
    }

    fn tells(&self, status: Value) -> Value {
        status
    }

    fn granted(&self, status: &Value) -> BTreeSet<String> {
        let names = status["granted"].as_array().unwrap();
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

/// The charm's folder: its hooks are relations', and those in which it may find out what it has missed.
pub(crate) fn charm() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("metadata.yaml"), METADATA).unwrap();
    let running = env::current_exe().unwrap();
    let example = running.ancestors().nth(2).unwrap().join("examples/walk");
    assert!(example.is_file(), "no {}: cargo build --example walk", example.display());
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_ssl-termination"), folder.path().join("bin/ssl-termination")).unwrap();
    fs::create_dir_all(folder.path().join("hooks")).unwrap();
    let relation = ["created", "joined", "changed", "departed", "broken"];
    let relation = relation.map(|kind| format!("ssl-termination-relation-{kind}"));
    for hook in
        ["start", "upgrade-charm", "update-status"].into_iter().chain(relation.iter().map(String::as_str))
    {
        symlink(&example, folder.path().join("hooks").join(hook)).unwrap();
    }
    folder
}
