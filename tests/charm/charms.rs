//! Small charms of the tests' own, in a Juju: shell scripts that call our command line, and programs that are written
//! with our library.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use ssl_termination::juju::Metadata;
use tempfile::TempDir;
use test_juju::{Bag, Call, Charm, HookRun, Juju, Pending, RelationId};

pub(crate) const LIFECYCLE: [&str; 9] = [
    "install",
    "config-changed",
    "start",
    "stop",
    "remove",
    "upgrade-charm",
    "update-status",
    "leader-elected",
    "leader-settings-changed",
];

/// The hook of a shell charm: what the test has put into the file `script`, else the command that takes the event in.
const RUN: &str = "#!/bin/sh\nset -e\nPATH=\"$PWD/bin:$PATH\"\n\
    if [ -e ./script ]; then . ./script; else ssl-termination hook; fi\n";

/// A model, and the folders of the charms that are deployed in it.
pub(crate) struct Model {
    pub(crate) juju: Juju,
    folders: Vec<TempDir>,
    puppets: Vec<String>,
}

impl Model {
    pub(crate) fn new(seed: u64) -> Self {
        Self { juju: Juju::new(seed), folders: Vec::new(), puppets: Vec::new() }
    }

    /// A charm without hooks.
    pub(crate) fn puppet(&mut self, application: &str, endpoints: &str, units: usize) {
        let charm = Charm::puppet(&format!("name: {application}\n{endpoints}\n"));
        self.juju.deploy(application, &charm, units);
        self.puppets.push(application.to_owned());
    }

    /// A charm whose every hook, and the action `look`, is a shell script; see [`Model::script`].
    pub(crate) fn shell(&mut self, application: &str, endpoints: &str, units: usize) {
        let folder = charm_folder(application, endpoints, Path::new(env!("CARGO_BIN_EXE_ssl-termination")));
        let run = folder.path().join("run");
        fs::write(&run, RUN).unwrap();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(folder.path().join("actions")).unwrap();
        symlink("../run", folder.path().join("actions/look")).unwrap();
        link_hooks(folder.path(), "../run");
        self.deploy(application, folder, units);
    }

    /// A charm whose every hook is a program of the examples.
    pub(crate) fn program(&mut self, application: &str, endpoints: &str, program: &str, units: usize) {
        let folder = charm_folder(application, endpoints, &example(program));
        link_hooks(folder.path(), &format!("../bin/{program}"));
        self.deploy(application, folder, units);
    }

    /// Refreshes a puppet to a charm whose every hook is a program of the examples.
    pub(crate) fn become_program(&mut self, application: &str, endpoints: &str, program: &str) {
        let folder = charm_folder(application, endpoints, &example(program));
        link_hooks(folder.path(), &format!("../bin/{program}"));
        self.juju.refresh(application, &Charm::at(folder.path()));
        self.puppets.retain(|puppet| puppet != application);
        self.folders.push(folder);
    }

    /// A charm with nothing but `dispatch`, a link to our binary.
    pub(crate) fn dispatched(&mut self, application: &str, endpoints: &str) {
        let folder = charm_folder(application, endpoints, Path::new(env!("CARGO_BIN_EXE_ssl-termination")));
        symlink("bin/ssl-termination", folder.path().join("dispatch")).unwrap();
        self.deploy(application, folder, 1);
    }

    fn deploy(&mut self, application: &str, folder: TempDir, units: usize) {
        let root = folder.path().join("machine");
        let charm = Charm::at(folder.path()).env("SSL_TERMINATION_ROOT", root.to_string_lossy());
        self.juju.deploy(application, &charm, units);
        self.folders.push(folder);
    }

    /// The charm of an application, as a new revision.
    pub(crate) fn charm_of(&self, application: &str) -> Charm {
        let is_its = |folder: &&TempDir| {
            let metadata = fs::read_to_string(folder.path().join("metadata.yaml")).unwrap();
            metadata.lines().next() == Some(&format!("name: {application}"))
        };
        Charm::at(self.folders.iter().find(is_its).unwrap().path())
    }

    /// The tokens of the generations in a unit's flag file, newest first.
    pub(crate) fn tokens(&self, unit: &str) -> Vec<String> {
        let text = fs::read(self.juju.charm_dir(unit).join(".state/flags.json")).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let generations = file["generations"].as_array().unwrap();
        generations
            .iter()
            .map(|generation| generation["token"].as_str().unwrap_or("none").to_owned())
            .collect()
    }

    /// What the hooks of a unit of a shell charm do from now on.
    pub(crate) fn script(&self, unit: &str, script: &str) {
        fs::write(self.juju.charm_dir(unit).join("script"), script).unwrap();
    }

    /// The flags of a unit's endpoints, sorted, as its flag file has them.
    pub(crate) fn flags(&self, unit: &str) -> Vec<String> {
        let Ok(text) = fs::read(self.juju.charm_dir(unit).join(".state/flags.json")) else {
            return Vec::new();
        };
        let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let flags = file["generations"][0]["flags"].as_array().cloned().unwrap_or_default();
        let flags = flags.iter().map(|flag| flag.as_str().unwrap().to_owned());
        flags.filter(|flag| flag.starts_with("endpoint.")).collect()
    }

    /// Every file of a unit's state by its path, but for the lock.
    pub(crate) fn state_files(&self, unit: &str) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        collect(&self.juju.charm_dir(unit).join(".state"), &mut files);
        files.retain(|path, _| path.file_name().unwrap() != "lock");
        files
    }

    /// A unit's own keys in its databag: without those that Juju puts there.
    pub(crate) fn published(&self, relation: RelationId, unit: &str) -> Bag {
        let mut bag = self.juju.bag(relation, unit);
        bag.retain(|key, _| {
            !["egress-subnets", "ingress-address", "private-address"].contains(&key.as_str())
        });
        bag
    }

    /// The hooks that wait, without those of puppets, which are done first.
    pub(crate) fn waiting(&mut self) -> Vec<Pending> {
        loop {
            let pending = self.juju.pending();
            let of_puppet = |pending: &&Pending| {
                let application = pending.unit.split('/').next().unwrap();
                self.puppets.iter().any(|puppet| puppet == application)
            };
            match pending.iter().find(of_puppet).cloned() {
                Some(puppet) => drop(self.juju.run(&puppet)),
                None => return pending,
            }
        }
    }

    /// The only hook that waits runs, however it ends.
    pub(crate) fn attempt(&mut self) -> HookRun {
        let waiting = self.waiting();
        assert_eq!(waiting.len(), 1, "one hook should wait, not {waiting:?}");
        self.juju.run(&waiting[0])
    }

    /// The only hook that waits runs, and ends well.
    pub(crate) fn one(&mut self) -> HookRun {
        let run = self.attempt();
        assert!(run.committed, "{}", run.trace());
        run
    }

    /// `juju exec --unit UNIT -- sh -c SCRIPT`, with our binary on the PATH.
    pub(crate) fn exec(&mut self, unit: &str, script: &str) -> HookRun {
        self.juju.exec(unit, &["sh", "-c", &format!("PATH=\"$PWD/bin:$PATH\"; {script}")])
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read_to_string(&path).unwrap());
        }
    }
}

/// A charm's folder with its metadata, and the binary in `bin`.
fn charm_folder(application: &str, endpoints: &str, binary: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("metadata.yaml"), format!("name: {application}\n{endpoints}\n")).unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    symlink(binary, folder.path().join("bin").join(binary.file_name().unwrap())).unwrap();
    folder
}

fn link_hooks(folder: &Path, target: &str) {
    let metadata = Metadata::parse(&fs::read_to_string(folder.join("metadata.yaml")).unwrap()).unwrap();
    let hooks = folder.join("hooks");
    fs::create_dir(&hooks).unwrap();
    for hook in LIFECYCLE {
        symlink(target, hooks.join(hook)).unwrap();
    }
    for endpoint in metadata.endpoints() {
        for kind in ["created", "joined", "changed", "departed", "broken"] {
            symlink(target, hooks.join(format!("{}-relation-{kind}", endpoint.name))).unwrap();
        }
    }
}

/// An example of this package; `cargo test` builds it beside the test's own executable.
fn example(name: &str) -> PathBuf {
    let running = std::env::current_exe().unwrap();
    let example = running.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(example.is_file(), "no {}: build it with `cargo build --example {name}`", example.display());
    example
}

/// How every hook begins, and how one ends that has changed something, as [`calls`] has it.
pub(crate) const STATE_GET: &str = "state-get --format=json ssl-termination-generation";
pub(crate) const STATE_SET: &str = "state-set --file - <<< TOKEN";

/// The calls of hook tools, as command lines with their standard input; Juju's token for the state, which is random,
/// as TOKEN.
pub(crate) fn calls(run: &HookRun) -> Vec<String> {
    run.calls.iter().map(call).collect()
}

fn call(call: &Call) -> String {
    let line = call.argv.join(" ");
    match call.stdin.as_str() {
        "" => line,
        _ if call.argv[0] == "state-set" => format!("{line} <<< TOKEN"),
        stdin => format!("{line} <<< {stdin}"),
    }
}
