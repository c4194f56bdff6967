//! The whole proxy charm with a real nginx: how long a request takes to become a served site, and whose time that is.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use test_juju::{Charm, HookRun, RelationId};

use crate::measure::median;
use crate::world::{Web, World};

const CLIENT: &str = "requires: {proxy: {interface: ssl-termination}}";
const UNIT: &str = "proxy/0";

/// Runs before each call of nginx, and notes when it began and ended.
const CLOCK: &str = "begun=$(date +%s%N); PATH=${PATH#*:} nginx \"$@\"; code=$?
echo \"$((($(date +%s%N) - begun) / 1000)) $*\" >> NOTES; exit $code";

/// What one more request costs where so many sites are served; times in milliseconds, medians.
pub(crate) struct Row {
    pub(crate) sites: usize,
    /// Whether each site asks its visitors for a password.
    pub(crate) passwords: bool,
    pub(crate) hooks: usize,
    /// From the start of the hook to its end; then the site is served.
    pub(crate) total: f64,
    /// In that: `nginx -t` and `nginx -v`.
    pub(crate) trial: f64,
    /// In that: from the signal until new workers have taken over.
    pub(crate) reload: f64,
    pub(crate) calls: usize,
    /// A hook that changes nothing.
    pub(crate) unchanged: f64,
    pub(crate) peak_kib: u64,
    /// A look at everybody, which Juju asks for every few minutes, and one after a restart of the machine.
    pub(crate) update_status: Look,
    pub(crate) start: Look,
    pub(crate) nginx: Nginx,
}

/// What a hook costs that looks at everybody.
pub(crate) struct Look {
    pub(crate) millis: f64,
    pub(crate) calls: usize,
    pub(crate) peak_kib: u64,
}

/// What nginx itself takes with so many sites, without us.
pub(crate) struct Nginx {
    /// `nginx -t`.
    pub(crate) trial: f64,
    pub(crate) master_kib: u64,
    pub(crate) worker_kib: u64,
}

impl Row {
    /// What is left of the time without nginx.
    pub(crate) fn ours(&self) -> f64 {
        self.total - self.trial - self.reload
    }
}

pub(crate) struct Proxy {
    world: World,
    web: Web,
    passwords: bool,
    clients: Vec<RelationId>,
}

pub(crate) fn run(quick: bool) -> Vec<Row> {
    let all = [
        (1, false, 21),
        (10, false, 21),
        (100, false, 21),
        (1000, false, 21),
        (1000, true, 21),
        (10_000, false, 5),
    ];
    let (most, hooks_at_most) = if quick { (4, 5) } else { (all.len(), 21) };
    all[..most]
        .iter()
        .map(|&(sites, passwords, hooks)| row(sites, passwords, hooks.min(hooks_at_most)))
        .collect()
}

fn row(sites: usize, passwords: bool, hooks: usize) -> Row {
    let begun = Instant::now();
    let mut proxy = Proxy::with(None, sites, passwords);
    eprintln!("{sites} sites are served after {:.1?}", begun.elapsed());
    let (mut total, mut trial, mut reload, mut unchanged) = (vec![], vec![], vec![], vec![]);
    let (mut calls, mut peak_kib) = (0, 0);
    for turn in 0..hooks {
        let client = turn * 7 % sites;
        let (run, of_trial, of_reload) = proxy.change(client, &format!("turn{turn}.example.com"));
        (calls, peak_kib) = (run.calls.len(), peak_kib.max(run.max_rss_kib.unwrap_or_default()));
        total.push(run.millis);
        trial.push(of_trial);
        reload.push(of_reload);
        proxy.await_calm();
        unchanged.push(proxy.touch(client, turn).millis);
        eprintln!("another site: {:.0} ms, nginx {of_trial:.0} and {of_reload:.0} of them", run.millis);
    }
    let [total, trial, reload, unchanged] = [total, trial, reload, unchanged].map(|times| median(&times));
    let update_status = Look::of(&proxy.update_status());
    let nginx = proxy.nginx();
    let start = Look::of(&proxy.reboot());
    Row {
        sites,
        passwords,
        hooks,
        total,
        trial,
        reload,
        calls,
        unchanged,
        peak_kib,
        update_status,
        start,
        nginx,
    }
}

impl Look {
    fn of(run: &HookRun) -> Self {
        let peak_kib = run.max_rss_kib.unwrap_or_default();
        Self { millis: run.millis, calls: run.calls.len(), peak_kib }
    }
}

impl Proxy {
    /// As in [`crate::stage::Stage::set`], the clients are there before the charm: the one in a folder, or this one.
    pub(crate) fn with(charm: Option<&Path>, sites: usize, passwords: bool) -> Self {
        let mut world = World::new(7);
        world.put_before_nginx(&CLOCK.replace("NOTES", &world.path("notes").to_string_lossy()));
        world.juju.set_hook_limit(Duration::from_mins(10));
        let metadata =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("metadata.yaml")).unwrap();
        world.juju.deploy("proxy", &Charm::puppet(&metadata), 1);
        let mut proxy = Self { world, web: Web::start("web"), passwords, clients: Vec::new() };
        for number in 0..sites {
            let client = format!("client{number}");
            let juju = &mut proxy.world.juju;
            juju.deploy(&client, &Charm::puppet(&format!("name: {client}\n{CLIENT}")), 1);
            let relation = juju.relate("proxy:ssl-termination", &format!("{client}:proxy"));
            juju.settle_unit(&format!("{client}/0"));
            proxy.clients.push(relation);
            proxy.ask(number, &format!("site{number}.example.com"));
        }
        proxy.world.juju.settle();
        let charm = charm.map_or_else(|| proxy.world.charm(), |folder| proxy.world.charm_in(folder));
        proxy.world.juju.refresh("proxy", &charm);
        let ports = [("http-port", proxy.world.http_port), ("https-port", proxy.world.https_port)];
        proxy.world.juju.configure("proxy", ports);
        proxy.world.juju.configure("proxy", [("allow-local-upstreams", true)]);
        proxy.world.juju.settle();
        proxy
    }

    fn ask(&mut self, client: usize, name: &str) {
        let mut request =
            json!({"fqdn": [name], "upstreams": [{"hostname": "127.0.0.1", "port": self.web.port}]});
        if self.passwords {
            request["credentials"] = "user secret".into();
        }
        let unit = format!("client{client}/0");
        self.world.juju.relation_set(&unit, self.clients[client], [("cert-request", request.to_string())]);
    }

    fn step(&mut self) -> HookRun {
        let run = self.world.juju.step_unit(UNIT).unwrap();
        assert!(run.hook == "ssl-termination-relation-changed" && run.committed, "{}", run.trace());
        run
    }

    /// Another name is asked for; the hook, and the milliseconds in it of nginx's trial and reload. Then it is served.
    pub(crate) fn change(&mut self, client: usize, name: &str) -> (HookRun, f64, f64) {
        self.ask(client, name);
        let notes = self.world.path("notes");
        fs::write(&notes, "").unwrap();
        let run = self.step();
        let answer = self.world.get(&format!("https://{name}/"));
        let answer = if self.passwords { answer.with_password("user:secret") } else { answer }.send();
        assert_eq!(answer.code, 200, "{name}: {answer:?}\n{}", run.trace());
        let notes = fs::read_to_string(notes).unwrap();
        let micros = notes.lines().filter_map(|line| line.split(' ').next()?.parse::<f64>().ok());
        (run, micros.sum::<f64>() / 1000.0, self.reload_millis())
    }

    /// The last reload: it begins when the main file has come to its place, and what is served is noted after it.
    fn reload_millis(&self) -> f64 {
        let placed = |path: &str| {
            let metadata = fs::metadata(self.world.path(path)).unwrap();
            metadata.ctime() as f64 * 1000.0 + metadata.ctime_nsec() as f64 / 1_000_000.0
        };
        placed("run/ssl-termination/proxy-0/served") - placed("etc/ssl-termination/proxy-0/conf/nginx.conf")
    }

    /// Waits until the workers of earlier configurations are gone: giving their memory back takes long, beside whatever
    /// comes next, and while it lasts they have no title.
    fn await_calm(&self) {
        let is_leaving = |worker: &u32| {
            let title = fs::read_to_string(format!("/proc/{worker}/cmdline")).unwrap_or_default();
            title.contains("shutting down") || title.is_empty()
        };
        let begun = Instant::now();
        while self.world.nginx_workers().iter().any(is_leaving) {
            assert!(begun.elapsed() < Duration::from_mins(1), "a worker of nginx does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A key that nobody looks at.
    pub(crate) fn touch(&mut self, client: usize, turn: usize) -> HookRun {
        let unit = format!("client{client}/0");
        self.world.juju.relation_set(&unit, self.clients[client], [("another", turn.to_string())]);
        self.step()
    }

    /// The machine restarts, and nginx with it.
    pub(crate) fn reboot(&mut self) -> HookRun {
        self.world.kill_nginx();
        let machine = self.world.juju.machine(UNIT);
        self.world.juju.reboot(machine);
        self.settle("start")
    }

    pub(crate) fn update_status(&mut self) -> HookRun {
        self.world.juju.update_status(UNIT);
        self.settle("update-status")
    }

    /// Runs all that waits, and gives the one hook of that name.
    fn settle(&mut self, hook: &str) -> HookRun {
        self.world.juju.settle().into_iter().find(|run| run.hook == hook && run.committed).unwrap()
    }

    fn nginx(&self) -> Nginx {
        let (masters, workers) = (self.world.nginx_processes(), self.world.nginx_workers());
        let (master, worker) = (*masters.first().unwrap(), *workers.last().unwrap());
        let configuration = self.world.path("etc/ssl-termination/proxy-0/conf/nginx.conf");
        let trials: Vec<f64> = (0..3)
            .map(|_| {
                let begun = Instant::now();
                let nginx =
                    Command::new("nginx").args(["-e", "/dev/null", "-t", "-c"]).arg(&configuration).output();
                assert!(nginx.unwrap().status.success());
                begun.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        Nginx { trial: median(&trials), master_kib: resident(master), worker_kib: resident(worker) }
    }
}

/// Memory of a process that is in use now, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
