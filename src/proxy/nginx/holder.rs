use std::fmt;

use crate::host::{Host, ProcessId};
use crate::juju::UnitName;

/// Who has a port that we want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    /// Another unit of this charm on the machine.
    Unit(UnitName),
    /// Any other program.
    Program(String, ProcessId),
}

impl Holder {
    /// Who listens on the port, as far as we may know.
    pub(super) fn of(host: &Host, port: u16) -> Option<Self> {
        let processes = host.listeners(port);
        // A master's workers listen too, and only the master says whose it is.
        let unit = || processes.iter().find_map(|process| unit(&host.command_line(*process).ok()??));
        let program = || processes.iter().find_map(|process| Some((host.program_name(*process)?, *process)));
        unit().map(Self::Unit).or_else(|| program().map(|(name, process)| Self::Program(name, process)))
    }
}

/// The unit whose nginx has this command line.
fn unit(command_line: &str) -> Option<UnitName> {
    let folder = command_line
        .strip_prefix("nginx: master process ")?
        .split(' ')
        .find_map(|word| word.strip_suffix("/conf/nginx.conf")?.rsplit_once("/etc/ssl-termination/"))?
        .1;
    let (app, number) = folder.rsplit_once('-')?;
    format!("{app}/{number}").parse().ok()
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "the unit {unit} on this machine"),
            Self::Program(name, process) => write!(f, "{name} (process {process})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_process_says_whose_it_is() {
        let told = |line: &str| unit(line).map(|unit| unit.to_string());
        let master = "nginx: master process /usr/sbin/nginx -e /x -c";
        assert_eq!(
            told(&format!("{master} /etc/ssl-termination/my-edge-10/conf/nginx.conf")).unwrap(),
            "my-edge/10"
        );
        assert_eq!(told(&format!("{master} /etc/nginx/nginx.conf")), None);
        assert_eq!(told("nginx: worker process"), None);
        assert_eq!(told("cat /etc/ssl-termination/edge-0/conf/nginx.conf"), None);
    }
}
