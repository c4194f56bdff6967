//! A provider that is written with the Python library that most providers are written with.
//!
//! Its virtual environment is made once, below the target folder. Where that cannot be done, for want of Python or of
//! the network, the tests say so and pass, except where CI is set.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use super::authority::requests;
use crate::proxy::{ask, proxy_and, request, status, told};
use crate::world::{Web, World};

/// What is installed for it, from `PyPI`.
const PACKAGES: [&str; 2] = ["ops==3.*", "charmlibs-interfaces-tls-certificates==1.12.*"];

const NAMES: [&str; 2] = ["a.example.com", "www.a.example.com"];

/// A proxy with one site, and the provider, not yet related.
struct Stage {
    world: World,
    client: RelationId,
    _web: Web,
    _charm: tempfile::TempDir,
}

impl Stage {
    fn new() -> Option<Self> {
        let python = python()?;
        let charm = lay_out(&python);
        let (mut world, relations) = proxy_and(&[("blog", 1)]);
        let web = Web::start("web");
        ask(&mut world, relations[0], "blog/0", &request(&NAMES, &[&web]));
        world.juju.deploy("authority", &Charm::at(charm.path()), 1);
        world.juju.settle();
        Some(Self { world, client: relations[0], _web: web, _charm: charm })
    }

    fn relate(&mut self) -> RelationId {
        let relation = self.world.juju.relate("proxy:certificates", "authority:certificates");
        self.world.juju.settle();
        relation
    }

    fn configure<const N: usize>(&mut self, options: [(&str, Value); N]) {
        self.world.juju.configure("authority", options);
        self.world.juju.settle();
        assert_eq!(self.world.juju.failed("authority/0"), None, "{:?}", self.world.juju.log("authority/0"));
    }

    /// Where the certificate that the site answers with is from: the name of the root, if it leads to one of the
    /// provider's and is for our names.
    fn served_by(&self, roots: &[&str]) -> Option<String> {
        let state = self.world.juju.charm_dir("authority/0").join("authority.json");
        let state: Value = serde_json::from_slice(&fs::read(state).unwrap()).unwrap();
        let serves = |root: &&&str| {
            let file = self.world.path(&format!("{root}.crt"));
            let Some(text) = state["roots"][root][0].as_str() else { return false };
            fs::write(&file, text).unwrap();
            NAMES
                .iter()
                .all(|name| self.world.get(&format!("https://{name}/")).checked(&file).send().code == 200)
        };
        roots.iter().find(serves).map(|root| (*root).to_owned())
    }

    fn told(&self) -> Value {
        told(&self.world, self.client)
    }
}

fn served(source: &str) -> Value {
    json!({NAMES[0]: {"certificate": source, "expires": "…"}, NAMES[1]: {"certificate": source, "expires": "…"}})
}

#[test]
fn issued_renewed_revoked_moved_to_another_ca_and_removed_and_no_request_is_lost() {
    let Some(mut stage) = Stage::new() else { return };
    let load = Load::on(&stage.world);

    let relation = stage.relate();
    assert_eq!((stage.told(), stage.served_by(&["root"]).as_deref()), (served("certificates"), Some("root")));
    let first = requests(&stage.world, relation);
    assert_eq!(first.len(), 1);

    // The same request is answered with a certificate that is due for renewal.
    stage.configure([("age-days", 61.into()), ("revoked", 1.into()), ("reissue", true.into())]);
    let renewed = requests(&stage.world, relation);
    assert!(renewed.len() == 1 && renewed != first, "another request was made and answered: {renewed:?}");
    assert_eq!((stage.told(), stage.served_by(&["root"]).as_deref()), (served("certificates"), Some("root")));

    stage.configure([("root", "other".into()), ("revoked", 2.into())]);
    assert_eq!(
        stage.served_by(&["root", "other"]).as_deref(),
        Some("other"),
        "the provider's CA was replaced"
    );
    assert_eq!(stage.told(), served("certificates"));

    let before = requests(&stage.world, relation);
    stage.configure([("revoked", 3.into()), ("reissue", false.into())]);
    assert_ne!(requests(&stage.world, relation), before, "a new request, with a new key");
    assert_eq!(
        (stage.told(), stage.served_by(&["other"]).as_deref()),
        (served("certificates"), Some("other"))
    );

    stage.world.juju.remove_relation(relation);
    stage.world.juju.settle();
    assert_eq!((stage.told(), stage.served_by(&["other"])), (served("self-signed"), None));
    load.ends();
}

#[test]
fn what_it_refuses_is_told_and_rsa_keys_are_used_where_it_wants_them() {
    let Some(mut stage) = Stage::new() else { return };
    stage.configure([("answer", "deny".into())]);
    let relation = stage.relate();
    let why = "the certificate provider refuses: this name is not ours (code 102)";
    assert!(status(&stage.world).contains(why), "{}", status(&stage.world));
    assert_eq!(stage.told()["_notes"][NAMES[0]], format!("moves to certificates: {why}"));

    stage.configure([("answer", "rsa".into())]);
    assert_eq!((stage.told(), stage.served_by(&["root"]).as_deref()), (served("certificates"), Some("root")));
    assert!(requests(&stage.world, relation)[0].len() > 800, "an RSA key is in it");

    stage.configure([
        ("answer", "deny".into()),
        ("age-days", 80.into()),
        ("revoked", 1.into()),
        ("reissue", true.into()),
    ]);
    let said = status(&stage.world);
    let (ends, fails) = (format!("; {}: its certificate ends 20", NAMES[0]), format!("Z: {why}"));
    assert!(
        said.starts_with("active: serving 2 names; ") && said.contains(&ends) && said.ends_with(&fails),
        "{said}"
    );
    assert_eq!(stage.told(), served("certificates"), "renewal fails, and visitors see nothing of it");

    stage.configure([("allowed-domains", "example.org".into())]);
    stage.world.juju.update_status("authority/0");
    stage.configure([("revoked", 2.into()), ("reissue", false.into())]);
    let why = "the certificate provider issues certificates for example.org alone";
    assert!(status(&stage.world).contains(why), "{}", status(&stage.world));
    assert_eq!(requests(&stage.world, relation), Vec::<String>::new());
}

/// A visitor who comes again and again.
struct Load {
    done: std::sync::Arc<AtomicBool>,
    visitor: thread::JoinHandle<Vec<(u16, String)>>,
}

impl Load {
    fn on(world: &World) -> Self {
        let done = std::sync::Arc::new(AtomicBool::new(false));
        // HTTP/1.1: an old worker may close a connection of HTTP/2 before its first request, which clients then repeat.
        let request = world.get("https://a.example.com/").with(["--http1.1"]);
        let visitor = thread::spawn({
            let done = done.clone();
            move || {
                let mut answers = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let answer = request.send();
                    answers.push((answer.code, answer.error));
                }
                answers
            }
        });
        Self { done, visitor }
    }

    fn ends(self) {
        self.done.store(true, Ordering::Relaxed);
        let answers = self.visitor.join().unwrap();
        assert!(answers.len() > 5, "{}", answers.len());
        assert!(answers.iter().all(|(code, _)| *code == 200), "{answers:?}");
    }
}

/// The Python that has the library.
#[expect(clippy::print_stderr, reason = "a test that is not run says so")]
fn python() -> Option<PathBuf> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = PYTHON.get_or_init(|| {
        let running = std::env::current_exe().unwrap();
        let target = running.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).unwrap();
        let venv = target.join("python-peers");
        let made = install(&venv);
        if let Err(why) = &made {
            assert!(std::env::var_os("CI").is_none(), "{why}");
            eprintln!("NOT RUN: tests with the Python library of tls-certificates: {why}");
        }
        made.ok()
    });
    made.clone()
}

fn install(venv: &Path) -> Result<PathBuf, String> {
    let (python, mark) = (venv.join("bin/python3"), venv.join("installed"));
    if fs::read_to_string(&mark).is_ok_and(|packages| packages == PACKAGES.join("\n")) {
        return Ok(python);
    }
    let run = |command: &mut Command| {
        let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check"];
    run(Command::new(&python).args(pip).args(PACKAGES))?;
    fs::write(mark, PACKAGES.join("\n")).map_err(|error| error.to_string())?;
    Ok(python)
}

/// The provider's charm, run by that Python.
fn lay_out(python: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/authority");
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        let text = text.replacen("#!PYTHON", &format!("#!{}", python.display()), 1);
        let to = folder.path().join(entry.file_name());
        fs::write(&to, text).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}
