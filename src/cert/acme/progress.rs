use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::Wanted;
use crate::cert::Folder;
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
        let wait = wait.max(asked.unwrap_or_default().min(LONGEST_ASKED));
        Self { problem, failures, tried: now.unix_timestamp(), again: (now + wait).unix_timestamp() }
    }

    /// Something that needs no long wait: nobody outside was asked.
    pub fn at_home(problem: String, now: OffsetDateTime) -> Self {
        let again = (now + Duration::minutes(2)).unix_timestamp();
        Self { problem, failures: 0, tried: now.unix_timestamp(), again }
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
}
