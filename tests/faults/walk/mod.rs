//! Random sequences of events with faults among them, against a model that reads everything every time.
//!
//! A sequence follows from its number: `WALK=number` runs that one alone, `WALKS=count` so many. One that fails is
//! made as short as it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_juju::{Charm, Fault, HookRun, Juju, RelationId};

use crate::pool;

/// How many sequences the everyday suite makes.
const EVERYDAY: u64 = 400;

const METADATA: &str = "name: proxy\nprovides: {ssl-termination: {interface: ssl-termination}}\n";
const CLIENT: &str = "name: client\nrequires: {tls: {interface: ssl-termination}}";
const CLIENTS: [&str; 3] = ["blog", "shop", "wiki"];
const NAMES: [&str; 3] = ["a.example.com", "b.example.com", "c.example.com"];
const PROXY: &str = "proxy/0";

/// What happens. What cannot happen, because nothing of that kind is there, is passed over.
#[derive(Debug, Clone, Copy)]
enum Event {
    Relate(usize),
    EndRelation(usize),
    ForceEndRelation(usize),
    AddUnit(usize),
    RemoveUnit(usize, usize),
    ForceRemoveUnit(usize, usize),
    /// A unit asks for those names whose bit is set.
    Ask(usize, usize, u8),
    Upgrade,
    Reboot,
    Exec,
}

/// What goes wrong in the hooks that follow.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Kill(usize),
    Refuse(usize),
    RefuseAndSkip(usize),
    Garbage(usize),
    FailCommit,
    FailCommitAndSkip,
    CommitTwice,
    LoseState,
    LoseLock,
    KeepCopy,
    RestoreCopy,
    CutFlagFile(u8),
    ForgetToken,
}

type Step = (Event, Option<Trouble>);

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn byte(&mut self, limit: usize) -> u8 {
        u8::try_from(self.below(limit)).unwrap()
    }

    fn event(&mut self) -> Event {
        let client = self.below(CLIENTS.len());
        match self.below(20) {
            0..4 => Event::Relate(client),
            4 => Event::EndRelation(client),
            5 => Event::ForceEndRelation(client),
            6 => Event::AddUnit(client),
            7 => Event::RemoveUnit(client, self.below(2)),
            8 => Event::ForceRemoveUnit(client, self.below(2)),
            9..17 => Event::Ask(client, self.below(2), self.byte(8)),
            17 => Event::Upgrade,
            18 => Event::Reboot,
            _ => Event::Exec,
        }
    }

    fn trouble(&mut self) -> Trouble {
        let call = 1 + self.below(6);
        match self.below(14) {
            0 | 1 => Trouble::Kill(call),
            2 => Trouble::Refuse(call),
            3 => Trouble::RefuseAndSkip(call),
            4 => Trouble::Garbage(call),
            5 => Trouble::FailCommit,
            6 => Trouble::FailCommitAndSkip,
            7 => Trouble::CommitTwice,
            8 => Trouble::LoseState,
            9 => Trouble::LoseLock,
            10 => Trouble::KeepCopy,
            11 => Trouble::RestoreCopy,
            12 => Trouble::CutFlagFile(self.byte(100)),
            _ => Trouble::ForgetToken,
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let begin = (0..2).map(|client| (Event::Relate(client), None));
        let mut steps: Vec<Step> = begin.collect();
        for _ in 0..3 + self.below(5) {
            let event = self.event();
            let trouble = (self.below(3) == 0).then(|| self.trouble());
            steps.push((event, trouble));
        }
        steps
    }
}

/// A proxy in a Juju, and what it should have said.
struct Walk {
    juju: Juju,
    relations: BTreeMap<usize, RelationId>,
    copy: TempDir,
    skips: bool,
    /// Each name's relation, and the units that ask for it there.
    claims: BTreeMap<String, (RelationId, BTreeSet<String>)>,
}

impl Walk {
    fn new(charm: &Path, seed: u64) -> Self {
        let mut juju = Juju::new(seed);
        juju.deploy("proxy", &Charm::at(charm), 1);
        for client in CLIENTS {
            juju.deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), 1);
        }
        juju.settle();
        let copy = tempfile::tempdir().unwrap();
        Self { juju, relations: BTreeMap::new(), copy, skips: false, claims: BTreeMap::new() }
    }

    fn unit(&self, client: usize, unit: usize) -> Option<String> {
        self.juju.units(CLIENTS[client]).get(unit).map(ToString::to_string)
    }

    fn happen(&mut self, event: Event, charm: &Path) {
        match event {
            Event::Relate(client) => {
                let end = format!("{}:tls", CLIENTS[client]);
                if !self.relations.contains_key(&client) {
                    let relation = self.juju.relate("proxy:ssl-termination", &end);
                    self.relations.insert(client, relation);
                }
            }
            Event::EndRelation(client) => {
                if let Some(relation) = self.relations.remove(&client) {
                    self.juju.remove_relation(relation);
                }
            }
            Event::ForceEndRelation(client) => {
                if let Some(relation) = self.relations.remove(&client) {
                    self.juju.force_remove_relation(relation);
                    self.juju.restart_agent(PROXY);
                    self.juju.update_status(PROXY);
                }
            }
            Event::AddUnit(client) => {
                if self.juju.units(CLIENTS[client]).len() < 2 {
                    self.juju.add_unit(CLIENTS[client]);
                }
            }
            Event::RemoveUnit(client, unit) => {
                if let Some(unit) = self.unit(client, unit) {
                    self.juju.remove_unit(&unit);
                }
            }
            Event::ForceRemoveUnit(client, unit) => {
                if let Some(unit) = self.unit(client, unit) {
                    self.juju.force_remove_unit(&unit);
                }
            }
            Event::Ask(client, unit, names) => {
                if let (Some(unit), Some(relation)) = (self.unit(client, unit), self.relations.get(&client)) {
                    let names =
                        (0..NAMES.len()).filter(|name| names & (1 << name) != 0).map(|name| NAMES[name]);
                    let names: Vec<&str> = names.collect();
                    let request = if names.is_empty() { json!({}) } else { json!({ "fqdn": names }) };
                    self.juju.relation_set(&unit, *relation, [("cert-request", request.to_string())]);
                }
            }
            Event::Upgrade => self.juju.refresh("proxy", &Charm::at(charm)),
            Event::Reboot => self.juju.reboot(self.juju.machine(PROXY)),
            Event::Exec => drop(self.juju.exec(PROXY, &["bin/ssl-termination", "flag", "list"])),
        }
    }

    fn trouble(&mut self, trouble: Trouble) {
        let state = self.juju.charm_dir(PROXY).join(".state");
        let refuse = || Fault::Refuse { exit: 1, stderr: "ERROR no luck".to_owned() };
        match trouble {
            Trouble::Kill(call) => self.juju.on_call(PROXY, call, Fault::Kill),
            Trouble::Refuse(call) => self.juju.on_call(PROXY, call, refuse()),
            Trouble::RefuseAndSkip(call) => {
                self.juju.on_call(PROXY, call, refuse());
                self.skips = true;
            }
            Trouble::Garbage(call) => self.juju.on_call(PROXY, call, Fault::Garbage("{\"garb".to_owned())),
            Trouble::FailCommit => self.juju.fail_commit(PROXY),
            Trouble::FailCommitAndSkip => {
                self.juju.fail_commit(PROXY);
                self.skips = true;
            }
            Trouble::CommitTwice => self.juju.commit_and_rerun(PROXY),
            Trouble::LoseState => drop(fs::remove_dir_all(state)),
            Trouble::LoseLock => drop(fs::remove_file(state.join("lock"))),
            Trouble::KeepCopy => copy(&state, self.copy.path()),
            Trouble::RestoreCopy => {
                if self.copy.path().join("lock").exists() {
                    let _ = fs::remove_dir_all(&state);
                    copy(self.copy.path(), &state);
                }
            }
            Trouble::CutFlagFile(percent) => {
                let path = state.join("flags.json");
                if let Ok(bytes) = fs::read(&path) {
                    fs::write(path, &bytes[..bytes.len() * usize::from(percent) / 100]).unwrap();
                }
            }
            Trouble::ForgetToken => {
                self.juju.exec(PROXY, &["state-delete", "ssl-termination-generation"]);
            }
        }
    }

    /// Runs all hooks; none may need a person.
    fn settle(&mut self) -> Result<(), String> {
        while let Some(run) = self.juju.step() {
            let failed = |run: &HookRun| format!("a hook keeps failing: {}", run.trace());
            if !run.committed && self.skips && self.juju.failed(PROXY).is_some() {
                self.skips = false;
                self.juju.skip_failed(PROXY);
            } else if !run.committed && run.attempt > 3 {
                return Err(failed(&run));
            }
        }
        Ok(())
    }

    fn step(&mut self, (event, trouble): Step, charm: &Path) -> Result<(), String> {
        self.happen(event, charm);
        if let Some(trouble) = trouble {
            self.trouble(trouble);
            let skips = self.skips;
            self.settle()?;
            // Whatever has not come to light yet does with the next hook, or the one after it if that is skipped.
            for _ in 0..=usize::from(skips) {
                self.juju.update_status(PROXY);
                self.settle()?;
            }
            self.skips = false;
        }
        self.settle()?;
        self.compare()
    }

    /// What each unit asks, by relation, as the databags are now.
    fn asked(&self) -> BTreeMap<RelationId, BTreeMap<String, Vec<String>>> {
        let mut asked: BTreeMap<RelationId, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for (client, relation) in &self.relations {
            for unit in self.juju.units(CLIENTS[*client]) {
                let bag = self.juju.bag(*relation, &unit);
                let request: Value =
                    bag.get("cert-request").map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
                if let Some(names) = request["fqdn"].as_array() {
                    let names = names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
                    asked.entry(*relation).or_default().insert(unit.to_string(), names);
                }
            }
        }
        asked
    }

    /// The first relation that asked for a name has it as long as one of the units asks on through which it asked.
    fn claim(&mut self, asked: &BTreeMap<RelationId, BTreeMap<String, Vec<String>>>) {
        for (name, (relation, units)) in &mut self.claims {
            let of_relation = asked.get(relation);
            units.retain(|unit| {
                of_relation.and_then(|asked| asked.get(unit)).is_some_and(|names| names.contains(name))
            });
        }
        self.claims.retain(|_, (_, units)| !units.is_empty());
        for (relation, units) in asked {
            for (unit, names) in units {
                for name in names {
                    let claim = self.claims.entry(name.clone()).or_insert((*relation, BTreeSet::new()));
                    if claim.0 == *relation {
                        claim.1.insert(unit.clone());
                    }
                }
            }
        }
    }

    fn compare(&mut self) -> Result<(), String> {
        let asked = self.asked();
        self.claim(&asked);
        for relation in self.relations.values() {
            let should = asked.get(relation).map(|units| {
                let names: BTreeSet<&String> = units.values().flatten().collect();
                let granted: Vec<&&String> =
                    names.iter().filter(|name| self.claims[**name].0 == *relation).collect();
                json!({"granted": granted, "asked": units})
            });
            let bag = self.juju.bag(*relation, PROXY);
            let is: Option<Value> = bag.get("status").map(|text| serde_json::from_str(text).unwrap());
            if is != should {
                return Err(format!("relation {relation} is told {is:?}, and should be told {should:?}"));
            }
        }
        let text = fs::read(self.juju.charm_dir(PROXY).join(".state/flags.json")).unwrap_or_default();
        let file: Value = serde_json::from_slice(&text).unwrap_or_default();
        let available = self.relations.keys().any(|client| !self.juju.units(CLIENTS[*client]).is_empty());
        let flags = if available { json!(["endpoint.ssl-termination.available"]) } else { json!([]) };
        let is = file["generations"].get(0).map_or(json!([]), |newest| newest["flags"].clone());
        if is == flags { Ok(()) } else { Err(format!("the flags are {is}, and should be {flags}")) }
    }
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::create_dir_all(to);
    if from.is_dir() {
        Command::new("cp").args(["-a", "--"]).arg(from.join(".")).arg(to).status().unwrap();
    }
}

fn walk(charm: &Path, seed: u64, steps: &[Step]) -> Result<(), String> {
    let mut walk = Walk::new(charm, seed);
    steps.iter().try_for_each(|step| walk.step(*step, charm))
}

/// Leaves out whatever can be left out, as long as it still fails.
fn shrink(charm: &Path, seed: u64, mut steps: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
    let mut at = steps.len();
    while at > 0 {
        at -= 1;
        let mut shorter = vec![steps.clone(), steps.clone()];
        shorter[0].remove(at);
        shorter[1][at].1 = None;
        for shorter in shorter {
            if let Err(said) = walk(charm, seed, &shorter) {
                (steps, why) = (shorter, said);
                at = at.min(steps.len());
                break;
            }
        }
    }
    (steps, why)
}

/// The charm's folder: its hooks are relations', and those in which it may find out what it has missed.
fn charm() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("metadata.yaml"), METADATA).unwrap();
    let running = env::current_exe().unwrap();
    let example = running.ancestors().nth(2).unwrap().join("examples/walk");
    assert!(example.is_file(), "no {}: cargo build --example walk", example.display());
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_ssl-termination"), folder.path().join("bin/ssl-termination")).unwrap();
    fs::create_dir_all(folder.path().join("hooks")).unwrap();
    let relation = ["created", "joined", "changed", "departed", "broken"];
    let relation = relation.map(|kind| format!("ssl-termination-relation-{kind}"));
    for hook in
        ["start", "upgrade-charm", "update-status"].into_iter().chain(relation.iter().map(String::as_str))
    {
        symlink(&example, folder.path().join("hooks").join(hook)).unwrap();
    }
    folder
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn a_random_walk_ends_where_a_model_says_that_reads_everything_every_time() {
    let folder = charm();
    let charm = folder.path();
    let seeds = match number("WALK") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WALKS").unwrap_or(EVERYDAY),
    };
    let (begin, hooks) = (Instant::now(), AtomicUsize::new(0));
    let count = seeds.end - seeds.start;
    pool::each(seeds, |seed| {
        let steps = Dice(seed).steps();
        hooks.fetch_add(steps.len(), Ordering::Relaxed);
        if let Err(why) = walk(charm, seed, &steps) {
            let (steps, why) = shrink(charm, seed, steps, why);
            panic!("walk {seed}, made short:\n{steps:#?}\n{why}");
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let steps = hooks.into_inner();
    eprintln!("{count} sequences of {steps} steps in {seconds:.1} s");
}
