//! Running hooks, actions and commands of juju-exec.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::Value;

use super::Juju;
use crate::context::{ActionContext, HookContext};
use crate::fault::Faults;
use crate::model::Writes;
use crate::run::{Execution, Kind, Program, execute, socket_address, unpack, variables};
use crate::{Event, Fault, HookKind, HookRun, Name, Part, RelationId};

/// An action that has run.
#[derive(Debug, Clone)]
pub struct ActionRun {
    /// The process.
    pub run: HookRun,
    /// What `action-set` has set, by dotted key.
    pub results: BTreeMap<String, String>,
    /// The message of `action-fail`, if it was called.
    pub failure: Option<String>,
    /// The messages of `action-log`.
    pub messages: Vec<String>,
}

impl Juju {
    /// `juju-exec COMMAND…` beside the unit's hooks. What it writes is committed at any exit code.
    pub fn exec(&mut self, unit: &str, command: &[&str]) -> HookRun {
        let unit = Name::from(unit);
        let mut run = HookRun::new(&unit, "juju-exec".to_owned(), None);
        let argv = command.iter().map(OsString::from).collect();
        let (writes, _) = self.execute(argv, Kind::Exec(None), None, &[], &mut run);
        self.commit(writes, None, &mut run);
        run
    }

    /// `juju-exec -r RELATION COMMAND…`, for a unit of the other side if there is just one or one is named.
    pub fn exec_in(
        &mut self,
        unit: &str,
        relation: RelationId,
        remote_unit: Option<&str>,
        command: &[&str],
    ) -> HookRun {
        let unit = Name::from(unit);
        let membership = self.model.unit(&unit).agent.memberships.get(&relation);
        let membership = membership.unwrap_or_else(|| panic!("{unit} isn't in relation {relation}"));
        let only = membership.told.keys().next().filter(|_| membership.told.len() == 1);
        let event = Event {
            relation: Some(relation),
            endpoint: Some(membership.endpoint.clone()),
            remote_unit: remote_unit.map(Name::from).or(only.cloned()),
            remote_app: Some(membership.remote_application.clone()),
            ..Event::of(HookKind::UpdateStatus)
        };
        let mut run = HookRun::new(&unit, "juju-exec".to_owned(), Some(&event));
        let argv = command.iter().map(OsString::from).collect();
        let (writes, _) = self.execute(argv, Kind::Exec(Some(&event)), None, &[], &mut run);
        self.commit(writes, None, &mut run);
        run
    }

    /// `juju run UNIT ACTION`, with parameters as a JSON object.
    pub fn run_action(&mut self, unit: &str, name: &str, params: Value) -> ActionRun {
        let unit = Name::from(unit);
        let program = self.program(&unit, &format!("actions/{name}"));
        let program = program.unwrap_or_else(|| panic!("{unit}: the charm has no action {name:?}"));
        let mut run = HookRun::new(&unit, name.to_owned(), None);
        let uuid = format!("{:08x}-0ac7-4000-8000-{:012x}", self.rng.u32(..), self.rng.u64(..1 << 48));
        let kind = Kind::Action { name, uuid: &uuid };
        let action = ActionContext { params, ..ActionContext::default() };
        let (writes, action) = self.execute(vec![program.into()], kind, Some(action), &[], &mut run);
        if run.exit == 0 {
            self.commit(writes, None, &mut run);
        }
        let ActionContext { results, failure, messages, .. } = action.unwrap_or_default();
        ActionRun { run, results, failure, messages }
    }

    /// Run a unit's hook for an event, and record what came of it.
    pub(super) fn run_hook(&mut self, unit: &Name, event: &Event) -> HookRun {
        if matches!(event.kind, HookKind::Install | HookKind::UpgradeCharm) {
            self.unpack(unit);
        }
        let hook = event.hook();
        let mut run = HookRun::new(unit, hook, Some(event));
        let Some(program) = self.program(unit, &format!("hooks/{}", run.hook)) else {
            run.missing = true;
            run.committed = true;
            self.model.done(unit, event);
            return run;
        };
        let faults = self.faults.remove(unit).unwrap_or_default();
        let Faults { calls, fail_commit, commit_and_rerun } = faults;
        let (writes, _) = self.execute(vec![program.into()], Kind::Hook(event), None, &calls, &mut run);
        if run.exit == 0 && !run.agent_died {
            self.commit(writes, fail_commit, &mut run);
        }
        if run.agent_died {
            self.restart_agent(unit);
        }
        if run.committed && !commit_and_rerun {
            run.attempt = self.model.unit(unit).agent.retry.as_ref().map_or(0, |(_, failures)| *failures) + 1;
            self.model.done(unit, event);
        } else {
            let killed = run.exit == -9 || run.exit == -15;
            run.attempt = self.model.must_retry(unit, event, !killed && !run.committed);
        }
        run
    }

    /// Run a program in a context of its own. Nothing is committed yet.
    fn execute(
        &mut self,
        argv: Vec<OsString>,
        kind: Kind<'_>,
        action: Option<ActionContext>,
        faults: &[(usize, Fault)],
        run: &mut HookRun,
    ) -> (Writes, Option<ActionContext>) {
        let unit = run.unit.clone();
        let what = if matches!(kind, Kind::Exec(_)) { "run-commands" } else { &run.hook };
        let context_id = format!("{unit}-{what}-{}", self.rng.u64(..1 << 63));
        let (charm_dir, tools) = (self.charm_dir(&unit), self.tools());
        let execution =
            Execution { unit: &unit, kind, context_id: &context_id, charm_dir: &charm_dir, tools: &tools };
        let program = Program {
            argv,
            cwd: &charm_dir,
            env: variables(&self.model, &execution),
            context_id: &context_id,
            socket: socket_address(&charm_dir),
            limit: self.limit,
            call_delay: self.call_delay,
        };
        let event = match kind {
            Kind::Hook(event) | Kind::Exec(Some(event)) => Some(event.clone()),
            Kind::Action { .. } | Kind::Exec(None) => None,
        };
        let mut context = HookContext::new(&mut self.model, &unit, event, action);
        execute(&mut context, &program, faults, run);
        run.log = context.log;
        (context.writes, context.action)
    }

    fn commit(&mut self, writes: Writes, fails_at: Option<Part>, run: &mut HookRun) {
        match self.model.commit(&run.unit, writes, fails_at) {
            Ok(published) => {
                run.published = published;
                run.committed = true;
            }
            Err(error) => run.stderr.extend(["commit: ", &error, "\n"]),
        }
    }

    /// `dispatch` if the charm has it, else the program of that name, if there is one.
    fn program(&self, unit: &Name, path: &str) -> Option<PathBuf> {
        let charm = self.model.unit(unit).agent.charm.as_ref()?;
        charm.0.dir()?;
        let dir = self.charm_dir(unit);
        [dir.join("dispatch"), dir.join(path)].into_iter().find(|program| program.exists())
    }

    /// Give the unit its application's charm of now.
    pub(super) fn unpack(&mut self, unit: &Name) {
        let dir = self.charm_dir(unit);
        let application = self.model.application(&self.model.unit(unit).application);
        let now = (application.charm.clone(), application.revision);
        let agent = &mut self.model.unit_mut(unit).agent;
        let before = agent.charm.replace(now.clone());
        if now.0.dir().is_some() {
            unpack(&now.0, before.as_ref().map(|(charm, _)| charm), &dir);
        }
    }
}
