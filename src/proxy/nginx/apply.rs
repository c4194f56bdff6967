use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};

use super::candidate;
use super::parts::{self, Named};
use super::reach::{Others, Reach};
use super::taken::Taken;
use super::trial::{Trial, trial};
use super::{Paths, Server, Site, Worker, daemon, distribution, rotation, service};
use crate::cert;
use crate::host::{Host, Owner, ProcessId};
use crate::wire::Fqdn;

/// What came of [`apply`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The sites that nginx refuses, by their id, and why. They are not served, not even as they were before.
    pub refused: BTreeMap<Fqdn, String>,
    /// Whether nginx was started or told to reload.
    pub changed: bool,
}

/// Makes nginx serve exactly these sites, as far as the change reaches, and returns when it does. Nothing comes of it where
/// all sites must be known for that.
///
/// If it serves them already, nothing is written and no process started. Otherwise nginx tries what it does not serve
/// yet, without the sites that it refuses; then all becomes live in one step, with one reload, in which nginx reads all
/// of it. If it cannot, it serves what it has served before, and all sites are tried.
///
/// What nginx serves is known from a note of what it has taken. Where there is none, all is tried and done again.
pub fn apply(
    host: &Host,
    paths: &Paths,
    server: &Server,
    sites: &[Site],
    reach: Reach<'_>,
) -> Result<Option<Applied>> {
    if host.is_machine() {
        service::keep(host, paths, server)?;
        rotation::keep(host, paths)?;
    }
    let mut server = server.clone();
    if !server.version.can_reject_handshake() {
        server.fallback = Some(cert::keep_fallback(host, &paths.certificates, cert::now())?);
    }
    let wanted = parts::of_sites(&server, sites);
    let before = Before::look(host, paths, &server)?;
    let relies = before.served.is_some();
    let Some(others) = Others::of(reach, &wanted, &before, paths, &server) else { return Ok(None) };
    let outcome = match change(host, paths, &server, wanted, &before, &others)? {
        Err(why) if relies => {
            log::warn!("nginx cannot take its new configuration ({why}): it tries all of it");
            if reach != Reach::All {
                return Ok(None);
            }
            let before = Before { served: None, ..Before::look(host, paths, &server)? };
            change(host, paths, &server, parts::of_sites(&server, sites), &before, &others)?
        }
        outcome => outcome,
    };
    let applied = outcome.map_err(|why| anyhow!("{}: {why}", daemon::goes_on(paths)))?;
    if host.is_machine() {
        // Not before: what has never served would take another's ports when the machine starts.
        service::enable(host, paths)?;
    }
    Ok(Some(applied))
}

/// How things are before a change.
pub(super) struct Before {
    master: Option<ProcessId>,
    /// The live main file.
    pub(super) main: String,
    /// The parts of sites that nginx serves; nothing if that is not known.
    pub(super) served: Option<BTreeSet<String>>,
}

impl Before {
    fn look(host: &Host, paths: &Paths, server: &Server) -> Result<Self> {
        let master = daemon::master(host, paths)?;
        let main = String::from_utf8_lossy(&host.read(&paths.nginx_conf())?.unwrap_or_default()).into_owned();
        let taken = Taken::read(host, paths)?.filter(|_| master.is_some());
        let served = taken.and_then(|taken| taken.parts(server.version, &main));
        Ok(Self { master, main, served })
    }
}

/// What came of it, or why the nginx that runs cannot take it.
fn change(
    host: &Host,
    paths: &Paths,
    server: &Server,
    wanted: Vec<Named<'_>>,
    before: &Before,
    others: &Others,
) -> Result<std::result::Result<Applied, String>> {
    let upstream = parts::upstream();
    let found = others.look(host, paths, parts::names(&wanted, &upstream))?;
    let is_taken = |main: &str| before.served.is_some() && before.main == main;
    let lacking: BTreeSet<String> =
        parts::names(&wanted, &upstream).filter(|name| !found.has(name)).map(str::to_owned).collect();
    if lacking.is_empty() && is_taken(&others.main(paths, server, &wanted)) {
        others.forget(host, paths, parts::names(&wanted, &upstream))?; // of a hook that was stopped
        return Ok(Ok(Applied::default()));
    }
    prepare(host, paths, server.worker.as_ref())?;
    let is_served = |one: &Named<'_>| before.served.as_ref().is_some_and(|served| served.contains(&one.name));
    let Trial { accepted, main, refused } = trial(host, paths, server, wanted, found, others, is_served)?;
    let mended = parts::names(&accepted, &upstream).any(|name| lacking.contains(name));
    if !mended && is_taken(&main) {
        host.remove(&paths.candidate())?;
        others.forget(host, paths, parts::names(&accepted, &upstream))?;
        return Ok(Ok(Applied { refused, changed: false }));
    }
    host.remove(&paths.served())?;
    candidate::swap(host, paths)?;
    let refusal = match before.master {
        Some(master) => daemon::reload(host, paths, server, master, accepted.len() + others.stay.len()),
        None => daemon::start(host, paths, server).map(|()| None),
    };
    if before.served.is_some() && !matches!(refusal, Ok(None)) {
        // What nginx goes on with is what it can start with again.
        host.write(&paths.nginx_conf(), before.main.as_bytes(), 0o644, Owner::Us)?;
    }
    if let Some(why) = refusal? {
        return Ok(Err(why));
    }
    others.forget(host, paths, parts::names(&accepted, &upstream))?;
    Taken::of(server.version, &main).note(host, paths)?;
    Ok(Ok(Applied { refused, changed: true }))
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
