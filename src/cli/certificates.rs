use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::host::Host;
use crate::issuer::{self, Errand};
use crate::juju::UnitName;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Get certificates from the ACME server and renew those that end soon, as far as it is time. The unit's service and
    /// timer call this; it may be run at any time, as root on the unit's machine.
    Renew {
        /// The unit, such as proxy/0.
        #[arg(long)]
        unit: UnitName,
        /// The unit's charm folder, if Juju is to run a hook when something is new.
        #[arg(long, value_name = "FOLDER")]
        charm_dir: Option<PathBuf>,
        /// Try again at once what has failed and would have to wait.
        #[arg(long)]
        again: bool,
    },
}

pub(super) fn run(command: Command, host: &Host) -> Result<()> {
    let Command::Renew { unit, charm_dir, again } = command;
    issuer::renew(host, &Errand { unit, charm_dir, again })
}
