use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::settings::Changes;
use crate::{Event, Name, RelationId};

/// One execution: a hook, an action or a command of juju-exec.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a report")]
pub struct HookRun {
    /// Whose it was.
    pub unit: Name,
    /// The hook's name. `juju-exec` or the action's name for what isn't a hook.
    pub hook: String,
    /// The relation of a relation hook.
    pub relation: Option<RelationId>,
    /// `JUJU_REMOTE_UNIT`, where it isn't empty.
    pub remote_unit: Option<Name>,
    /// `JUJU_REMOTE_APP`.
    pub remote_app: Option<Name>,
    /// `JUJU_DEPARTING_UNIT`.
    pub departing: Option<Name>,
    /// `JUJU_SECRET_ID`.
    pub secret: Option<String>,
    /// The charm has no such hook: no process ran, and Juju took the event as done.
    pub missing: bool,
    /// The exit code, or minus the signal that ended the process.
    pub exit: i32,
    /// The process took too long and was killed.
    pub timed_out: bool,
    /// The agent died while it ran.
    pub agent_died: bool,
    /// Whether Juju committed what the hook had asked for.
    pub committed: bool,
    /// 1 for the first time, 2 for the first retry.
    pub attempt: u32,
    /// How long it ran.
    pub millis: f64,
    /// Every call of a hook tool.
    pub calls: Vec<Call>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// What `juju-log` wrote: level and message.
    pub log: Vec<(String, String)>,
    /// What the commit changed in the unit's own databags.
    pub published: BTreeMap<RelationId, Changes>,
    /// The most memory that the hook's own process had used by its last call of a hook tool.
    pub max_rss_kib: Option<u64>,
}

/// One call of a hook tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The tool's name and its arguments.
    pub argv: Vec<String>,
    /// What it read from standard input.
    pub stdin: String,
    /// Its exit code.
    pub exit: u8,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl HookRun {
    pub(crate) fn new(unit: &Name, hook: String, event: Option<&Event>) -> Self {
        Self {
            unit: unit.clone(),
            hook,
            relation: event.and_then(|event| event.relation),
            remote_unit: event.and_then(|event| event.remote_unit.clone()),
            remote_app: event.and_then(|event| event.remote_app.clone()),
            departing: event.and_then(|event| event.departing.clone()),
            secret: event.and_then(|event| event.secret.clone()),
            missing: false,
            exit: 0,
            timed_out: false,
            agent_died: false,
            committed: false,
            attempt: 1,
            millis: 0.0,
            calls: Vec::new(),
            stdout: String::new(),
            stderr: String::new(),
            log: Vec::new(),
            published: BTreeMap::new(),
            max_rss_kib: None,
        }
    }

    /// Everything about the run, for a person who looks for what went wrong.
    pub fn trace(&self) -> String {
        let mut trace = format!("{self}\n");
        for call in &self.calls {
            // Writing to a string can't fail.
            let _ = writeln!(trace, "  {call}");
        }
        for (level, message) in &self.log {
            let _ = writeln!(trace, "  {level} {message}");
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            for line in text.lines() {
                let _ = writeln!(trace, "  {name}: {line}");
            }
        }
        trace
    }
}

impl fmt::Display for HookRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.unit, self.hook)?;
        if let Some(relation) = self.relation {
            let remote = self.remote_unit.as_ref().or(self.remote_app.as_ref()).map_or("", |name| name);
            write!(f, " ({relation}, {remote})")?;
        }
        if let Some(secret) = &self.secret {
            write!(f, " ({secret})")?;
        }
        if self.missing {
            return f.write_str(": no such hook");
        }
        write!(f, ": exit {} after {:.1} ms, {} calls", self.exit, self.millis, self.calls.len())?;
        if self.timed_out {
            f.write_str(", timed out")?;
        }
        if self.agent_died {
            f.write_str(", the agent died")?;
        }
        if !self.committed {
            f.write_str(", not committed")?;
        }
        if self.attempt > 1 {
            write!(f, ", attempt {}", self.attempt)?;
        }
        Ok(())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.argv.join(" "))?;
        if !self.stdin.is_empty() {
            write!(f, " <<< {:?}", self.stdin)?;
        }
        write!(f, " -> {}", self.exit)?;
        for text in [&self.stdout, &self.stderr] {
            if !text.is_empty() {
                write!(f, " {:?}", text.trim_end())?;
            }
        }
        Ok(())
    }
}
