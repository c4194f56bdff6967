//! What goes wrong around hooks: commits, operators, machines, restored backups.

use std::fs;
use std::path::Path;
use std::process::Command;

use test_juju::{Bag, Fault, HookRun};

use crate::life::{Faults, Hook, disturbed};
use crate::pool;
use crate::stage::{PROXY, Stage};
use crate::table::Table;

/// Something that is done before a hook, after its attempts, and at the end of an act.
#[derive(Default)]
struct Around {
    before: Option<fn(&mut Stage, &Hook)>,
    after: Option<fn(&mut Stage, &HookRun)>,
    act_over: Option<fn(&mut Stage, &Backup)>,
    loses_certificates: bool,
    /// Whether it takes a hook in which nothing has happened.
    by_next_hook: bool,
    backup: Backup,
}

impl Faults for Around {
    fn before(&mut self, stage: &mut Stage, hook: &Hook) {
        if let Some(before) = self.before {
            before(stage, hook);
        }
    }

    fn after(&mut self, stage: &mut Stage, _: &Hook, run: &HookRun) {
        if let Some(after) = self.after {
            after(stage, run);
        }
    }

    fn act_over(&mut self, stage: &mut Stage, _: &str) {
        if !stage.is_deployed() {
            return;
        }
        if let Some(act_over) = self.act_over {
            let now = Backup::of(stage);
            let earlier = std::mem::replace(&mut self.backup, now);
            if earlier.folder.is_some() {
                act_over(stage, &earlier);
            }
        }
        if self.by_next_hook {
            stage.update_status();
        }
    }

    fn loses_certificates(&self) -> bool {
        self.loses_certificates
    }
}

/// A copy of what an act left.
#[derive(Default)]
struct Backup {
    folder: Option<tempfile::TempDir>,
    controller: Bag,
    answers: Vec<Bag>,
    ports: Vec<String>,
}

impl Backup {
    fn of(stage: &Stage) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&stage.state_folder(), &folder.path().join("state"));
        copy(stage.world.root(), &folder.path().join("root"));
        let answers = stage.relations().into_iter().map(|relation| stage.world.juju.bag(relation, PROXY));
        Self {
            answers: answers.collect(),
            folder: Some(folder),
            controller: stage.world.juju.state(PROXY),
            ports: stage.world.juju.opened_ports(PROXY),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.as_ref().unwrap().path().join(name)
    }

    fn restore_state_file(&self, stage: &Stage) {
        fs::remove_dir_all(stage.state_folder()).unwrap();
        copy(&self.path("state"), &stage.state_folder());
    }

    fn restore_machine(&self, stage: &mut Stage) {
        stage.world.kill_nginx();
        self.restore_state_file(stage);
        for entry in fs::read_dir(stage.world.root()).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copy(&self.path("root"), stage.world.root());
        restart(stage);
    }

    /// What the unit had published, opened and kept then; the relations stay as they are.
    fn restore_controller(&self, stage: &mut Stage) {
        let token = self.controller.get(TOKEN).cloned().unwrap_or_default();
        stage.exec(&format!("state-set {TOKEN}={token}"));
        for (relation, bag) in stage.relations().into_iter().zip(&self.answers) {
            let status = bag.get("status").cloned().unwrap_or_default();
            stage.world.juju.relation_set(PROXY, relation, [("status", status)]);
        }
        for port in stage.world.juju.opened_ports(PROXY) {
            stage.exec(&format!("close-port {port}"));
        }
        for port in &self.ports {
            stage.exec(&format!("open-port {port}"));
        }
    }
}

const TOKEN: &str = "ssl-termination-generation";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let done = Command::new("cp").args(["-a", "--"]).arg(from.join(".")).arg(to).status().unwrap();
    assert!(done.success());
}

/// The machine restarts: no process survives, and nothing below /run.
fn restart(stage: &mut Stage) {
    stage.world.kill_nginx();
    let _ = fs::remove_dir_all(stage.world.path("run"));
    if stage.is_deployed() {
        let machine = stage.world.juju.machine(PROXY);
        stage.world.juju.reboot(machine);
        stage.settle();
    }
}

fn skip(stage: &mut Stage, run: &HookRun) {
    // A unit whose last hook is skipped is gone, and nobody is left to clean up.
    if !run.committed && run.hook != "remove" {
        stage.world.juju.skip_failed(PROXY);
    }
}

fn fail(stage: &mut Stage, call: usize) {
    stage.world.juju.on_call(PROXY, call, Fault::Refuse { exit: 1, stderr: "ERROR no luck".to_owned() });
}

/// Something for the second attempt, if the first has failed.
fn on_first(run: &HookRun, act: impl FnOnce()) {
    if run.attempt == 1 && !run.committed {
        act();
    }
}

/// What is tried, what makes it good, and how it is done.
type Tried = (&'static str, &'static str, Around);

fn at_each_hook() -> Vec<Tried> {
    let around = Around::default;
    vec![
        (
            "each hook is not committed after exit 0",
            "run again",
            Around { before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)), ..around() },
        ),
        (
            "each hook is committed, and run again",
            "run again",
            Around { before: Some(|stage, _| stage.world.juju.commit_and_rerun(PROXY)), ..around() },
        ),
        (
            "each hook fails at its first call and is skipped",
            "the next hook",
            Around { before: Some(|stage, _| fail(stage, 1)), after: Some(skip), ..around() },
        ),
        (
            "each hook fails at its second call and is skipped",
            "the next hook",
            Around { before: Some(|stage, _| fail(stage, 2)), after: Some(skip), ..around() },
        ),
        (
            "each hook fails at its fourth call and is skipped",
            "the next hook",
            Around { before: Some(|stage, _| fail(stage, 4)), after: Some(skip), ..around() },
        ),
        (
            "each hook is not committed after exit 0 and is skipped",
            "the next hook",
            Around {
                before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)),
                after: Some(skip),
                ..around()
            },
        ),
        (
            "the machine restarts at the third call of each hook",
            "run again, start",
            Around {
                before: Some(|stage, _| stage.world.juju.on_call(PROXY, 3, Fault::Kill)),
                after: Some(|stage, run| {
                    if !run.committed && run.exit < 0 {
                        restart(stage);
                    }
                }),
                ..around()
            },
        ),
        (
            "the machine restarts after each hook",
            "start",
            Around {
                after: Some(|stage, run| {
                    if run.committed && stage.is_deployed() && run.hook != "stop" {
                        restart(stage);
                    }
                }),
                ..around()
            },
        ),
        (
            "the agent restarts after each hook",
            "nothing",
            Around {
                after: Some(|stage, run| {
                    if run.committed && stage.is_deployed() {
                        stage.world.juju.restart_agent(PROXY);
                    }
                }),
                ..around()
            },
        ),
    ]
}

fn twice_at_each_hook() -> Vec<Tried> {
    let around = Around::default;
    vec![
        (
            "each hook is not committed, and fails at its third call when it runs again",
            "run again",
            Around {
                before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)),
                after: Some(|stage, run| on_first(run, || fail(stage, 3))),
                ..around()
            },
        ),
        (
            "each hook is killed at its third call, and not committed when it runs again",
            "run again",
            Around {
                before: Some(|stage, _| stage.world.juju.on_call(PROXY, 3, Fault::Kill)),
                after: Some(|stage, run| on_first(run, || stage.world.juju.fail_commit(PROXY))),
                ..around()
            },
        ),
        (
            "each hook is killed at its third call, fails at the second when it runs again, and is skipped",
            "the next hook",
            Around {
                before: Some(|stage, _| stage.world.juju.on_call(PROXY, 3, Fault::Kill)),
                after: Some(|stage, run| match run.attempt {
                    1 => on_first(run, || fail(stage, 2)),
                    _ => skip(stage, run),
                }),
                ..around()
            },
        ),
    ]
}

fn after_each_act() -> Vec<Tried> {
    let around = Around::default;
    vec![
        (
            "nginx is killed after each act",
            "update-status",
            Around { act_over: Some(|stage, _| stage.world.kill_nginx()), ..around() },
        ),
        (
            "the state files are lost after each act",
            "the next hook",
            Around {
                act_over: Some(|stage, _| fs::remove_dir_all(stage.state_folder()).unwrap()),
                ..around()
            },
        ),
        (
            "the state files are restored as they were an act ago",
            "the next hook",
            Around { act_over: Some(|stage, backup| backup.restore_state_file(stage)), ..around() },
        ),
        (
            "the machine is restored as it was an act ago",
            "start",
            Around {
                act_over: Some(|stage, backup| backup.restore_machine(stage)),
                loses_certificates: true,
                ..around()
            },
        ),
        (
            "the controller is restored as it was an act ago",
            "the next hook",
            Around { act_over: Some(|stage, backup| backup.restore_controller(stage)), ..around() },
        ),
    ]
}

#[test]
fn whatever_goes_wrong_around_hooks_the_end_is_the_same() {
    let table = Table::default();
    let all = [at_each_hook(), twice_at_each_hook(), after_each_act()];
    pool::each(all.into_iter().flatten(), |(what, by, mut faults)| {
        faults.by_next_hook = ["the next hook", "update-status"].contains(&by);
        disturbed(&mut faults, what);
        table.count(what, "made good by", by);
    });
    table.is_documented("around", "fault", &["made good by"], false);
}
