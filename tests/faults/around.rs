//! What goes wrong around hooks: commits, operators, machines, restored backups.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use test_juju::{Controller, Fault, HookRun, Part};

use crate::life::{Faults, Hook, disturbed, undisturbed};
use crate::pool;
use crate::seen::{difference, without_what_stays};
use crate::stage::{ACTS, PROXY, Stage, Version, copy};
use crate::table::Table;

/// What makes a fault good.
const AGAIN: &str = "run again";
const NEXT_HOOK: &str = "the next hook";
const UPDATE_STATUS: &str = "update-status";
const START: &str = "start";
/// `start` is one.
const FULL_READ: &str = "the next full read";
const ACT: &str = "the act, once more";
const HOOK_AND_ACT: &str = "the next hook; the act, once more";
/// The fault cannot be in this Juju.
const NOT_THERE: &str = "–";

/// Something that is done before a hook, after its attempts, and at the end of an act.
#[derive(Default)]
struct Around {
    before: Option<fn(&mut Stage, &Hook)>,
    after: Option<fn(&mut Stage, &HookRun)>,
    act_over: Option<fn(&mut Stage, &Backup)>,
    loses_certificates: bool,
    /// What must come after each act.
    by: &'static str,
    backup: Option<Backup>,
}

impl Faults for Around {
    fn act_begins(&mut self, stage: &mut Stage, act: usize) {
        if self.act_over.is_some() && stage.is_deployed() {
            self.backup = Some(Backup::before(stage, act));
        }
    }

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

    /// Before the proxy is deployed there is nothing to copy, and once it is removed nothing to restore to. A controller
    /// that does not know the unit yet has it deployed to another machine; one that still knows it tells a machine that
    /// is no more.
    fn act_over(&mut self, stage: &mut Stage, _: usize) {
        if !stage.is_deployed() {
            return;
        }
        if let (Some(act_over), Some(backup)) = (self.act_over, &self.backup) {
            act_over(stage, backup);
        }
        match self.by {
            NEXT_HOOK | UPDATE_STATUS => stage.update_status(),
            FULL_READ => restart(stage),
            _ => {}
        }
    }

    fn loses_certificates(&self) -> bool {
        self.loses_certificates
    }

    fn skips(&self) -> bool {
        [NEXT_HOOK, FULL_READ].contains(&self.by)
    }
}

/// A copy of what was before an act.
struct Backup {
    act: usize,
    folder: TempDir,
    controller: Controller,
}

impl Backup {
    fn before(stage: &Stage, act: usize) -> Self {
        let backup =
            Self { act, folder: tempfile::tempdir().unwrap(), controller: stage.world.juju.controller() };
        copy(&stage.state_folder(), &backup.path("state"));
        copy(stage.world.root(), &backup.path("root"));
        backup
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn restore_state_files(&self, stage: &Stage) {
        fs::remove_dir_all(stage.state_folder()).unwrap();
        copy(&self.path("state"), &stage.state_folder());
    }

    fn restore_machine(&self, stage: &mut Stage) {
        stage.world.kill_nginx();
        self.restore_state_files(stage);
        for entry in fs::read_dir(stage.world.root()).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        copy(&self.path("root"), stage.world.root());
        restart(stage);
    }

    fn restore_controller(&self, stage: &mut Stage) {
        stage.world.juju.restore_controller(&self.controller);
    }

    /// Whoever did it does it again.
    fn act_again(&self, stage: &mut Stage) {
        (ACTS[self.act].1)(stage);
        stage.settle();
    }

    /// All is as if the act had not been, but for what stays on a machine.
    fn is_all_there_is(&self, stage: &Stage) {
        let (act, _) = ACTS[self.act];
        let should = undisturbed().acts[self.act - 1].clone();
        let [should, is] = [should, stage.seen()].map(without_what_stays);
        let differs = difference(&should, &is);
        assert!(differs.is_empty(), "the controller is as before \"{act}\":\n{differs}");
    }
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

fn mark_file(stage: &Stage) -> PathBuf {
    stage.world.juju.charm_dir(PROXY).join("mark")
}

/// Notes what time it is.
fn mark(stage: &Stage) {
    let mark = mark_file(stage);
    fs::create_dir_all(mark.parent().unwrap()).unwrap();
    fs::write(mark, "").unwrap();
}

/// Empties all files that were written since then, but for those that are synced: certificates and their keys.
fn lose_since_mark(stage: &Stage) {
    let since = fs::metadata(mark_file(stage)).unwrap().modified().unwrap();
    let mut folders = vec![stage.state_folder(), stage.world.root().to_owned()];
    let mut lost = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let file = fs::symlink_metadata(&path).unwrap();
            if file.is_dir() && !path.ends_with("certificates") {
                folders.push(path);
            } else if file.is_file() && file.modified().unwrap() >= since {
                fs::File::create(&path).unwrap();
                lost += 1;
            }
        }
    }
    assert!(lost > 0, "each hook writes the lock");
}

/// Nobody wants a hook that has failed to run again.
pub(crate) fn skip(stage: &mut Stage, run: &HookRun) {
    // A unit whose last hook is skipped is gone, and nobody is left to clean up.
    if !run.committed && run.hook != "remove" {
        stage.world.juju.skip_failed(PROXY);
    }
}

/// Something for the second attempt, if the first has failed.
fn on_first(run: &HookRun, act: impl FnOnce()) {
    if run.attempt == 1 && !run.committed {
        act();
    }
}

/// What is tried, what makes it good in each Juju, and how it is done.
type Tried = (&'static str, [&'static str; 3], Around);

fn at_each_hook() -> Vec<Tried> {
    let around = Around::default;
    vec![
        (
            "each hook is not committed after exit 0",
            [AGAIN; 3],
            Around { before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)), ..around() },
        ),
        (
            "each hook is committed, and run again",
            [AGAIN; 3],
            Around { before: Some(|stage, _| stage.world.juju.commit_and_rerun(PROXY)), ..around() },
        ),
        (
            "each hook fails at its first call and is skipped",
            [NEXT_HOOK; 3],
            Around { before: Some(|stage, _| stage.fail(1)), after: Some(skip), ..around() },
        ),
        (
            "each hook fails at its second call and is skipped",
            [NEXT_HOOK; 3],
            Around { before: Some(|stage, _| stage.fail(2)), after: Some(skip), ..around() },
        ),
        (
            "each hook fails at its fourth call and is skipped",
            [NEXT_HOOK; 3],
            Around { before: Some(|stage, _| stage.fail(4)), after: Some(skip), ..around() },
        ),
        (
            "each hook is not committed after exit 0 and is skipped",
            [NEXT_HOOK, NEXT_HOOK, FULL_READ],
            Around {
                before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)),
                after: Some(skip),
                ..around()
            },
        ),
        (
            "the machine restarts at the third call of each hook",
            ["run again, start"; 3],
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
            [START; 3],
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
            "the machine loses power after each hook; what that has written and not synced is empty",
            [START; 3],
            Around {
                before: Some(|stage, _| mark(stage)),
                after: Some(|stage, run| {
                    if run.committed && stage.is_deployed() && run.hook != "stop" {
                        lose_since_mark(stage);
                        restart(stage);
                    }
                }),
                ..around()
            },
        ),
        (
            "the agent restarts after each hook",
            ["nothing"; 3],
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

/// Where each part of a commit is a transaction of its own.
fn in_parts() -> Vec<Tried> {
    let around = Around::default;
    let at_ports = |stage: &mut Stage, _: &Hook| stage.world.juju.fail_commit_at(PROXY, Part::Ports);
    let at_state = |stage: &mut Stage, _: &Hook| stage.world.juju.fail_commit_at(PROXY, Part::State);
    vec![
        (
            "of each hook the databags are committed, but nothing else",
            [NOT_THERE, AGAIN, AGAIN],
            Around { before: Some(at_ports), ..around() },
        ),
        (
            "of each hook the databags are committed, but nothing else, and it is skipped",
            [NOT_THERE, NEXT_HOOK, FULL_READ],
            Around { before: Some(at_ports), after: Some(skip), ..around() },
        ),
        (
            "of each hook all but the charm state is committed",
            [NOT_THERE, AGAIN, NOT_THERE],
            Around { before: Some(at_state), ..around() },
        ),
        (
            "of each hook all but the charm state is committed, and it is skipped",
            [NOT_THERE, NEXT_HOOK, NOT_THERE],
            Around { before: Some(at_state), after: Some(skip), ..around() },
        ),
    ]
}

fn twice_at_each_hook() -> Vec<Tried> {
    let around = Around::default;
    vec![
        (
            "each hook is not committed, and fails at its third call when it runs again",
            [AGAIN; 3],
            Around {
                before: Some(|stage, _| stage.world.juju.fail_commit(PROXY)),
                after: Some(|stage, run| on_first(run, || stage.fail(3))),
                ..around()
            },
        ),
        (
            "each hook is killed at its third call, and not committed when it runs again",
            [AGAIN; 3],
            Around {
                before: Some(|stage, _| stage.world.juju.on_call(PROXY, 3, Fault::Kill)),
                after: Some(|stage, run| on_first(run, || stage.world.juju.fail_commit(PROXY))),
                ..around()
            },
        ),
        (
            "each hook is killed at its third call, fails at the second when it runs again, and is skipped",
            [NEXT_HOOK; 3],
            Around {
                before: Some(|stage, _| stage.world.juju.on_call(PROXY, 3, Fault::Kill)),
                after: Some(|stage, run| match run.attempt {
                    1 => on_first(run, || stage.fail(2)),
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
            [UPDATE_STATUS; 3],
            Around { act_over: Some(|stage, _| stage.world.kill_nginx()), ..around() },
        ),
        (
            "the state files are lost after each act",
            [NEXT_HOOK; 3],
            Around {
                act_over: Some(|stage, _| fs::remove_dir_all(stage.state_folder()).unwrap()),
                ..around()
            },
        ),
        (
            "the state files are restored as they were before each act",
            [NEXT_HOOK, NEXT_HOOK, FULL_READ],
            Around { act_over: Some(|stage, backup| backup.restore_state_files(stage)), ..around() },
        ),
        (
            "the machine is restored as it was before each act",
            [START; 3],
            Around {
                act_over: Some(|stage, backup| backup.restore_machine(stage)),
                loses_certificates: true,
                ..around()
            },
        ),
        (
            "the controller is restored as it was before each act, which is done once more",
            [ACT, ACT, NOT_THERE],
            Around {
                act_over: Some(|stage, backup| {
                    backup.restore_controller(stage);
                    backup.act_again(stage);
                }),
                ..around()
            },
        ),
        (
            "the controller is restored as it was before each act, which is done once more after a hook",
            [HOOK_AND_ACT, HOOK_AND_ACT, NOT_THERE],
            Around {
                act_over: Some(|stage, backup| {
                    backup.restore_controller(stage);
                    stage.update_status();
                    backup.is_all_there_is(stage);
                    backup.act_again(stage);
                }),
                ..around()
            },
        ),
    ]
}

#[test]
fn whatever_goes_wrong_around_hooks_the_end_is_the_same() {
    let table = Table::default();
    let jobs = (0..Version::ALL.len()).flat_map(|juju| {
        let all = [at_each_hook(), in_parts(), twice_at_each_hook(), after_each_act()];
        all.into_iter().flatten().map(move |tried| (juju, tried))
    });
    pool::each(jobs, |(juju, (what, by, mut faults))| {
        let version = Version::ALL[juju];
        faults.by = by[juju];
        if faults.by != NOT_THERE {
            disturbed(Stage::in_juju(version), &mut faults, &format!("{}: {what}", version.name()));
        }
        table.count(what, version.name(), faults.by);
    });
    table.is_documented("around", "fault", &Version::ALL.map(Version::name), false);
}
