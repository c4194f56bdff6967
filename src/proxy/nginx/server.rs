use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Version, Worker};
use crate::host::Host;
use crate::wire::{Directive, Fqdn, Network};

/// What all sites have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where visitors are sent to https from.
    pub http_port: u16,
    /// Where sites are served.
    pub https_port: u16,
    /// Those whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether the machine has IPv6.
    pub ipv6: bool,
    /// The nginx that will read the configuration.
    pub version: Version,
    /// Who its workers are; nothing if they are who we are.
    pub worker: Option<Worker>,
    /// The thumbprint of the key of our ACME account, with which challenges are answered.
    pub challenge: Option<String>,
}

impl Server {
    /// A server on this machine; asks it for IPv6, the version of nginx (a process) and the workers' user.
    pub fn on(host: &Host, http: u16, https: u16, trusted_proxies: Vec<Network>) -> Result<Self> {
        Ok(Self {
            http_port: http,
            https_port: https,
            trusted_proxies,
            ipv6: has_ipv6(host),
            version: Version::ask(host)?,
            worker: Worker::of(host)?,
            challenge: None,
        })
    }
}

/// Whether an interface of the machine has an IPv6 address.
fn has_ipv6(host: &Host) -> bool {
    matches!(host.read(Path::new("/proc/net/if_inet6")), Ok(Some(addresses)) if !addresses.is_empty())
}

/// One site: names, and where requests for them go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its id: the first of its names. No other site may have any of its names.
    pub id: Fqdn,
    /// The other names.
    pub aliases: Vec<Fqdn>,
    /// Where requests go; without any, visitors are told that nobody is there (503).
    pub upstreams: Vec<SocketAddr>,
    /// Certificate, chain and key in one PEM file, so that they are replaced in one step.
    pub certificate: PathBuf,
    /// Names that have another certificate than the rest, and which.
    pub apart: BTreeMap<Fqdn, PathBuf>,
    /// What the client has asked for in the site's location.
    pub directives: Vec<Directive>,
    /// The file with the users and password hashes that visitors are asked for.
    pub passwords: Option<PathBuf>,
}

impl Site {
    /// All its names, the id first.
    pub fn names(&self) -> impl Iterator<Item = &Fqdn> {
        std::iter::once(&self.id).chain(&self.aliases)
    }

    /// All its certificates, the id's first.
    pub fn certificates(&self) -> impl Iterator<Item = &PathBuf> {
        let others: BTreeSet<&PathBuf> = self.apart.values().collect();
        std::iter::once(&self.certificate).chain(others)
    }

    /// The names that have a certificate.
    pub fn names_with(&self, certificate: &Path) -> impl Iterator<Item = &Fqdn> {
        self.names().filter(move |name| self.apart.get(*name).unwrap_or(&self.certificate) == certificate)
    }
}
