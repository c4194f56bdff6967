//! A Juju with our charm, below a root folder of its own, web servers that say who they are, and curl. For the tests
//! and for the demo.
#![allow(dead_code, unused_imports, reason = "the demo and the tests use different parts")]

mod curl;
pub(crate) mod packed;
pub(crate) mod pages;
pub(crate) mod pebble;
pub(crate) mod statuses;
mod web;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use test_juju::{Charm, Juju};

pub(crate) use curl::Request;
pub(crate) use web::Web;

/// A model, and the folder that stands for its machine.
pub(crate) struct World {
    pub(crate) juju: Juju,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
    own_charm: Option<TempDir>,
    root: TempDir,
    _ports: [Port; 2],
}

impl World {
    /// An empty model; the seed decides where Juju leaves the order of events open.
    pub(crate) fn new(seed: u64) -> Self {
        let root = tempfile::Builder::new().prefix("ssl-termination-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let ports = free_ports();
        let [http_port, https_port] = [ports[0].number, ports[1].number];
        Self { juju: Juju::new(seed), http_port, https_port, own_charm: None, root, _ports: ports }
    }

    /// The charm as it was packed, with its machine below our root.
    pub(crate) fn charm(&self) -> Charm {
        self.charm_in(self.own_charm.as_ref().map_or_else(|| packed::folder(), TempDir::path))
    }

    /// The charm in a folder, with its machine below our root.
    pub(crate) fn charm_in(&self, folder: &Path) -> Charm {
        Charm::at(folder).env("SSL_TERMINATION_ROOT", self.root.path().to_string_lossy())
    }

    /// `juju deploy` of our charm as a proxy that may reach web servers on this machine.
    pub(crate) fn deploy_proxy(&mut self, application: &str) {
        self.juju.deploy(application, &self.charm(), 1);
        let ports = [("http-port", self.http_port), ("https-port", self.https_port)];
        self.juju.configure(application, ports);
        self.juju.configure(application, [("allow-local-upstreams", true)]);
    }

    /// `juju deploy` of our charm as a client: it asks `PROXY:ssl-termination` for these names in front of what
    /// listens on the ports.
    pub(crate) fn deploy_client(&mut self, application: &str, fqdns: &str) {
        self.juju.deploy(application, &self.charm(), 1);
        self.juju.configure(application, [("fqdns", fqdns)]);
    }

    /// The folder that stands for the machine.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where `path` lies on the machine.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The file of a site in the live configuration of `proxy/0`; its name ends with a digest of its content.
    pub(crate) fn site_file(&self, name: &str) -> PathBuf {
        let main = std::fs::read_to_string(self.path("etc/ssl-termination/proxy-0/conf/nginx.conf")).unwrap();
        let part = main.lines().find_map(|line| {
            let part = line.trim().strip_prefix("include ")?.strip_suffix(';')?;
            part.starts_with(&format!("sites/{name}.")).then_some(part)
        });
        self.path("etc/ssl-termination/proxy-0/conf").join(part.unwrap())
    }

    /// The flags of a unit, sorted, as its flag file has them.
    pub(crate) fn flags(&self, unit: &str) -> Vec<String> {
        let path = self.juju.charm_dir(unit).join(".state/flags.json");
        let Ok(text) = fs::read(path) else { return Vec::new() };
        let file: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let flags = file["generations"][0]["flags"].as_array().cloned().unwrap_or_default();
        flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect()
    }

    /// A request to the proxy: curl, with the name resolved to this machine.
    pub(crate) fn get(&self, url: &str) -> Request {
        Request::to(url, self.http_port, self.https_port)
    }

    /// Waits until none of our ACME clients is at work.
    pub(crate) fn wait_for_issuer(&self) {
        let deadline = Instant::now() + Duration::from_mins(5);
        while !self.issuers().is_empty() {
            assert!(Instant::now() < deadline, "the ACME client does not come to an end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The processes of ACME clients that work below our root.
    pub(crate) fn issuers(&self) -> BTreeSet<u32> {
        let root = format!("SSL_TERMINATION_ROOT={}\0", self.root.path().to_string_lossy());
        let ours = |pid: &u32| {
            let read = |what: &str| fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
            // A program has no command line while it is being loaded; one that has ended has no file any more.
            let program = Path::new("/proc").join(pid.to_string()).join("exe");
            let is_ours = || fs::read_link(&program).is_ok_and(|file| file.ends_with("ssl-termination"));
            while is_ours() && read("cmdline").is_empty() {
                std::thread::yield_now();
            }
            String::from_utf8_lossy(&read("cmdline")).contains("certificates\0renew")
                && String::from_utf8_lossy(&read("environ")).contains(&root)
        };
        let processes = fs::read_dir("/proc").unwrap();
        processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(ours).collect()
    }

    /// Lets a script run before each call of nginx by our charm, if it is deployed after this; where the script does
    /// not exit, the real nginx runs.
    pub(crate) fn put_before_nginx(&mut self, script: &str) {
        let bin = self.put_before_charm("PATH=$JUJU_CHARM_DIR/bin/before:$PATH exec \"$real\" \"$@\"");
        fs::create_dir(bin.join("before")).unwrap();
        let real = "PATH=${PATH#*:} exec nginx \"$@\"";
        write_script(&bin.join("before/nginx"), &format!("{script}\n{real}"));
    }

    /// Puts a program before those on the PATH of a unit whose charm has [`World::put_before_nginx`].
    pub(crate) fn put_before(&self, unit: &str, program: &str, script: &str) {
        write_script(&self.juju.charm_dir(unit).join("bin/before").join(program), script);
    }

    /// Lets a script run in the place of our binary, which it calls as `"$real"`, in charms that are deployed after
    /// this; gives the folder where both are.
    pub(crate) fn put_before_charm(&mut self, script: &str) -> PathBuf {
        let charm = tempfile::tempdir().unwrap();
        let packed = packed::folder();
        let files = ["actions", "hooks", "actions.yaml", "metadata.yaml", "config.yaml"]
            .map(|file| packed.join(file));
        let copied = Command::new("cp").arg("-a").args(files).arg(charm.path()).status();
        assert!(copied.unwrap().success());
        let bin = charm.path().join("bin");
        self.own_charm = Some(charm);
        fs::create_dir(&bin).unwrap();
        symlink(packed.join("bin/ssl-termination"), bin.join("real")).unwrap();
        write_script(&bin.join("ssl-termination"), &format!("real=$JUJU_CHARM_DIR/bin/real\n{script}"));
        bin
    }

    /// Ends a test that traces calls of the system where that cannot be done.
    pub(crate) fn needs_strace() {
        let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
        assert!(
            traced.is_ok_and(|end| end.success()),
            "this test needs strace: scripts/install-tools installs it; in a container, allow ptrace"
        );
    }

    /// Kills nginx and its workers at once, and returns when they are gone.
    pub(crate) fn kill_nginx(&self) {
        let processes: Vec<u32> = self.nginx_processes().into_iter().chain(self.nginx_workers()).collect();
        if processes.is_empty() {
            return;
        }
        let _ = Command::new("kill").arg("-KILL").args(processes.iter().map(u32::to_string)).status();
        while processes.iter().any(|process| command_line(*process).starts_with("nginx")) {
            sleep(Duration::from_millis(1));
        }
    }

    /// The processes of nginx's workers: other ones after a reload.
    pub(crate) fn nginx_workers(&self) -> BTreeSet<u32> {
        let children =
            |master| fs::read_to_string(format!("/proc/{master}/task/{master}/children")).unwrap_or_default();
        let lists: String = self.nginx_processes().into_iter().map(children).collect();
        lists.split_whitespace().map(|process| process.parse().unwrap()).collect()
    }

    /// The master processes of nginx that run on a configuration below our root.
    pub(crate) fn nginx_processes(&self) -> BTreeSet<u32> {
        let root = self.root.path().to_string_lossy().into_owned();
        let ours = |pid: &u32| {
            let arguments = command_line(*pid);
            arguments.starts_with("nginx: master") && arguments.contains(&root)
        };
        let processes = fs::read_dir("/proc").unwrap();
        let ours: BTreeSet<u32> = processes
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
            .filter(ours)
            .collect();
        // A worker has its master's title until it is ready.
        ours.iter().copied().filter(|pid| parent(*pid).is_none_or(|parent| !ours.contains(&parent))).collect()
    }
}

/// No nginx outlives its world, whatever a test does, and no status was shown that docs/statuses.md does not explain.
impl Drop for World {
    fn drop(&mut self) {
        for process in self.issuers() {
            let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        }
        self.kill_nginx();
        if !std::thread::panicking() {
            let unknown = self.juju.status_log().iter().find(|(unit, status)| {
                let metadata = fs::read_to_string(self.juju.charm_dir(unit).join("metadata.yaml"));
                let is_ours = metadata.map_or(true, |text| text.starts_with("name: ssl-termination\n"));
                is_ours && !statuses::explains(status)
            });
            assert!(unknown.is_none(), "docs/statuses.md does not explain {unknown:?}");
        }
    }
}

/// Empty if there is no such process, or nothing but its number is left of it.
fn command_line(process: u32) -> String {
    let arguments = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&arguments).into_owned()
}

fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn write_script(path: &Path, body: &str) {
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A port that is ours as long as this lives: no other test takes it, in this process or another.
struct Port {
    number: u16,
    _claim: UnixListener,
}

impl Port {
    fn claim(number: u16) -> Option<Self> {
        let name = SocketAddr::from_abstract_name(format!("ssl-termination-port-{number}")).unwrap();
        let claim = UnixListener::bind_addr(&name).ok()?;
        TcpListener::bind(("0.0.0.0", number)).ok().map(|_| Self { number, _claim: claim })
    }
}

/// Ports that nobody listens on, below those that the system gives to outgoing connections.
fn free_ports() -> [Port; 2] {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 9000).unwrap();
    // None is a number that stands in nginx's configuration: the faults would take one for the other.
    let mut free =
        (0..).filter_map(|_| Port::claim(17_000 + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 15_000));
    [free.next().unwrap(), free.next().unwrap()]
}
