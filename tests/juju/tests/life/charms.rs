//! Charms for these tests, made while they run.
#![expect(clippy::unwrap_used, reason = "a test that can't write its charm is to fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;
use test_juju::{Charm, HookRun};

/// A charm whose every hook is this script.
pub(crate) struct Scripted {
    dir: TempDir,
}

impl Scripted {
    pub(crate) fn new(metadata: &str, script: &str) -> Self {
        let charm = Self { dir: tempfile::tempdir().unwrap() };
        charm.write("metadata.yaml", metadata);
        charm
            .write("config.yaml", "options: {greeting: {type: string, default: hello}, size: {type: int}}\n");
        charm.script("dispatch", script);
        charm
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.dir.path().join(name), content).unwrap();
    }

    pub(crate) fn script(&self, name: &str, script: &str) {
        self.write(name, &format!("#!/bin/sh\n{script}\n"));
        let path = self.dir.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn charm(&self) -> Charm {
        Charm::at(self.dir.path())
    }
}

pub(crate) const PROVIDER: &str =
    "name: provider\nprovides: {web: {interface: http}}\npeers: {ring: {interface: ring}}\n";

pub(crate) fn client() -> Charm {
    Charm::puppet("name: client\nrequires: {web: {interface: http}}\n")
}

/// `HOOK remote` of each run, of one unit.
pub(crate) fn story(runs: &[HookRun], unit: &str) -> Vec<String> {
    runs.iter()
        .filter(|run| *run.unit == *unit)
        .map(|run| match &run.remote_unit {
            Some(remote) => format!("{} {remote}", run.hook),
            None => run.hook.clone(),
        })
        .collect()
}
