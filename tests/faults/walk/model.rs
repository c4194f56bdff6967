//! A walk: what happens to a proxy, and what a model that reads everything every time says it must have told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_juju::{Charm, Fault, HookRun, Juju, RelationId};

use super::steps::{Event, Step, Then, Trouble};
use super::walker::{Asked, Walker};
use super::{CLIENT, CLIENTS, NAMES};
use crate::stage::{OLDER, PROXY, Version, become_of, copy, no_luck};

/// A proxy in a Juju, and what it should have said.
pub(crate) struct Walk<W> {
    walker: W,
    version: Version,
    relations: BTreeMap<usize, RelationId>,
    suspended: BTreeSet<usize>,
    copy: TempDir,
    skips: bool,
    /// Each name's relation, and the units that ask for it there.
    claims: BTreeMap<String, (RelationId, BTreeSet<String>)>,
    /// How many events have come since the proxy's last hook.
    waiting: usize,
}

impl<W: Walker> Walk<W> {
    pub(crate) fn new(mut walker: W, version: Version) -> Result<Self, String> {
        walker.juju_mut().set_version(version.number());
        walker.deploy();
        for client in CLIENTS {
            walker.juju_mut().deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), 1);
        }
        let mut walk = Self {
            walker,
            version,
            relations: BTreeMap::new(),
            suspended: BTreeSet::new(),
            copy: tempfile::tempdir().unwrap(),
            skips: false,
            claims: BTreeMap::new(),
            waiting: 0,
        };
        walk.settle()?;
        Ok(walk)
    }

    fn unit(&self, client: usize, unit: usize) -> Option<String> {
        self.juju().units(CLIENTS[client]).get(unit).map(ToString::to_string)
    }

    fn happen(&mut self, event: Event) {
        self.waiting += 1;
        match event {
            Event::Relate(client) => {
                let end = format!("{}:tls", CLIENTS[client]);
                if !self.relations.contains_key(&client) {
                    let relation = self.juju_mut().relate("proxy:ssl-termination", &end);
                    self.relations.insert(client, relation);
                }
            }
            Event::EndRelation(client) => {
                if let Some(relation) = self.end(client) {
                    self.juju_mut().remove_relation(relation);
                }
            }
            Event::ForceEndRelation(client) => {
                if let Some(relation) = self.end(client) {
                    self.juju_mut().force_remove_relation(relation);
                    self.juju_mut().restart_agent(PROXY);
                    self.juju_mut().update_status(PROXY);
                }
            }
            Event::Suspend(client) => {
                if let Some(relation) = self.relations.get(&client).copied() {
                    // It leaves, and comes anew: others may have been there before.
                    self.claims.retain(|_, (owner, _)| *owner != relation);
                    if self.suspended.remove(&client) {
                        self.juju_mut().resume_relation(relation);
                    } else {
                        self.suspended.insert(client);
                        self.juju_mut().suspend_relation(relation);
                    }
                }
            }
            Event::AddUnit(client) => {
                if self.juju().units(CLIENTS[client]).len() < 2 {
                    self.juju_mut().add_unit(CLIENTS[client]);
                }
            }
            Event::RemoveUnit(client, unit) => {
                if let Some(unit) = self.unit(client, unit) {
                    self.juju_mut().remove_unit(&unit);
                }
            }
            Event::ForceRemoveUnit(client, unit) => {
                if let Some(unit) = self.unit(client, unit) {
                    self.juju_mut().force_remove_unit(&unit);
                }
            }
            Event::Ask(client, unit, names) => {
                self.settle_client(client);
                let relation =
                    self.relations.get(&client).filter(|_| !self.suspended.contains(&client)).copied();
                if let (Some(unit), Some(relation)) = (self.unit(client, unit), relation) {
                    let names =
                        (0..NAMES.len()).filter(|name| names & (1 << name) != 0).map(|name| NAMES[name]);
                    let names: Vec<&str> = names.collect();
                    let request =
                        if names.is_empty() { json!({}) } else { self.walker.request(client, &names) };
                    self.juju_mut().relation_set(&unit, relation, [("cert-request", request.to_string())]);
                }
            }
            Event::Upgrade => {
                become_of(&self.juju().charm_dir(PROXY), OLDER);
                let charm = self.walker.charm();
                self.juju_mut().refresh("proxy", &charm);
            }
            Event::Reboot => self.reboot(),
            Event::Exec => drop(self.juju_mut().exec(PROXY, &["bin/ssl-termination", "flag", "list"])),
        }
    }

    /// The hooks of a client run, while the proxy's wait.
    fn settle_client(&mut self, client: usize) {
        for unit in self.juju().units(CLIENTS[client]) {
            while self.juju_mut().step_unit(&unit).is_some() {}
        }
    }

    fn reboot(&mut self) {
        self.walker.restart();
        let machine = self.juju().machine(PROXY);
        self.juju_mut().reboot(machine);
    }

    /// A relation that is to end.
    fn end(&mut self, client: usize) -> Option<RelationId> {
        self.suspended.remove(&client);
        self.relations.remove(&client)
    }

    fn trouble(&mut self, trouble: Trouble) {
        let state = self.juju().charm_dir(PROXY).join(".state");
        match trouble {
            Trouble::Kill(call) => self.juju_mut().on_call(PROXY, call, Fault::Kill),
            Trouble::Refuse(call) => self.juju_mut().on_call(PROXY, call, no_luck()),
            Trouble::RefuseAndSkip(call) => {
                self.juju_mut().on_call(PROXY, call, no_luck());
                self.skips = true;
            }
            Trouble::Garbage(call) => {
                self.juju_mut().on_call(PROXY, call, Fault::Garbage("{\"garb".to_owned()));
            }
            Trouble::AgentDies(call) => self.juju_mut().on_call(PROXY, call, Fault::AgentDies),
            Trouble::FailCommit(part) => self.juju_mut().fail_commit_at(PROXY, part),
            Trouble::FailCommitAndSkip(part) => {
                self.juju_mut().fail_commit_at(PROXY, part);
                self.skips = true;
            }
            Trouble::CommitTwice => self.juju_mut().commit_and_rerun(PROXY),
            Trouble::LoseState => drop(fs::remove_dir_all(state)),
            Trouble::LoseLock => drop(fs::remove_file(state.join("lock"))),
            Trouble::KeepCopy => copy(&state, self.copy.path()),
            // Without charm state nobody tells it from the newest: who has a name may be as it was then.
            Trouble::RestoreCopy if self.version == Version::WithoutState => {}
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
                self.juju_mut().exec(PROXY, &["state-delete", "ssl-termination-generation"]);
            }
            Trouble::KillNginx => self.walker.kill_nginx(),
        }
    }

    /// Runs all hooks; none may need a person.
    fn settle(&mut self) -> Result<(), String> {
        while let Some(run) = self.juju_mut().step() {
            let failed = |run: &HookRun| format!("a hook keeps failing: {}", run.trace());
            if !run.committed && self.skips && self.juju().failed(PROXY).is_some() {
                self.skips = false;
                self.juju_mut().skip_failed(PROXY);
            } else if !run.committed && run.attempt > 3 {
                return Err(failed(&run));
            }
        }
        Ok(())
    }

    pub(crate) fn step(&mut self, (event, then): Step) -> Result<(), String> {
        self.happen(event);
        if matches!(then, Then::Another) {
            return Ok(());
        }
        if let Then::Trouble(trouble) = then {
            self.trouble(trouble);
            let skips = self.skips;
            self.settle()?;
            // What has not come to light yet does with the next hook, or the one after it if that is skipped.
            let hooks = usize::from(!trouble.is_of_a_hook()) + usize::from(skips);
            for _ in 0..hooks {
                self.juju_mut().update_status(PROXY);
                self.settle()?;
            }
            self.skips = false;
            // Without charm state, only a full read makes that good.
            if self.version == Version::WithoutState && matches!(trouble, Trouble::FailCommitAndSkip(_)) {
                self.reboot();
            }
        }
        self.settle_and_compare()
    }

    fn settle_and_compare(&mut self) -> Result<(), String> {
        self.settle()?;
        self.compare()
    }

    /// The relations that are there and not suspended.
    fn joined(&self) -> impl Iterator<Item = (&usize, &RelationId)> {
        self.relations.iter().filter(|(client, _)| !self.suspended.contains(client))
    }

    /// What each unit asks, by relation, as the databags are now.
    fn asked(&self) -> BTreeMap<RelationId, Asked> {
        let mut asked: BTreeMap<RelationId, Asked> = BTreeMap::new();
        for (client, relation) in self.joined() {
            for unit in self.juju().units(CLIENTS[*client]) {
                let bag = self.juju().bag(*relation, &unit);
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

    /// The first relation that asked for a name has it as long as one of the units asks on through which it asked. Where
    /// several events have come before a hook, that may be any that asks, and is the one that is told.
    fn claim(&mut self, asked: &BTreeMap<RelationId, Asked>) {
        for (name, (relation, units)) in &mut self.claims {
            let of_relation = asked.get(relation);
            units.retain(|unit| {
                of_relation.and_then(|asked| asked.get(unit)).is_some_and(|names| names.contains(name))
            });
        }
        self.claims.retain(|_, (_, units)| !units.is_empty());
        let several = self.waiting > 1;
        self.waiting = 0;
        let told: BTreeMap<RelationId, BTreeSet<String>> = if several {
            asked.keys().map(|relation| (*relation, self.granted(*relation))).collect()
        } else {
            BTreeMap::new()
        };
        let has = |relation, name: &String| told.get(relation).is_none_or(|granted| granted.contains(name));
        for (relation, units) in asked {
            for (unit, names) in units {
                for name in names.iter().filter(|name| has(relation, name)) {
                    let claim = self.claims.entry(name.clone()).or_insert((*relation, BTreeSet::new()));
                    if claim.0 == *relation {
                        claim.1.insert(unit.clone());
                    }
                }
            }
        }
    }

    /// Which names a relation is told to have.
    fn granted(&self, relation: RelationId) -> BTreeSet<String> {
        let bag = self.juju().bag(relation, PROXY);
        let told = bag.get("status").map(|text| self.walker.granted(&serde_json::from_str(text).unwrap()));
        told.unwrap_or_default()
    }

    fn compare(&mut self) -> Result<(), String> {
        let asked = self.asked();
        self.claim(&asked);
        if let Some(name) =
            asked.values().flat_map(BTreeMap::values).flatten().find(|name| !self.claims.contains_key(*name))
        {
            return Err(format!("nobody has {name}, which is asked for"));
        }
        // What is told where everybody has departed, nobody hears.
        for (_, relation) in self.joined() {
            let should = asked.get(relation).map(|units| {
                let names: BTreeSet<&String> = units.values().flatten().collect();
                let has = |name: &&String| self.claims.get(*name).is_some_and(|(owner, _)| owner == relation);
                self.walker.should_tell(&names.into_iter().filter(has).collect(), units)
            });
            let bag = self.juju().bag(*relation, PROXY);
            let is = bag.get("status").map(|text| self.walker.tells(serde_json::from_str(text).unwrap()));
            if is != should {
                return Err(format!("relation {relation} is told {is:?}, and should be told {should:?}"));
            }
        }
        let text = fs::read(self.juju().charm_dir(PROXY).join(".state/flags.json")).unwrap_or_default();
        let file: Value = serde_json::from_slice(&text).unwrap_or_default();
        let available = self.joined().any(|(client, _)| !self.juju().units(CLIENTS[*client]).is_empty());
        let flags = if available { json!(["endpoint.ssl-termination.available"]) } else { json!([]) };
        let is = file["generations"].get(0).map_or(json!([]), |newest| newest["flags"].clone());
        if is == flags { Ok(()) } else { Err(format!("the flags are {is}, and should be {flags}")) }
    }

    /// All that the proxy says, and the files that nginx works with.
    fn seen(&self) -> Vec<String> {
        let bags = self.joined().map(|(_, relation)| format!("{:?}", self.juju().bag(*relation, PROXY)));
        let status = format!("{:?}", self.juju().status(PROXY));
        bags.chain([status]).chain(self.walker.files()).collect()
    }

    /// What takes longer to see, once all has happened: a look at everything changes nothing, and names are served.
    pub(crate) fn end_well(&mut self) -> Result<(), String> {
        self.settle_and_compare()?;
        let before = self.seen();
        self.juju_mut().spare(PROXY);
        self.juju_mut().update_status(PROXY);
        self.settle()?;
        let after = self.seen();
        if after != before {
            return Err(format!("a look at everything makes {after:#?} of {before:#?}"));
        }
        NAMES.into_iter().try_for_each(|name| {
            let owner = self.claims.get(name).map(|(relation, _)| relation);
            let has = |(_, relation): &(&usize, &RelationId)| Some(*relation) == owner;
            self.walker.is_served(name, self.relations.iter().find(has).map(|(client, _)| *client))
        })
    }

    fn juju(&self) -> &Juju {
        self.walker.juju()
    }

    fn juju_mut(&mut self) -> &mut Juju {
        self.walker.juju_mut()
    }
}
