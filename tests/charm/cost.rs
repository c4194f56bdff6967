//! What a hook costs does not grow with the number of clients: counted, not timed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::json;
use test_juju::{Charm, HookRun, RelationId};

use crate::charms::Model;
use crate::world::World;

const FRONT: &str = "provides: {front: {interface: ssl-termination}}";
const ASKS: &str = "requires: {front: {interface: ssl-termination}}";

/// What one hook of the benchmark's small charm has done.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    /// Calls of hook tools.
    calls: usize,
    /// Files of the state that were written.
    written: usize,
    /// Calls of the system that read, and that write, of the process and the hook tools that it called.
    reads: u64,
    writes: u64,
    /// KiB that went through them.
    kib: u64,
    /// The most memory of the process, in KiB.
    peak_kib: u64,
}

/// One unit of the small charm, and so many units in one relation or so many relations.
struct Front {
    model: Model,
    clients: Vec<(RelationId, String)>,
}

impl Front {
    fn with(units: usize, relations: usize) -> Self {
        let mut model = Model::new(5);
        model.puppet("front", FRONT, 1);
        let mut clients = Vec::new();
        for number in 0..relations {
            let application = format!("web{number}");
            model.puppet(&application, ASKS, units);
            let relation = model.juju.relate("front:front", &format!("{application}:front"));
            for unit in (0..units).map(|number| format!("{application}/{number}")) {
                model.juju.settle_unit(&unit);
                clients.push((relation, unit));
            }
        }
        let mut front = Self { model, clients };
        (0..front.clients.len()).for_each(|client| front.ask(client, &format!("n{client}.example.com")));
        front.model.juju.settle();
        front.model.become_program("front", FRONT, "small");
        front.model.juju.settle();
        front
    }

    fn ask(&mut self, client: usize, name: &str) {
        let (relation, unit) = &self.clients[client];
        let request = json!({"fqdn": [name], "upstreams": []}).to_string();
        self.model.juju.relation_set(unit, *relation, [("cert-request", request)]);
    }

    /// The costs of a hook whose answer changes, of one that changes nothing and forgets the generation before the last,
    /// and of one more.
    fn costs(&mut self) -> [Cost; 3] {
        let last = self.clients.len() - 1;
        self.ask(last, "another.example.com");
        let changed = self.cost();
        let (relation, unit) = self.clients[last].clone();
        let [forgetting, unchanged] = ["one", "two"].map(|value| {
            self.model.juju.relation_set(&unit, relation, [("another", value)]);
            self.cost()
        });
        [changed, forgetting, unchanged]
    }

    fn cost(&mut self) -> Cost {
        let note = self.model.juju.charm_dir("front/0").join("peak");
        fs::write(&note, "").unwrap();
        let before = self.state();
        let run: HookRun = self.model.juju.step_unit("front/0").unwrap();
        assert!(run.committed, "{}", run.trace());
        let written = self.state().into_iter().filter(|(path, text)| before.get(path) != Some(text)).count();
        let text = fs::read_to_string(&note).unwrap();
        let number = |key: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Cost {
            calls: run.calls.len(),
            written,
            reads: number("syscr:"),
            writes: number("syscw:"),
            kib: (number("rchar:") + number("wchar:")) / 1024,
            peak_kib: number("VmHWM:"),
        }
    }

    fn state(&self) -> BTreeMap<PathBuf, String> {
        self.model.state_files("front/0")
    }
}

#[test]
fn a_hook_does_the_same_with_a_thousand_clients_as_with_one() {
    let one = Front::with(1, 1).costs();
    assert_eq!(one.each_ref().map(|cost| (cost.calls, cost.written)), [(4, 3), (2, 1), (2, 0)], "{one:?}");
    for (units, relations) in [(1000, 1), (1, 1000)] {
        let many = Front::with(units, relations).costs();
        for (one, many) in one.iter().zip(&many) {
            let numbers = |cost: &Cost| (cost.calls, cost.written, cost.writes);
            assert_eq!(numbers(many), numbers(one), "{units} × {relations}: {many:?}");
            assert!(many.reads <= one.reads + 2, "{units} × {relations}: {many:?}, with one {one:?}");
            assert!(many.kib <= one.kib + 100, "{units} × {relations}: {many:?}, with one {one:?}");
            assert!(many.peak_kib <= 16 << 10, "{many:?}");
        }
    }
}

/// The whole charm as a proxy with so many sites, each of a client of its own; strace notes what its hooks do with files.
struct Traced {
    world: World,
    last: (RelationId, String),
}

impl Traced {
    fn with(sites: usize) -> Self {
        let mut world = World::new(7);
        world
            .put_before_charm("exec strace -qq -o \"$JUJU_CHARM_DIR/trace\" -e trace=%file \"$real\" \"$@\"");
        let metadata = fs::read_to_string("metadata.yaml").unwrap();
        world.juju.deploy("proxy", &Charm::puppet(&metadata), 1);
        let mut last = None;
        for number in 0..sites {
            let client = format!("client{number}");
            let asks = format!("name: {client}\nrequires: {{proxy: {{interface: ssl-termination}}}}");
            world.juju.deploy(&client, &Charm::puppet(&asks), 1);
            let relation = world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"));
            let unit = format!("{client}/0");
            world.juju.settle_unit(&unit);
            let request = request(&format!("site{number}.example.com"));
            world.juju.relation_set(&unit, relation, [("cert-request", request)]);
            last = Some((relation, unit));
        }
        world.juju.settle();
        world.juju.refresh("proxy", &world.charm());
        world.juju.configure("proxy", [("http-port", world.http_port), ("https-port", world.https_port)]);
        world.juju.settle();
        Self { world, last: last.unwrap() }
    }

    /// The last client publishes something; what the proxy's hook did with files.
    fn publish(&mut self, key: &str, value: &str) -> String {
        let (relation, unit) = &self.last;
        self.world.juju.relation_set(unit, *relation, [(key, value)]);
        let run = self.world.juju.step_unit("proxy/0").unwrap();
        assert!(run.hook == "ssl-termination-relation-changed" && run.committed, "{}", run.trace());
        fs::read_to_string(self.world.juju.charm_dir("proxy/0").join("trace")).unwrap()
    }
}

fn request(name: &str) -> String {
    json!({"fqdn": [name], "credentials": "user secret", "upstreams": []}).to_string()
}

/// The operations on files of the machine in a hook with which one of so many sites changes: how many, and those that
/// made, renamed or deleted a file, by their names.
fn operations(sites: usize) -> (usize, BTreeMap<String, usize>) {
    let mut traced = Traced::with(sites);
    let trace = traced.publish("cert-request", &request("another.example.com"));
    let root = traced.world.root().to_string_lossy().into_owned();
    let (mut all, mut changes) = (0, BTreeMap::new());
    // The error log is looked at as long as nginx takes.
    for line in trace.lines().filter(|line| line.contains(&root) && !line.contains("/var/log/")) {
        all += 1;
        let Some((call, _)) = line.split_once('(').filter(|_| !line.contains(" = -1 ")) else { continue };
        if line.contains("O_CREAT") || ["rename", "link"].iter().any(|kind| call.contains(kind)) {
            *changes.entry(call.to_owned()).or_default() += 1;
        }
    }
    (all, changes)
}

#[test]
fn one_site_among_many_is_changed_without_a_look_at_the_others() {
    World::needs_strace();
    assert_eq!(operations(30), operations(3));
}

#[test]
fn a_hook_of_the_proxy_that_changes_nothing_reads_the_same_with_many_sites_as_with_few() {
    World::needs_strace();
    let opened = |sites| {
        let mut traced = Traced::with(sites);
        traced.publish("another", "one");
        traced.publish("another", "two"); // forgets the generation before the last
        let trace = traced.publish("another", "three");
        trace.lines().filter(|line| line.contains("/.state/view/") && line.contains("openat")).count()
    };
    // What is in one piece of a table where there is little of it is in as many as there are keys asked for.
    let (few, many) = (opened(3), opened(100));
    assert!(many <= few + 3, "{many} pieces of the state are read, with few sites {few}");
}
