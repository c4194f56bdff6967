//! Who is measured: the same small job, on three frameworks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_juju::Charm;

/// What is installed for the others, from PyPI.
const PACKAGES: [&str; 2] = ["charms.reactive==1.5.*", "ops==3.*"];

/// A charm that does the small job.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) charm: Charm,
    pub(crate) metadata: String,
    /// The most clients that it is measured with.
    pub(crate) most: usize,
}

/// All of them: the first is ours, in the order in which they take turns.
pub(crate) fn contestants(quick: bool) -> Vec<Contestant> {
    let folder = build_folder();
    let python = install_python(&folder.join("venv"));
    let ours = lay_out_ours(&folder.join("charms/ours"));
    let reactive = lay_out_peer("reactive", &folder.join("charms/reactive"), &python);
    let ops = lay_out_peer("ops", &folder.join("charms/ops"), &python);
    let (many, few) = if quick { (1000, 100) } else { (10_000, 1000) };
    let all = |charm: Charm| charm.env("READ_ALL", "yes");
    [
        ("ours", Charm::at(&ours), many),
        ("charms.reactive", Charm::at(&reactive), few),
        ("ops", Charm::at(&ops), few),
        ("ours, reading all", all(Charm::at(&ours)), many),
        ("ops, reading all", all(Charm::at(&ops)), few),
    ]
    .map(|(name, charm, most)| {
        let folder = [&ours, &reactive, &ops][["ours", "charms.reactive", "ops"]
            .iter()
            .position(|kind| name.split(',').next() == Some(kind))
            .unwrap()];
        let metadata = fs::read_to_string(folder.join("metadata.yaml")).unwrap();
        Contestant { name, charm, metadata, most }
    })
    .into()
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

fn lay_out_ours(to: &Path) -> PathBuf {
    let program = std::env::current_exe().unwrap().with_file_name("small");
    fs::create_dir_all(to).unwrap();
    fs::write(to.join("metadata.yaml"), "name: front\nprovides:\n  front:\n    interface: ssl-termination\n")
        .unwrap();
    fs::copy(program, to.join("dispatch")).unwrap();
    to.to_owned()
}

/// A peer's charm, run by the Python that has its framework: as Juju would by `dispatch`, without a shell between.
fn lay_out_peer(name: &str, to: &Path, python: &Path) -> PathBuf {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers").join(name), to);
    let dispatch = to.join("dispatch");
    let text = fs::read_to_string(&dispatch).unwrap();
    fs::write(&dispatch, text.replacen("PYTHON", &python.to_string_lossy(), 1)).unwrap();
    fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
    to.to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copy(&path, &target) } else { drop(fs::copy(&path, &target).unwrap()) }
    }
}
