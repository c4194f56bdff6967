//! Who is measured: the same small job, on three frameworks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_juju::Charm;

use crate::stage::Shape;

/// What is installed for the others, from `PyPI`.
const PACKAGES: [&str; 2] = ["charms.reactive==1.5.*", "ops==3.*"];

/// A charm that does the small job.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) charm: Charm,
    pub(crate) metadata: String,
}

/// The one that does nothing but call Juju's tools.
pub(crate) const CALLS: &str = "the calls alone";

/// Whether that contestant does more than the small job.
pub(crate) fn does_more(name: &str) -> bool {
    name.contains(", ")
}

/// The folders of their charms.
const FOLDERS: [&str; 4] = ["ours", "reactive", "ops", "calls"];

/// Installs what is needed, and lays out all charms.
pub(crate) fn lay_out() {
    let folder = build_folder();
    let python = install_python(&folder.join("venv"));
    let [ours, reactive, ops, calls] = FOLDERS.map(|name| folder.join("charms").join(name));
    lay_out_program("small", &ours);
    lay_out_program("calls", &calls);
    lay_out_peer("reactive", &reactive, &python);
    lay_out_peer("ops", &ops, &python);
}

/// All contestants, in the order in which they take turns.
pub(crate) fn laid_out() -> [Contestant; 9] {
    let [ours, reactive, ops, calls] = FOLDERS.map(|name| build_folder().join("charms").join(name));
    [
        ("ours", &ours),
        ("charms.reactive", &reactive),
        ("ops", &ops),
        ("ours, reading all", &ours),
        ("ops, reading all", &ops),
        ("ours, answering all", &ours),
        ("charms.reactive, answering all", &reactive),
        ("ops, answering all", &ops),
        (CALLS, &calls),
    ]
    .map(|(name, folder)| {
        let charm = Charm::at(folder);
        let charm = match name.rsplit_once(", ") {
            Some((_, "reading all")) => charm.env("READ_ALL", "yes"),
            Some((_, "answering all")) => charm.env("ANSWER_ALL", "yes"),
            _ => charm,
        };
        Contestant { name, charm, metadata: fs::read_to_string(folder.join("metadata.yaml")).unwrap() }
    })
}

impl Contestant {
    /// Whether it is measured with so many clients.
    pub(crate) fn is_measured(&self, shape: Shape, quick: bool) -> bool {
        let answers_all = self.name.ends_with("answering all");
        let most = match (self.name.starts_with("ours"), quick) {
            // All relations are one call each, whoever makes it.
            (true, false) if answers_all => 1000,
            (true, false) => 10_000,
            (true, true) | (false, false) => 1000,
            (false, true) => 100,
        };
        shape.count() <= most && (matches!(shape, Shape::Relations(_)) || !answers_all)
    }
}

/// What is installed, as `name version`, for the report.
pub(crate) fn versions() -> String {
    let python = build_folder().join("venv/bin/python3");
    let script = "import platform; from importlib.metadata import version as v; \
        print('Python', platform.python_version() + ', charms.reactive', v('charms.reactive') + ', ops', v('ops'))";
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `target/bench`, whatever the profile and the target.
fn build_folder() -> PathBuf {
    let running = std::env::current_exe().unwrap();
    let target = running.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    target.unwrap_or_else(|| running.parent().unwrap()).join("bench")
}

fn install_python(venv: &Path) -> PathBuf {
    let python = venv.join("bin/python3");
    let must = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
    if !venv.join("installed").exists() {
        eprintln!("installing {} …", PACKAGES.join(" and "));
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv));
        must(
            Command::new(&python)
                .args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
                .args(PACKAGES),
        );
        fs::write(venv.join("installed"), PACKAGES.join("\n")).unwrap();
    }
    python
}

fn lay_out_program(name: &str, to: &Path) {
    let program = std::env::current_exe().unwrap().with_file_name(name);
    fs::create_dir_all(to).unwrap();
    fs::write(to.join("metadata.yaml"), "name: front\nprovides:\n  front:\n    interface: ssl-termination\n")
        .unwrap();
    fs::copy(program, to.join("dispatch")).unwrap();
}

/// A peer's charm, run by the Python that has its framework: as Juju would by `dispatch`, without a shell between.
fn lay_out_peer(name: &str, to: &Path, python: &Path) {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers").join(name), to);
    let dispatch = to.join("dispatch");
    let text = fs::read_to_string(&dispatch).unwrap();
    fs::write(&dispatch, text.replacen("PYTHON", &python.to_string_lossy(), 1)).unwrap();
    fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copy(&path, &target) } else { assert!(fs::copy(&path, &target).is_ok()) }
    }
}
