//! The orders of one run, worked off by several clerks.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use anyhow::Result;
use instant_acme::Account;

use super::network::Network;
use super::order::{Failed, order};
use super::problem::{Fault, wait};
use super::{challenge, renewal};
use crate::cert::acme::{Job, Progress, Trouble, Wanted};
use crate::cert::{Folder, Pair, Source, now};
use crate::host::Host;
use crate::wire::Fqdn;

/// What the orders of a run have in common.
pub(super) struct Desk {
    pub(super) host: Host,
    pub(super) folder: Folder,
    pub(super) wanted: Wanted,
    pub(super) network: Network,
    pub(super) thumbprint: String,
    /// What was wrong with the server before this run.
    pub(super) earlier: Option<Trouble>,
    pub(super) progress: RefCell<Progress>,
    pub(super) pairs: RefCell<BTreeMap<Fqdn, Pair>>,
    pub(super) queue: RefCell<VecDeque<Job>>,
    pub(super) limited: Cell<usize>,
    pub(super) is_new: Cell<bool>,
}

impl Desk {
    /// Takes one job after the other from the queue.
    pub(super) async fn work_off(self: Rc<Self>, account: Account) -> Result<()> {
        loop {
            let Some(job) = self.queue.borrow_mut().pop_front() else { return Ok(()) };
            self.job(&account, job).await?;
            let progress = self.progress.borrow().clone();
            progress.write(&self.host, &self.folder)?;
        }
    }

    /// Orders for all names of a job; if some are at fault, for the others.
    async fn job(&self, account: &Account, mut job: Job) -> Result<()> {
        while !job.names.is_empty() {
            if let Some((name, problem)) = self.unanswered(&job.names).await {
                self.note(&name, |before| Trouble::at_home(before, problem, now()));
                job.names.retain(|other| *other != name);
                continue;
            }
            let replaced = self.pairs.borrow().get(&job.id).and_then(renewal::identifier);
            let wants_to_hear =
                self.progress.borrow().renewals.get(&job.id).is_some_and(|renewal| renewal.at.is_some());
            let replaced = replaced.filter(|_| wants_to_hear);
            match order(account, &self.wanted.server, &job.names, replaced).await {
                Ok(text) => return self.take_in(&job, &text),
                Err(Failed::Names(culprits)) => {
                    for (name, problem) in &culprits {
                        log::warn!("{name}: {problem}");
                        self.note(name, |before| Trouble::after(before, problem.clone(), None, now()));
                    }
                    job.names.retain(|name| !culprits.contains_key(name));
                }
                Err(Failed::All(fault)) => {
                    self.give_up(&job, &fault);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The first name for which nginx does not answer challenges, and why.
    async fn unanswered(&self, names: &[Fqdn]) -> Option<(Fqdn, String)> {
        for name in names {
            if let Err(error) = challenge::check(self.wanted.http_port, name, &self.thumbprint).await {
                return Some((name.clone(), format!("not asked for yet: {error:#}")));
            }
        }
        None
    }

    fn note(&self, name: &Fqdn, trouble: impl FnOnce(Option<&Trouble>) -> Trouble) {
        let mut progress = self.progress.borrow_mut();
        let trouble = trouble(progress.names.get(name));
        progress.names.insert(name.clone(), trouble);
    }

    /// An order that failed as a whole: the server's fault ends the run, a refusal is the job's alone; refusals for a
    /// limit twice in a row end the run too.
    fn give_up(&self, job: &Job, fault: &Fault) {
        let words = fault.words();
        log::warn!("{}: {words}", job.id);
        let asked = self.network.retry_after().and_then(|text| wait(&text, now()));
        let is_limited = matches!(fault, Fault::Refused(_)) && asked.is_some();
        self.limited.set(if is_limited { self.limited.get() + 1 } else { 0 });
        if matches!(fault, Fault::Refused(_)) {
            for name in &job.names {
                self.note(name, |before| Trouble::after(before, words.clone(), asked, now()));
            }
        }
        if !matches!(fault, Fault::Refused(_)) || self.limited.get() > 1 {
            self.queue.borrow_mut().clear();
            let mut progress = self.progress.borrow_mut();
            progress.server = Some(Trouble::after(self.earlier.as_ref(), words, asked, now()));
        }
    }

    /// Keeps a new pair. One before it that has names which the new one has not stays beside it, until nginx does without
    /// it: the hook that sees to that deletes it.
    fn take_in(&self, job: &Job, text: &str) -> Result<()> {
        let path = self.folder.pair(Source::Acme, &job.id);
        let earlier = Folder::earlier(&path);
        let of_site = self.wanted.sites.iter().find(|names| names.first() == Some(&job.id));
        let missing: Vec<&Fqdn> =
            of_site.into_iter().flatten().filter(|name| !job.names.contains(name)).collect();
        let is_lost =
            self.pairs.borrow().get(&job.id).is_some_and(|before| {
                before.is_valid(now()) && missing.iter().any(|name| before.covers(name))
            });
        if is_lost && let Some(before) = self.host.read(&path)? {
            self.folder.write_key(&self.host, &earlier, &before)?;
        }
        self.folder.write_key(&self.host, &path, text.as_bytes())?;
        let mut progress = self.progress.borrow_mut();
        job.names.iter().for_each(|name| drop(progress.names.remove(name)));
        self.is_new.set(true);
        log::info!("a new certificate for {}", job.id);
        Ok(())
    }
}
