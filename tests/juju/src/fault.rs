use std::time::Duration;

use crate::Part;

/// What goes wrong at a call of a hook tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call isn't carried out, the tool says this and exits so.
    Refuse {
        /// The tool's exit code.
        exit: u8,
        /// What it writes to standard error.
        stderr: String,
    },
    /// The call is carried out, but the tool prints this instead of the answer.
    Garbage(String),
    /// The call is carried out after a while.
    Delay(Duration),
    /// The call is never answered.
    Hang,
    /// The hook and all its processes are killed before the call is carried out.
    Kill,
    /// The unit's agent dies: no call is answered from this one on. The hook goes on by itself, nothing of it is
    /// committed, and the agent that comes back runs it again.
    AgentDies,
}

impl Fault {
    /// A call that fails as tools do when Juju refuses something: `ERROR`, why, and exit code 1.
    pub fn refused(why: &str) -> Self {
        Self::Refuse { exit: 1, stderr: format!("ERROR {why}\n") }
    }
}

/// What will go wrong in the next hook of a unit.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// The number of the call, from 1, and the fault.
    pub(crate) calls: Vec<(usize, Fault)>,
    pub(crate) fail_commit: Option<Part>,
    pub(crate) commit_and_rerun: bool,
}
