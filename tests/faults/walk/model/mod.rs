//! A walk: what happens to a proxy, and what a model that reads everything every time says it must have told.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::json;
use tempfile::TempDir;
use test_juju::{Charm, Fault, HookRun, Juju, RelationId};

use super::steps::{Event, Step, Then, Trouble};
use super::walker::Walker;
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
            self.juju_mut().settle_unit(&unit);
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
        match then {
            Then::Another => return Ok(()),
            Then::Hooks => {}
            Then::Trouble(trouble) => self.settle_in_trouble(trouble)?,
        }
        self.settle_and_compare()
    }

    fn settle_in_trouble(&mut self, trouble: Trouble) -> Result<(), String> {
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
        Ok(())
    }

    fn settle_and_compare(&mut self) -> Result<(), String> {
        self.settle()?;
        self.compare()
    }

    /// All that the proxy says, and the files that nginx works with.
    fn seen(&self) -> Vec<String> {
        let bags = self.joined().map(|(_, relation)| format!("{:?}", self.juju().bag(*relation, PROXY)));
        let status = format!("{:?}", self.juju().status(PROXY));
        bags.chain([status]).chain(self.walker.files()).collect()
    }

    /// What takes longer to see, once all has happened: a look at everything changes nothing, and names are served.
    pub(crate) fn end_well(&mut self) -> Result<(), String> {
        if self.waiting > 0 {
            self.settle_and_compare()?;
        }
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
