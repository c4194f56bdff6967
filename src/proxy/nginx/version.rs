use std::fmt;

use anyhow::{Context as _, Result, bail};

use crate::host::{Command, Host, ProcessError};
use crate::proxy::Obstacle;

/// The version of nginx, on which the syntax depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// A version by its numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Asks the nginx on PATH.
    pub fn ask(host: &Host) -> Result<Self> {
        let output = match host.run_ok(&Command::new("nginx").arg("-v")) {
            Err(ProcessError::Missing(_)) => {
                bail!(Obstacle(
                    "nginx is not installed: `apt-get install nginx` on the unit's machine".to_owned()
                ))
            }
            asked => asked.context("cannot ask nginx for its version")?,
        };
        Self::parse(&output.stderr).with_context(|| {
            format!("cannot find a version in what `nginx -v` said (is that nginx?): {}", output.stderr)
        })
    }

    /// Finds the version in what `nginx -v` says: `nginx version: nginx/1.22.1 (Ubuntu)`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_once("nginx/")?.1;
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let numbers: Option<Vec<u32>> = text[..end].split('.').map(|number| number.parse().ok()).collect();
        match numbers?[..] {
            [major, minor, patch] => Some(Self { major, minor, patch }),
            _ => None,
        }
    }

    /// `ssl_reject_handshake` is there.
    pub(in crate::proxy) fn can_reject_handshake(self) -> bool {
        self >= Self::new(1, 19, 4)
    }

    /// `ssl_conf_command` is there.
    pub(super) fn has_ssl_conf_command(self) -> bool {
        self >= Self::new(1, 19, 4)
    }

    /// The option `-e FILE` for the error log is there.
    pub(super) fn can_name_error_log(self) -> bool {
        self >= Self::new(1, 19, 5)
    }

    /// HTTP/2 is a directive, `http2 on`, and no longer a word of `listen`.
    pub(super) fn has_http2_directive(self) -> bool {
        self >= Self::new(1, 25, 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_nginx_says() {
        for (text, version) in [
            ("nginx version: nginx/1.22.1", Some(Version::new(1, 22, 1))),
            ("nginx version: nginx/1.18.0 (Ubuntu)\n", Some(Version::new(1, 18, 0))),
            ("nginx version: nginx/1.9", None),
            ("openresty 1.2.3", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text}");
        }
        assert!(Version::new(1, 9, 15) < Version::new(1, 18, 0));
        assert_eq!(Version::new(1, 22, 1).to_string(), "1.22.1");
    }
}
