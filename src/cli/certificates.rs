use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;

use super::say;
use crate::cert::{self, Folder};
use crate::host::Host;
use crate::issuer::{self, Errand};
use crate::juju::{Context, UnitName};

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
    /// Print the certificate of the unit's own authority, which signs self-signed ones.
    Authority {
        /// The unit, such as proxy/0.
        #[arg(long)]
        unit: UnitName,
    },
}

pub(super) fn run(command: Command, host: &Host, program: &str) -> Result<()> {
    match command {
        Command::Renew { unit, charm_dir, again } => {
            // In a hook or in `juju exec` no other hook can run before we have ended.
            let charm_dir = charm_dir.filter(|_| Context::read(program).is_err());
            issuer::renew(host, &Errand { unit, charm_dir, again })
        }
        Command::Authority { unit } => {
            let authority = cert::authority(host, &Folder::of(host, &unit))?;
            say(authority
                .with_context(|| {
                    format!(
                        "{unit} has no authority of its own on this machine: it has signed no certificate yet"
                    )
                })?
                .trim_end())
        }
    }
}
