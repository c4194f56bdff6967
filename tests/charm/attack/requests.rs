//! What a hostile client may ask for: each line of requests.jsonl is one request and what is said to it. None of it gets
//! into a file, a log or a status, and a neighbour under load loses no request.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde::Deserialize;
use serde_json::{Value, json};
use test_juju::RelationId;

use super::{answer, ask, clients, look, request, serving};
use crate::world::{Web, World};

const NEIGHBOUR: &str = "neighbour.example.com";

#[derive(Deserialize)]
struct Attack {
    what: String,
    /// An object, or the text of the databag as it is.
    request: Value,
    /// The field and the reason.
    refused: Option<String>,
    /// Names that wait, and why.
    pending: Option<Value>,
    /// Whether it is made where upstreams may lie on this machine, as the neighbour's does.
    #[serde(default = "yes")]
    local: bool,
}

fn yes() -> bool {
    true
}

fn attacks(local: bool) -> Vec<Attack> {
    let lines = include_str!("requests.jsonl").lines().map(serde_json::from_str::<Attack>);
    lines.map(Result::unwrap).filter(|attack| attack.local == local).collect()
}

/// A proxy that serves a neighbour, and a client that has asked for nothing yet.
struct Scene {
    world: World,
    client: RelationId,
    _web: Web,
}

impl Scene {
    fn new() -> Self {
        let (mut world, web) = (World::new(21), Web::start("web"));
        let relations = clients(&mut world, &[("neighbour", 1), ("client", 1)]);
        ask(&mut world, relations[0], "neighbour/0", &request(&[NEIGHBOUR], &web));
        Self { world, client: relations[1], _web: web }
    }

    /// Asks, and gives the answer. Neither the log nor the status says anything that is not printable.
    fn ask(&mut self, request: &Value) -> Value {
        let text = request.as_str().map_or_else(|| request.to_string(), str::to_owned);
        self.world.juju.relation_set("client/0", self.client, [("cert-request", text)]);
        for run in self.world.juju.settle() {
            let logged = run.log.iter().map(|(_, line)| line).chain([&run.stdout, &run.stderr]);
            let odd = |line: &&String| line.chars().any(|c| !matches!(c, ' '..='~' | '\n'));
            assert_eq!(logged.clone().find(odd), None, "{request}");
        }
        let (state, message) = self.world.juju.status("proxy/0");
        assert!(message.chars().all(|c| matches!(c, ' '..='~')), "{state}: {message:?}");
        answer(&self.world, self.client)
    }

    /// What is on the machine, but for what nginx logs.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        add_files(self.world.root(), &mut files);
        files.retain(|path, _| !path.contains("/var/log/"));
        files
    }
}

fn add_files(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
}

/// Makes all attacks, and says which were answered otherwise than they should be.
fn wrong(scene: &mut Scene, attacks: &[Attack]) -> Vec<String> {
    let mut wrong = Vec::new();
    for attack in attacks {
        let refused = attack.refused.as_ref().map(|refused| {
            let (field, reason) = refused.split_once(": ").unwrap();
            json!([{"unit": "client/0", "field": field, "reason": reason}])
        });
        let expected: serde_json::Map<String, Value> =
            [("_refused", refused), ("_pending", attack.pending.clone())]
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)))
                .collect();
        let answered = scene.ask(&attack.request);
        if answered != Value::Object(expected) {
            wrong.push(format!("{}: {answered}", attack.what));
        }
    }
    wrong
}

/// A visitor of the neighbour who asks without a pause; how often, and how often in vain.
fn visitor(world: &World) -> (Arc<AtomicBool>, JoinHandle<(usize, usize)>) {
    let (ends, port) = (Arc::new(AtomicBool::new(false)), world.https_port);
    let ending = Arc::clone(&ends);
    let visitor = std::thread::spawn(move || {
        let (url, resolve) =
            (format!("https://{NEIGHBOUR}:{port}/[1-50]"), format!("{NEIGHBOUR}:{port}:127.0.0.1"));
        let (mut all, mut lost) = (0, 0);
        while !ending.load(Ordering::Relaxed) {
            let output = Command::new("curl")
                .args(["-sk", "--http1.1", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}\n"])
                .args(["--resolve", &resolve, &url])
                .output()
                .unwrap();
            let codes = String::from_utf8(output.stdout).unwrap();
            all += codes.lines().count();
            lost += codes.lines().filter(|code| *code != "200").count();
        }
        (all, lost)
    });
    (ends, visitor)
}

#[test]
fn each_attack_is_refused_and_the_neighbour_loses_no_request() {
    let mut scene = Scene::new();
    let files = scene.files();
    let (ends, visitor) = visitor(&scene.world);
    let wrong = wrong(&mut scene, &attacks(true));
    let after = scene.files();
    // What is served on the way changes nginx, and takes nothing from the neighbour either.
    for name in ["a.example.com", "b.example.com"] {
        let request = json!({"fqdn": [name], "upstreams": [{"hostname": "10.0.0.9", "port": 80}]});
        assert!(scene.ask(&request).get(name).is_some());
    }
    ends.store(true, Ordering::Relaxed);
    let (all, lost) = visitor.join().unwrap();
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
    let changed: Vec<&String> = after.keys().filter(|path| files.get(*path) != after.get(*path)).collect();
    assert_eq!((changed, files.len()), (Vec::new(), after.len()));
    assert_eq!(lost, 0, "of {all}");
    assert!(all > 0);
}

#[test]
fn no_upstream_reaches_further_than_the_client_itself_could() {
    let mut scene = Scene::new();
    scene.world.juju.configure("proxy", [("allow-local-upstreams", false)]);
    scene.world.juju.settle();
    let wrong = wrong(&mut scene, &attacks(false));
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

/// Juju takes 16 MB in a databag. What is longer than any request that is read need not be carried from hook to hook.
#[test]
fn a_request_that_is_far_too_long_does_not_weigh_on_the_hooks_of_others() {
    let (mut world, relation, _web) = serving();
    world.juju.add_unit("blog");
    world.juju.settle();
    world.juju.relation_set("blog/1", relation, [("cert-request", "x".repeat(15_000_000))]);
    world.juju.settle();
    let looked = look(&mut world);
    let (kib, millis) = (looked[0].max_rss_kib.unwrap(), looked[0].millis);
    assert!(kib < 40_000, "{kib} KiB, {millis:.0} ms");
}
