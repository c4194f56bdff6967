//! Charms on disk and hooks as processes: the only part that touches the system.

mod environment;
mod order;
mod process;
mod serve;
mod tools;
mod unpack;

pub(crate) use environment::{Execution, Kind, socket_address, variables};
pub(crate) use process::{Program, execute};
pub(crate) use tools::install_tools;
pub(crate) use unpack::unpack;
