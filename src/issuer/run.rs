use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::LocalSet;

use super::desk::Desk;
use super::network::Network;
use super::problem::{Fault, wait};
use super::{account, renewal};
use crate::cert::acme::{AccountKey, Progress, Trouble, Wanted, due};
use crate::cert::{Folder, Pair, Source, now};
use crate::host::{Command, Host};
use crate::juju::UnitName;
use crate::wire::Fqdn;

/// How long all of a run may take; what is left then, the next one does.
const LIMIT: Duration = Duration::from_mins(40);

/// How many orders are on their way at the same time.
const AT_ONCE: usize = 4;

/// How often a run looks whether there is more to do: the hook may want something new meanwhile.
const ROUNDS: usize = 5;

/// For whom a run is made.
#[derive(Debug, Clone)]
pub struct Errand {
    /// The unit.
    pub unit: UnitName,
    /// The charm's folder, whose hook is to be run when something is new; none without.
    pub charm_dir: Option<PathBuf>,
    /// Whether names that are in trouble are tried again at once.
    pub again: bool,
}

/// Gets and renews what is due, and lets Juju run a hook when something is new.
pub fn renew(host: &Host, errand: &Errand) -> Result<()> {
    let folder = Folder::of(host, &errand.unit);
    let mut again = errand.again;
    for _ in 0..ROUNDS {
        if Wanted::read(host, &folder)?.is_none() {
            log::info!("no certificate is wanted from an ACME server");
            return Ok(());
        }
        let Some((wanted, is_new)) = locked_run(host, &folder, again)? else { return Ok(()) };
        again = false;
        let goes_on = if is_new {
            errand.charm_dir.as_ref().is_some_and(|folder| tell_juju(host, &errand.unit, folder))
        } else {
            // Who wanted something else meanwhile has found us at work, and left it to us.
            Wanted::read(host, &folder)?.is_some_and(|now| now != wanted)
        };
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

/// One run; what was wanted, and whether something is new. Nothing if another run is at work.
fn locked_run(host: &Host, folder: &Folder, again: bool) -> Result<Option<(Wanted, bool)>> {
    let Ok(_lock) = host.lock(&folder.lock(), Duration::ZERO) else {
        log::info!("another run is at work");
        return Ok(None);
    };
    let Some(wanted) = Wanted::read(host, folder)? else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the ACME client")?;
    let set = LocalSet::new();
    let is_new = set.block_on(&runtime, run(host, folder, &wanted, again));
    // A look-up that hangs must not hold up the end.
    runtime.shutdown_background();
    Ok(Some((wanted, is_new?)))
}

/// Lets Juju run a hook of ours, and says whether it did; a failure is none of ours: the next update-status finds what is new.
fn tell_juju(host: &Host, unit: &UnitName, charm_dir: &Path) -> bool {
    let script = format!("{}/bin/ssl-termination hook certificates-changed", charm_dir.display());
    let command = Command::new("juju-exec").args([unit.to_string(), script]).limit(Duration::from_mins(10));
    match host.run_ok(&command) {
        Ok(_) => true,
        Err(error) => {
            log::warn!("Juju was not told at once, update-status will find it: {error}");
            false
        }
    }
}

async fn run(host: &Host, folder: &Folder, wanted: &Wanted, again: bool) -> Result<bool> {
    let mut progress = Progress::read(host, folder, wanted)?;
    if again {
        (progress.server, progress.names) = (None, BTreeMap::new());
    }
    let wants = |name: &Fqdn| wanted.sites.iter().any(|names| names.contains(name));
    progress.names.retain(|name, _| wants(name));
    progress.renewals.retain(|id, _| wants(id));
    let before = progress.clone();
    let pairs = pairs(host, folder, wanted)?;
    let ask = pairs.iter().any(|(id, pair)| renewal::is_to_be_asked(&progress, id, pair, now()));
    let rests = progress.server.as_ref().is_some_and(|trouble| trouble.holds(now()));
    let jobs = due(wanted, |id| pairs.get(id), &progress, now());
    if rests || (jobs.is_empty() && !ask) {
        log::info!("nothing is due");
        return Ok(false);
    }
    let is_new = match Network::new(host, wanted) {
        Ok(network) => work(host, folder, wanted.clone(), network, &mut progress, pairs).await?,
        Err(error) => {
            let problem = Fault::Server(format!("{error:#}"));
            progress.server = Some(Trouble::after(progress.server.as_ref(), problem.words(), None, now()));
            false
        }
    };
    progress.write(host, folder)?;
    let told = |progress: &Progress| {
        let words = |trouble: &Trouble| trouble.problem.clone();
        let names: Vec<_> =
            progress.names.iter().map(|(name, trouble)| (name.clone(), words(trouble))).collect();
        (names, progress.server.as_ref().map(words))
    };
    Ok(is_new || told(&before) != told(&progress))
}

/// The pairs that the sites have from the wanted server.
fn pairs(host: &Host, folder: &Folder, wanted: &Wanted) -> Result<BTreeMap<Fqdn, Pair>> {
    let mut pairs = BTreeMap::new();
    for id in wanted.sites.iter().filter_map(|names| names.first()) {
        let content = host.read(&folder.pair(Source::Acme, id))?;
        let pair = content.and_then(|content| Pair::read(&content));
        let pair = pair.filter(|pair| pair.server.as_ref() == Some(&wanted.server));
        pairs.extend(pair.map(|pair| (id.clone(), pair)));
    }
    Ok(pairs)
}

/// Registers, asks about renewals, and works off what is due; whether a pair or a key is new.
async fn work(
    host: &Host,
    folder: &Folder,
    wanted: Wanted,
    network: Network,
    progress: &mut Progress,
    pairs: BTreeMap<Fqdn, Pair>,
) -> Result<bool> {
    let account = match account::register(host, folder, &network, &wanted, progress).await {
        Ok(account) => account,
        Err(Fault::NewKey) => return Ok(true),
        Err(fault) => {
            log::warn!("{}: {}", wanted.server, fault.words());
            let asked = network.retry_after().and_then(|text| wait(&text, now()));
            progress.server = Some(Trouble::after(progress.server.as_ref(), fault.words(), asked, now()));
            return Ok(false);
        }
    };
    let earlier = progress.server.take();
    for (id, pair) in &pairs {
        if renewal::is_to_be_asked(progress, id, pair, now()) {
            renewal::ask(host, &account, id, pair, now(), progress).await;
        }
    }
    let queue = due(&wanted, |id| pairs.get(id), progress, now()).into();
    let thumbprint = AccountKey::keep(host, folder)?.thumbprint();
    let desk = Rc::new(Desk {
        host: host.clone(),
        folder: folder.clone(),
        wanted,
        network,
        thumbprint,
        earlier,
        progress: RefCell::new(std::mem::take(progress)),
        pairs: RefCell::new(pairs),
        queue: RefCell::new(queue),
        limited: Cell::new(0),
        is_new: Cell::new(false),
    });
    let clerks: Vec<_> = (0..AT_ONCE)
        .map(|_| tokio::task::spawn_local(Desk::work_off(Rc::clone(&desk), account.clone())))
        .collect();
    let all = async {
        for clerk in clerks {
            clerk.await.context("an order has ended in an unforeseen way")??;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(LIMIT, all).await {
        Ok(done) => done?,
        Err(_) => log::warn!("not all was done within {LIMIT:?}: the next run goes on"),
    }
    *progress = desk.progress.take();
    Ok(desk.is_new.get())
}
