use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::candidate::{self, Found};
use super::daemon::NotTaken;
use super::parts::{self, Named};
use super::trial::{Trial, trial};
use super::{Paths, Server, Site, Worker, daemon, distribution, rotation, service};
use crate::cert;
use crate::host::{Host, Owner, ProcessId, hex};
use crate::wire::Fqdn;

/// What came of [`apply`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The sites that nginx refuses, by their id, and why. They are not served, not even as they were before.
    pub refused: BTreeMap<Fqdn, String>,
    /// Whether nginx was started or told to reload.
    pub changed: bool,
}

/// Makes nginx serve exactly these sites, and returns when it does.
///
/// If it serves them already, nothing is written and no process started. Otherwise nginx tries what it does not serve
/// yet, without the sites that it refuses; then all becomes live in one step, with one reload, in which nginx reads all
/// of it. If it cannot, it serves what it has served before, and all sites are tried.
///
/// What the server is known to serve is remembered by a digest over configuration and certificates, written after the
/// reload came and removed before the next: after a failure or a killed hook there is none, and all is done again.
pub fn apply(host: &Host, paths: &Paths, server: &Server, sites: &[Site]) -> Result<Applied> {
    if host.is_machine() {
        service::keep(host, paths, server)?;
        rotation::keep(host, paths)?;
    }
    let applied = bring_about(host, paths, server, sites)?;
    if host.is_machine() {
        // Not before: what has never served would take another's ports when the machine starts.
        service::enable(host, paths)?;
    }
    Ok(applied)
}

fn bring_about(host: &Host, paths: &Paths, server: &Server, sites: &[Site]) -> Result<Applied> {
    if !server.version.can_reject_handshake() {
        cert::keep_fallback(host, &paths.certificates, cert::now())?;
    }
    let before = Before::look(host, paths)?;
    let relies = before.taken.is_some();
    match change(host, paths, server, sites, before) {
        // What nginx serves may have been spoilt since it was read: now nothing is known to be good.
        Err(error) if relies && error.is::<NotTaken>() => {
            change(host, paths, server, sites, Before::look(host, paths)?)
        }
        outcome => outcome,
    }
}

/// How things are before a change.
struct Before {
    found: Found,
    master: Option<ProcessId>,
    /// The digest of what nginx has taken, if that is what it serves.
    taken: Option<Vec<u8>>,
}

impl Before {
    fn look(host: &Host, paths: &Paths) -> Result<Self> {
        let master = daemon::master(host, paths)?;
        let taken = host.read(&paths.served())?.filter(|_| master.is_some());
        Ok(Self { found: candidate::look(host, paths)?, master, taken })
    }
}

fn change(host: &Host, paths: &Paths, server: &Server, sites: &[Site], before: Before) -> Result<Applied> {
    let Before { mut found, master, taken } = before;
    let live = found.main.take();
    let is_live = |main: &str| live.as_deref() == Some(main.as_bytes());
    let is_taken = |digest: &str| taken.as_deref() == Some(digest.as_bytes());
    let upstream = parts::upstream();

    let wanted = parts::of_sites(server, sites);
    let main = parts::main(paths, server, &wanted);
    let lacking: BTreeSet<String> =
        parts::names(&wanted, &upstream).filter(|name| !found.has(name)).map(str::to_owned).collect();
    if lacking.is_empty() && is_live(&main) && is_taken(&digest(host, paths, &main, &wanted)?) {
        candidate::forget_others(host, paths, parts::names(&wanted, &upstream))?; // of a hook that was stopped
        return Ok(Applied::default());
    }
    prepare(host, paths, server.worker.as_ref())?;
    let live_text = taken.as_ref().and(live.as_deref()).map(String::from_utf8_lossy).unwrap_or_default();
    let served = parts::named_in(&live_text).collect();
    let Trial { accepted, main, refused } = trial(host, paths, server, wanted, found, &served)?;
    let digest = digest(host, paths, &main, &accepted)?;
    let mended = parts::names(&accepted, &upstream).any(|name| lacking.contains(name));
    if !mended && is_live(&main) && is_taken(&digest) {
        candidate::forget_others(host, paths, parts::names(&accepted, &upstream))?;
        return Ok(Applied { refused, changed: false });
    }
    host.remove(&paths.served())?;
    candidate::swap(host, paths)?;
    candidate::forget_others(host, paths, parts::names(&accepted, &upstream))?;
    match master {
        Some(master) => daemon::reload(host, paths, server, master, accepted.len())?,
        None => daemon::start(host, paths, server)?,
    }
    host.write(&paths.served(), digest.as_bytes(), 0o600, Owner::Us)?;
    Ok(Applied { refused, changed: true })
}

/// Ends serving after the last site: nginx and its configuration go, certificates stay. Does nothing where nothing was
/// ever served.
pub fn retire(host: &Host, paths: &Paths) -> Result<()> {
    if host.mode(&paths.live())?.is_none() && host.mode(&paths.run)?.is_none() {
        return Ok(());
    }
    daemon::stop(host, paths)?;
    service::forget(host, paths)?;
    host.remove_folder(&paths.passwords())?;
    host.remove_folder(&paths.live())?;
    host.remove_folder(&paths.run)?;
    Ok(())
}

/// Ends nginx and deletes all that this unit has: configuration, keys, password files, logs, its service.
pub fn remove(host: &Host, paths: &Paths) -> Result<()> {
    daemon::stop(host, paths)?;
    service::forget(host, paths)?;
    rotation::forget(host, paths)?;
    for folder in paths.own() {
        host.remove_folder(folder)?;
    }
    distribution::let_back(host, paths)?;
    for folder in paths.own() {
        if let Some(parent) = folder.parent() {
            host.remove_folder_if_empty(parent)?;
        }
    }
    Ok(())
}

/// Makes the folders, and sees to it that the workers can reach what they need.
fn prepare(host: &Host, paths: &Paths, worker: Option<&Worker>) -> Result<()> {
    let (passwords, bodies, certificates) =
        (paths.passwords(), paths.bodies(), paths.certificates.certificates());
    for (folder, mode) in [
        (&paths.configuration, 0o755),
        (&paths.state, 0o711),
        (&passwords, 0o711),
        (&bodies, 0o711),
        (&certificates, 0o700),
        (&paths.run, 0o755),
        (&paths.log, 0o750),
    ] {
        host.create_folder(folder, mode)?;
    }
    host.give(&paths.log, Worker::readable(worker))?;
    let Some(worker) = worker else { return Ok(()) };
    worker.must_enter(host, &passwords)?;
    worker.must_enter(host, &bodies)
}

/// A digest of all that nginx reads when it reloads: the main file names the other files after their content.
fn digest(host: &Host, paths: &Paths, main: &str, sites: &[Named<'_>]) -> Result<String> {
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(main.as_bytes());
    let fallback = paths.certificates.fallback();
    let certificates: BTreeSet<&PathBuf> =
        sites.iter().flat_map(|one| one.site.certificates()).chain([&fallback]).collect();
    for certificate in certificates {
        add(&host.read(certificate)?.unwrap_or_default());
    }
    Ok(hex(&digest.finalize()))
}
