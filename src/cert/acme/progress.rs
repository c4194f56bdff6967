use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::Wanted;
use crate::cert::{Folder, Pair, rfc_3339};
use crate::host::{Host, Owner};
use crate::wire::Fqdn;

/// How far the ACME client has come. Written by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Of which way to a server the troubles are, see [`Wanted::way`].
    pub way: String,
    /// With which contact the account is registered; empty without one.
    pub contact: Option<String>,
    /// What is wrong with the server or the way to it.
    pub server: Option<Trouble>,
    /// What is wrong with names.
    pub names: BTreeMap<Fqdn, Trouble>,
    /// When the server would like pairs to be renewed, by the site's id (RFC 9773).
    pub renewals: BTreeMap<Fqdn, Renewal>,
}

/// Something that failed, and when to try again, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What it is, in words.
    pub problem: String,
    /// How many times in a row.
    pub failures: u32,
    /// When it was last tried.
    pub tried: i64,
    /// When to try again.
    pub again: i64,
    /// Until when the server itself wants to be left alone; 0 where it has said nothing.
    #[serde(default)]
    asked: i64,
    /// When it failed in the last hour.
    #[serde(default)]
    recent: Vec<i64>,
}

/// When a pair is to be renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Of which certificate, as the server knows it.
    pub certificate: String,
    /// When, in seconds since 1970; nothing where the server has no wish.
    pub at: Option<i64>,
    /// When to ask again.
    pub ask: i64,
}

/// How long the first failure is waited for, and the longest wait.
///
/// Let's Encrypt allows 5 failed validations a name and hour: with these there are at most 3.
const FIRST: Duration = Duration::minutes(15);
const LONGEST: Duration = Duration::hours(12);

/// How often something may fail in an hour when a person is in a hurry: as often as Let's Encrypt allows.
const MOST_AN_HOUR: usize = 5;
const HOUR: i64 = 3600;

/// The longest that a server's own word for when to come back is taken for.
const LONGEST_ASKED: Duration = Duration::days(7);

impl Progress {
    /// What is known; nothing if the file is damaged or not there. Troubles on another way than the wanted one are
    /// forgotten.
    pub fn read(host: &Host, folder: &Folder, wanted: &Wanted) -> Result<Self> {
        let text = host.read(&folder.progress())?.unwrap_or_default();
        let progress: Self = serde_json::from_slice(&text).unwrap_or_default();
        let way = wanted.way();
        if progress.way == way { Ok(progress) } else { Ok(Self { way, ..Self::default() }) }
    }

    /// Keeps it.
    pub fn write(&self, host: &Host, folder: &Folder) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).context("cannot write the progress as JSON")?;
        host.write_if_different(&folder.progress(), &text, 0o600, Owner::Us)?;
        Ok(())
    }

    /// A person wants a site's certificate to be ordered now: `pair` is to be renewed whatever is left of it, and what
    /// is in trouble waits no longer than the server's limits ask for.
    pub fn hurry(&mut self, names: &[Fqdn], pair: Option<&Pair>, now: OffsetDateTime) {
        for name in names {
            if let Some(trouble) = self.names.get_mut(name) {
                trouble.hurry(now);
            }
        }
        if let Some(trouble) = &mut self.server {
            trouble.hurry(now);
        }
        if let (Some(id), Some(certificate)) = (names.first(), pair.and_then(Pair::identifier)) {
            let (at, ask) = (Some(now.unix_timestamp()), (now + Duration::DAY).unix_timestamp());
            self.renewals.insert(id.clone(), Renewal { certificate, at, ask });
        }
    }

    /// Why a name has no certificate yet.
    pub fn trouble(&self, name: &Fqdn) -> Option<&Trouble> {
        self.names.get(name).or(self.server.as_ref())
    }
}

impl Trouble {
    /// One more failure, after `before`. `asked`: how long the server wants to be left alone.
    pub fn after(
        before: Option<&Self>,
        problem: String,
        asked: Option<Duration>,
        now: OffsetDateTime,
    ) -> Self {
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let wait = (FIRST * 2_i32.pow((failures - 1).min(10))).min(LONGEST);
        let asked = asked.map(|asked| asked.min(LONGEST_ASKED));
        let tried = now.unix_timestamp();
        let mut recent = before.map_or_else(Vec::new, |before| before.in_the_hour_before(now));
        recent.push(tried);
        Self {
            problem,
            failures,
            tried,
            again: (now + wait.max(asked.unwrap_or_default())).unix_timestamp(),
            asked: asked.map_or(0, |asked| (now + asked).unix_timestamp()),
            recent,
        }
    }

    /// Something that needs no long wait: nobody outside was asked.
    pub fn at_home(before: Option<&Self>, problem: String, now: OffsetDateTime) -> Self {
        let again = (now + Duration::minutes(2)).unix_timestamp();
        let recent = before.map_or_else(Vec::new, |before| before.in_the_hour_before(now));
        Self { problem, failures: 0, tried: now.unix_timestamp(), again, asked: 0, recent }
    }

    /// Waits no longer than the server's limits ask for.
    fn hurry(&mut self, now: OffsetDateTime) {
        let recent = self.in_the_hour_before(now);
        let allowed = match recent.len().checked_sub(MOST_AN_HOUR) {
            Some(over) => recent[over] + HOUR,
            None => 0,
        };
        self.again = self.again.min(self.asked.max(allowed).max(now.unix_timestamp()));
    }

    fn in_the_hour_before(&self, now: OffsetDateTime) -> Vec<i64> {
        let is_recent = |time: &&i64| (0..HOUR).contains(&(now.unix_timestamp() - **time));
        self.recent.iter().filter(is_recent).copied().collect()
    }

    /// When it is tried again, in words.
    pub fn next_try(&self, now: OffsetDateTime) -> String {
        match OffsetDateTime::from_unix_timestamp(self.again) {
            Ok(again) if self.holds(now) => format!("after {}", rfc_3339(again)),
            _ => "with this unit's next hook".to_owned(),
        }
    }

    /// Whether it is still to be waited for. Where the clock has been set back behind the last try, nothing is known
    /// and it is tried.
    pub fn holds(&self, now: OffsetDateTime) -> bool {
        (self.tried..self.again).contains(&now.unix_timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let mut trouble = None;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let next = Trouble::after(trouble.as_ref(), "x".to_owned(), None, now);
            waits.push((next.again - now.unix_timestamp()) / 60);
            trouble = Some(next);
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 720, 720]);
        let asked = |days| Trouble::after(None, "x".to_owned(), Some(Duration::days(days)), now).again;
        assert_eq!(asked(2) - now.unix_timestamp(), 2 * 86400);
        assert_eq!(asked(900) - now.unix_timestamp(), 7 * 86400);
        let trouble = Trouble::after(None, "x".to_owned(), None, now);
        let holds = |minutes| trouble.holds(now + Duration::minutes(minutes));
        assert_eq!([-1, 0, 14, 15].map(holds), [false, true, true, false]);
    }

    #[test]
    fn who_is_in_a_hurry_waits_for_the_servers_limits_alone() {
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let (name, other): (Fqdn, Fqdn) = ("a.bc".parse().unwrap(), "b.bc".parse().unwrap());
        let mut progress = Progress::default();
        let fail = |progress: &mut Progress, asked, now| {
            let trouble = Trouble::after(progress.names.get(&name), "x".to_owned(), asked, now);
            progress.names.insert(name.clone(), trouble);
        };
        let holds = |progress: &Progress, now| progress.names[&name].holds(now);
        // Each time at once, up to five times an hour.
        for minute in 0..5 {
            let now = start + Duration::minutes(minute);
            fail(&mut progress, None, now);
            progress.hurry(std::slice::from_ref(&other), None, now);
            assert!(holds(&progress, now), "another is meant");
            progress.hurry(std::slice::from_ref(&name), None, now);
            assert_eq!(holds(&progress, now), minute == 4);
        }
        assert_eq!(progress.names[&name].again, (start + Duration::HOUR).unix_timestamp());
        let later = start + Duration::hours(2);
        fail(&mut progress, Some(Duration::hours(3)), later);
        progress.hurry(std::slice::from_ref(&name), None, later);
        assert_eq!(progress.names[&name].again, (later + Duration::hours(3)).unix_timestamp(), "its word");
        assert_eq!(progress.names[&name].failures, 6, "the next wait is no shorter for it");
        progress.server = Some(Trouble::after(None, "x".to_owned(), None, later));
        progress.hurry(std::slice::from_ref(&other), None, later);
        assert!(!progress.server.as_ref().unwrap().holds(later));
    }
}
