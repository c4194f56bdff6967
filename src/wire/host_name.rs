use std::fmt;
use std::str::FromStr;

use super::{Reason, dns_name};

/// The name of an upstream's machine, as an [`Fqdn`](super::Fqdn) but that one label is enough: `backend`.
///
/// Not `unix`: with a port behind it, nginx would take it for the path of a socket. Nothing that a resolver
/// would read as an address: `127.1`, `0177.0.0.1`, `0x7f000001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// The name, without a dot at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        dns_name::check(text)?;
        if text == "unix" {
            return Err(Reason::new("the name unix means a socket, not a machine"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::HostName;
    use crate::wire::hostile::ATTACKS;

    #[test]
    fn table() {
        for name in ["backend", "localhost", "a", "juju-1a2b3c-0.lxd", "unix.example", "unix-1"] {
            assert_eq!(name.parse::<HostName>().unwrap().as_str(), name);
        }
        assert_eq!(
            "unix".parse::<HostName>().unwrap_err().to_string(),
            "the name unix means a socket, not a machine"
        );
        for name in ATTACKS {
            assert!(name.parse::<HostName>().is_err(), "{name:?}");
        }
    }
}
