use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::key::KeyKind;
use super::slot::Slot;
use super::step::{Need, need};
use crate::cert::Folder;
use crate::host::Host;
use crate::wire::Fqdn;
use crate::wire::tls_certificates::{Answers, SigningRequest};

/// A site that needs a certificate: its id, and its names.
pub type Site<'s> = (&'s Fqdn, &'s [Fqdn]);

/// What is kept from one look to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asking {
    /// Whether the provider has said that it takes no P-256 keys.
    refuses_p256: bool,
    /// When requests were made for each site in the last hour, in seconds since 1970.
    made: BTreeMap<Fqdn, Vec<i64>>,
}

/// What has been asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is to be published.
    pub requests: BTreeSet<SigningRequest>,
    /// The sites that wait for a certificate, and why.
    pub waiting: BTreeMap<Fqdn, String>,
    /// Whether pairs were retired just now.
    pub has_retired: bool,
}

/// Takes in the provider's answers, and asks for what is missing or due. `read` gives the answers to these requests;
/// `key` says what keys are to be, if the provider takes them.
pub fn ask(
    host: &Host,
    folder: &Folder,
    sites: &[Site<'_>],
    read: impl FnOnce(&BTreeSet<SigningRequest>) -> Result<Answers>,
    asking: &mut Asking,
    key: KeyKind,
    now: OffsetDateTime,
) -> Result<Outcome> {
    let slots = sites.iter().map(|(id, names)| Slot::read(host, folder, id, names));
    let mut slots: Vec<Slot<'_>> = slots.collect::<Result<_>>()?;
    let answers = read(&slots.iter().flat_map(Slot::requests).cloned().collect())?;
    answers.unreadable.iter().for_each(|refusal| log::warn!("the certificate provider's {refusal}"));
    for slot in &mut slots {
        slot.take_in(host, &answers, now)?;
    }
    if slots.iter().any(|slot| slot.refuses_the_key) {
        log::info!("the certificate provider takes no P-256 keys: asking with RSA keys");
        asking.refuses_p256 = true;
    }
    asking.forget_what_is_old(now);
    let key = if asking.refuses_p256 { KeyKind::Rsa } else { key };
    let has_retired = slots.iter().any(|slot| slot.revoked);
    let mut outcome = Outcome { has_retired, ..Outcome::default() };
    for slot in &mut slots {
        let why = asking.ask(host, slot, &answers, (key, now))?;
        outcome.requests.extend(slot.requests().cloned());
        outcome.waiting.extend(why.map(|why| (slot.id.clone(), why)));
    }
    folder.keep_requests_only(host, slots.iter().map(|slot| slot.id))?;
    Ok(outcome)
}

/// Nobody is there to ask: requests and their keys are of no use any more. Certificates stay.
pub fn forget(host: &Host, folder: &Folder) -> Result<()> {
    Ok(host.remove_folder(&folder.requests())?)
}

impl Asking {
    /// Makes or withdraws a site's request as it needs; says why the site waits, if it does.
    fn ask(
        &mut self,
        host: &Host,
        slot: &mut Slot<'_>,
        answers: &Answers,
        (key, now): (KeyKind, OffsetDateTime),
    ) -> Result<Option<String>> {
        let made = self.made.get(slot.id).map_or(0, Vec::len);
        let need = need(
            slot.names,
            slot.signed.as_ref(),
            slot.pending.as_ref(),
            &answers.capabilities,
            key,
            (now, made),
        );
        let unreadable = answers.unreadable.first();
        Ok(match need {
            Need::Nothing => {
                slot.withdraw(host)?;
                None
            }
            Need::Vain(why) => {
                slot.withdraw(host)?;
                Some(why)
            }
            Need::Answer => Some(slot.waits(unreadable)),
            Need::Request => {
                slot.make(host, key)?;
                self.made.entry(slot.id.clone()).or_default().push(now.unix_timestamp());
                Some(slot.waits(unreadable))
            }
        })
    }

    fn forget_what_is_old(&mut self, now: OffsetDateTime) {
        let is_recent = |time: &i64| (0..3600).contains(&(now.unix_timestamp() - time));
        self.made.values_mut().for_each(|times| times.retain(is_recent));
        self.made.retain(|_, times| !times.is_empty());
    }
}
