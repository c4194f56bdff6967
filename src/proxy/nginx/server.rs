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
    /// A digest of the pair that is shown to those who ask for no name of ours, where this nginx cannot refuse them.
    pub fallback: Option<String>,
}

impl Server {
    /// A server on this machine; asks it for IPv6, the version of nginx (a process) and the workers' user.
    pub fn on(host: &Host, http: u16, https: u16, trusted_proxies: Vec<Network>) -> Result<Self> {
        Ok(Self {
            http_port: http,
            https_port: https,
            trusted_proxies,
            ipv6: has_ipv6(host)?,
            version: Version::ask(host)?,
            worker: Worker::of(host)?,
            challenge: None,
            fallback: None,
        })
    }
}

/// Whether an interface of the machine has an IPv6 address. A kernel without IPv6 has no list of them.
fn has_ipv6(host: &Host) -> Result<bool> {
    let addresses = host.read(Path::new("/proc/net/if_inet6"))?;
    Ok(addresses.is_some_and(|addresses| !addresses.is_empty()))
}

/// One site: names, and where requests for them go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its id: one of its names, all of which no other site may have.
    pub id: Fqdn,
    /// What its names are served with, the id's first.
    pub certificates: Vec<Certificate>,
    /// Where requests go; without any, visitors are told that nobody is there (503).
    pub upstreams: Vec<SocketAddr>,
    /// What the client has asked for in the site's location.
    pub directives: Vec<Directive>,
    /// The file with the users and password hashes that visitors are asked for.
    pub passwords: Option<PathBuf>,
}

/// Names of a site that are served with the same certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names.
    pub names: Vec<Fqdn>,
    /// Certificate, chain and key in one PEM file, so that they are replaced in one step.
    pub pem: PathBuf,
    /// A digest of what stands in it.
    pub digest: String,
}

impl Site {
    /// All its names, the id first.
    pub fn names(&self) -> impl Iterator<Item = &Fqdn> {
        self.certificates.iter().flat_map(|certificate| &certificate.names)
    }
}
