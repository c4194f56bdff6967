use std::time::Duration;

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
    /// The hook and all its processes are killed before the call is carried out.
    Kill,
}

/// What will go wrong in the next hook of a unit.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// The number of the call, from 1, and the fault.
    pub(crate) calls: Vec<(usize, Fault)>,
    pub(crate) fail_commit: bool,
    pub(crate) commit_and_rerun: bool,
}
