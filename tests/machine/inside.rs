//! What happens on the machine. Not to be run anywhere else: the charm acts on `/`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use test_juju::{Charm, HookRun, Juju, RelationId};

use crate::world::pages::{self, Page};
use crate::world::pebble::{Manners, Pebble};
use crate::world::{Request, Web};
use crate::{SCRATCH, run, way_out};

pub(crate) const CLIENT: &str = "name: blog\nrequires: {proxy: {interface: ssl-termination}}";

/// A model whose units are all on this machine, one client among them.
pub(crate) struct Machine {
    pub(crate) juju: Juju,
    pub(crate) web: Web,
    way_out: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let socket = Path::new(SCRATCH).join("way-out");
        assert!(socket.exists(), "this test runs on a machine that another test makes");
        let mut juju = Juju::new(1);
        juju.set_hook_limit(Duration::from_mins(10));
        juju.deploy("blog", &Charm::puppet(CLIENT), 1);
        Self { juju, web: Web::start("web"), way_out: way_out::port(&socket) }
    }

    pub(crate) fn charm(&self) -> Charm {
        self.charm_in("charm")
    }

    /// The charm in a folder of those that are shared with the outside.
    pub(crate) fn charm_in(&self, folder: &str) -> Charm {
        let charm = Charm::at(Path::new(SCRATCH).join(folder));
        charm.env("JUJU_CHARM_HTTP_PROXY", self.way_out.as_str())
    }

    /// Deploys the charm as a proxy and asks it for a name.
    pub(crate) fn deploy(&mut self, application: &str, name: &str) -> RelationId {
        self.deploy_charm(application, &self.charm());
        let relation = self.juju.relate(&format!("{application}:ssl-termination"), "blog:proxy");
        self.juju.settle();
        self.ask(relation, &[name]);
        relation
    }

    /// Deploys the charm as a proxy that may reach web servers on this machine.
    pub(crate) fn deploy_charm(&mut self, application: &str, charm: &Charm) {
        self.juju.deploy(application, charm, 1);
        self.juju.configure(application, [("allow-local-upstreams", true)]);
    }

    fn ask(&mut self, relation: RelationId, names: &[&str]) {
        let upstreams = json!([{"hostname": "127.0.0.1", "port": self.web.port}]);
        let request = json!({"fqdn": names, "upstreams": upstreams}).to_string();
        self.juju.relation_set("blog/0", relation, [("cert-request", request)]);
    }

    pub(crate) fn settle(&mut self) -> Vec<HookRun> {
        let runs = self.juju.settle();
        for run in runs.iter().filter(|run| run.exit != 0) {
            println!("{}", run.trace());
        }
        runs
    }

    pub(crate) fn status(&self, unit: &str) -> String {
        let (state, message) = self.juju.status(unit);
        format!("{state}: {message}")
    }
}

/// Who answers for a name, and the code.
pub(crate) fn get(name: &str, https_port: u16) -> (u16, String) {
    let answer = Request::to(&format!("https://{name}/"), 80, https_port).send();
    (answer.code, answer.body.lines().next().unwrap_or_default().to_owned())
}

pub(crate) fn served() -> (u16, String) {
    (200, "web".to_owned())
}

fn eventually(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "this has not come about in time");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn systemctl(args: &[&str]) -> String {
    run(Command::new("systemctl").args(args))
}

/// What `systemctl is-enabled` says.
fn enabled(service: &str) -> String {
    let output = Command::new("systemctl").args(["is-enabled", service]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn master(unit: &str) -> String {
    let text = fs::read_to_string(format!("/run/ssl-termination/{unit}/nginx.pid"));
    text.unwrap_or_default().trim().to_owned()
}

/// The files of the charm outside of its own folder.
pub(crate) fn traces() -> Vec<String> {
    let search =
        ["/", "/run", "-xdev", "(", "-path", "/scratch", "-o", "-path", "/tmp", "-o", "-path", "/proc"];
    let what = [")", "-prune", "-o", "-name", "*ssl-termination*", "-print"];
    let found = run(Command::new("find").args(search).args(what).current_dir("/"));
    let source = env!("CARGO_MANIFEST_DIR");
    found.lines().filter(|path| !path.starts_with(source)).map(str::to_owned).collect()
}

/// An ACME server on the machine issues a certificate: the client is a service, with a timer, and Juju hears of it.
fn certificates(machine: &mut Machine, relation: RelationId) {
    const UNIT: &str = "ssl-termination-proxy-0-certificates";
    let told = Path::new("/run/juju-exec");
    fs::write("/usr/bin/juju-exec", "#!/bin/sh\necho \"$@\" >>/run/juju-exec\n").unwrap();
    run(Command::new("chmod").args(["+x", "/usr/bin/juju-exec"]));
    let pebble = Pebble::start(80, Manners::default());
    let directory = pebble.directory().replace("localhost", "127.0.0.1"); // there is no /etc/hosts
    let server = [("acme-server", directory), ("acme-ca", pebble.trusted().to_owned())];
    machine.juju.configure("proxy", server);
    machine.juju.configure("proxy", [("acme-agree-tos", true)]);
    machine.settle();
    for file in ["service", "timer"] {
        let file = format!("/etc/systemd/system/{UNIT}.{file}");
        assert_eq!(run(Command::new("systemd-analyze").args(["verify", "--man=no", &file])), "");
    }
    assert_eq!(enabled(&format!("{UNIT}.timer")), "enabled");
    assert!(systemctl(&["list-timers"]).contains(UNIT));
    eventually(|| told.exists());
    let charm = machine.juju.charm_dir("proxy/0");
    let script = format!("{}/bin/ssl-termination hook certificates-changed", charm.display());
    assert_eq!(fs::read_to_string(told).unwrap(), format!("proxy/0 {script}\n"));
    machine.juju.exec("proxy/0", &["sh", "-c", &script]);
    assert_eq!(machine.status("proxy/0"), "active: serving a.example.com");
    let root = pebble.root();
    assert_eq!(Request::to("https://a.example.com/", 80, 443).checked(&root).send().code, 200);
    machine.juju.configure("proxy", [("acme-agree-tos", false)]);
    machine.settle();
    assert!(!Path::new("/etc/systemd/system").join(format!("{UNIT}.timer")).exists());
    assert_eq!(machine.status("proxy/0"), "active: serving a.example.com (self-signed)");
    machine.ask(relation, &["a.example.com"]);
    fs::remove_file("/usr/bin/juju-exec").unwrap();
}

/// What the pages say of the services of a machine can be typed there; a restart is among it.
fn documents(machine: &mut Machine) {
    let commands = Page::all().into_iter().flat_map(|page| page.commands());
    for command in commands.filter(pages::Command::is_for_systemd) {
        let text = command.text.replace("UNIT", "proxy-0");
        if let Some(text) = text.strip_prefix("juju exec --unit proxy/0 -- ") {
            let ran = machine.juju.exec("proxy/0", &["sh", "-c", text]);
            assert_eq!(ran.exit, 0, "{}", ran.trace());
        } else {
            run(Command::new("sh").args(["-c", &text]));
        }
    }
}

#[test]
#[ignore = "runs on a machine that another test makes"]
fn life() {
    let mut machine = Machine::new();
    assert_eq!(traces(), Vec::<String>::new());

    // From nothing to the first answer.
    let began = Instant::now();
    let relation = machine.deploy("proxy", "a.example.com");
    let runs = machine.settle();
    assert_eq!(get("a.example.com", 443), served());
    println!("first TLS answer on an empty machine after {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(machine.status("proxy/0"), "active: serving a.example.com (self-signed)");
    let shown: Vec<String> = runs
        .iter()
        .flat_map(|run| &run.calls)
        .filter(|call| call.argv[0] == "status-set")
        .map(|call| call.argv[1..].join(" "))
        .collect();
    assert_eq!(shown, ["maintenance -- installing nginx", "active -- serving a.example.com (self-signed)"]);
    assert_eq!(enabled("nginx.service"), "masked");
    assert!(!Path::new("/run/nginx.pid").exists(), "the distribution's nginx has never run");
    assert_eq!(enabled("ssl-termination-proxy-0.service"), "enabled");
    assert_eq!(machine.juju.opened_ports("proxy/0"), ["80/tcp", "443/tcp"]);

    certificates(&mut machine, relation);

    // The service is one that systemd understands.
    let file = "/etc/systemd/system/ssl-termination-proxy-0.service";
    assert_eq!(run(Command::new("systemd-analyze").args(["verify", "--man=no", file])), "");
    let exposure = run(Command::new("systemd-analyze").args(["security", "--offline=yes", file]));
    println!("{}", exposure.lines().last().unwrap());

    // Logs rotate, and nginx goes on in the new one.
    let log = Path::new("/var/log/ssl-termination/proxy-0");
    run(Command::new("logrotate").args(["--force", "/etc/logrotate.d/ssl-termination-proxy-0"]));
    while fs::metadata(log.join("access.log")).map_or(0, |file| file.len()) == 0 {
        assert_eq!(get("a.example.com", 443), served());
    }
    assert!(log.join("access.log.1").exists());

    // The machine's owner upgrades nginx; later our service is restarted.
    let before = master("proxy-0");
    let reinstall = ["--quiet=2", "--yes", "--reinstall", "install", "nginx", "nginx-common"];
    run(Command::new("apt-get").args(reinstall).env("http_proxy", &machine.way_out));
    assert_eq!((get("a.example.com", 443), master("proxy-0")), (served(), before));
    let before = master("proxy-0");
    documents(&mut machine);
    assert_ne!(master("proxy-0"), before);
    assert_eq!(get("a.example.com", 443), served());

    // nginx dies, and is there again without a hook; the next change finds it.
    let before = master("proxy-0");
    run(Command::new("sh").args(["-c", &format!("kill -s KILL {before}")]));
    eventually(|| master("proxy-0") != before && get("a.example.com", 443) == served());
    machine.ask(relation, &["a.example.com", "b.example.com"]);
    machine.settle();
    assert_eq!(get("b.example.com", 443), served());

    // A refresh leaves what is served alone.
    let before = master("proxy-0");
    let charm = machine.charm();
    machine.juju.refresh("proxy", &charm);
    machine.settle();
    assert_eq!(machine.status("proxy/0"), "active: serving 2 names (self-signed)");
    assert_eq!((get("b.example.com", 443), master("proxy-0")), (served(), before));

    // A second unit wants the same ports.
    machine.deploy("edge", "edge.example.com");
    machine.settle();
    assert_eq!(
        machine.status("edge/0"),
        "blocked: port 80 is used by the unit proxy/0 on this machine: set another http-port"
    );
    assert_eq!(enabled("ssl-termination-edge-0.service"), "disabled");
    machine.juju.configure("edge", [("http-port", 8080), ("https-port", 8443)]);
    machine.settle();
    assert_eq!(machine.status("edge/0"), "active: serving edge.example.com (self-signed)");
    assert_eq!((get("edge.example.com", 8443), get("a.example.com", 443)), (served(), served()));

    // Juju says that the machine was restarted: the charm finds everything as it should be.
    machine.juju.reboot(machine.juju.machine("proxy/0"));
    machine.settle();
    assert_eq!(get("a.example.com", 443), served());

    // One goes, the other stays; then that goes too, and leaves the packages alone.
    machine.juju.remove_application("proxy");
    machine.settle();
    assert_eq!((get("edge.example.com", 8443), get("a.example.com", 443).0), (served(), 0));
    assert_eq!(enabled("nginx.service"), "masked");
    machine.juju.remove_application("edge");
    machine.settle();
    assert_eq!(traces(), Vec::<String>::new());
    assert_eq!(enabled("nginx.service"), "disabled");

    // Where nginx is, nothing is installed.
    let began = Instant::now();
    let relation = machine.deploy("again", "c.example.com");
    machine.settle();
    assert_eq!(get("c.example.com", 443), served());
    println!("first TLS answer on a machine with nginx after {:.1} s", began.elapsed().as_secs_f64());

    // After the last site the service goes, and comes with the next.
    machine.juju.relation_set("blog/0", relation, [("cert-request", "{}")]);
    machine.settle();
    assert_eq!(get("c.example.com", 443).0, 0);
    let service = "/etc/systemd/system/ssl-termination-again-0.service";
    assert!(!Path::new(service).exists() && !Path::new("/run/ssl-termination/again-0/nginx.pid").exists());
    machine.ask(relation, &["c.example.com"]);
    machine.settle();
    assert_eq!(get("c.example.com", 443), served());
}

/// What [`life`] has left serves before any hook runs, and nothing else has started.
#[test]
#[ignore = "runs on a machine that another test makes"]
fn after_a_reboot() {
    eventually(|| get("c.example.com", 443).0 == 502);
    assert!(!Path::new("/run/nginx.pid").exists(), "the distribution's nginx has started");
}

/// The package manager is busy with the machine's own updates, and hooks are killed at every point of the way.
#[test]
#[ignore = "runs on a machine that another test makes"]
fn interruptions() {
    let mut machine = Machine::new();
    let held = "use Fcntl; open(my $file, '>>', '/var/lib/dpkg/lock-frontend') or die; \
                my $lock = pack('s s l! l! i', F_WRLCK, 0, 0, 0, 0); \
                fcntl($file, F_SETLK, $lock) or die; sleep 6";
    let mut holder = Command::new("perl").args(["-e", held]).spawn().unwrap();
    machine.deploy("proxy", "a.example.com");
    let mut cut = 0;
    for limit in std::iter::successors(Some(Duration::from_millis(500)), |limit| Some(*limit * 3 / 2)) {
        machine.juju.set_hook_limit(limit);
        let Some(run) = machine.juju.step().filter(|run| run.exit != 0) else { break };
        assert!(run.timed_out, "{}", run.trace());
        let log = fs::metadata("/var/log/ssl-termination/proxy-0/install.log");
        cut += usize::from(log.is_ok_and(|log| log.len() > 0));
    }
    println!("{cut} hooks were killed when packages were being installed");
    assert!(holder.wait().unwrap().success());
    machine.juju.set_hook_limit(Duration::from_mins(10));
    machine.settle();
    assert_eq!(machine.status("proxy/0"), "active: serving a.example.com (self-signed)");
    assert_eq!(get("a.example.com", 443), served());
    assert_eq!(run(Command::new("dpkg").arg("--audit")), "");
    assert_eq!(enabled("nginx.service"), "masked");
    machine.juju.remove_application("proxy");
    machine.settle();
    assert_eq!(traces(), Vec::<String>::new());
}
