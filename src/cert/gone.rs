//! Pairs of sites that nobody asks for any more. They are kept for a while, since a site may come back, and deleted when
//! they have been of no use on so many days.
//!
//! Days on which somebody looked are counted, not the time that has gone by: a clock that jumps ahead makes one day of
//! it, one that jumps back makes none, and who goes back to an older state deletes later, never sooner.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Folder, Source};
use crate::host::{FileError, Host, file_stem};

/// On how many days a pair must have been of no use.
const DAYS: u32 = 30;

/// On how many days pairs have been of no use, by file. Kept from hook to hook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gone {
    /// The day of the last look, in days since 1970.
    day: i64,
    files: BTreeMap<PathBuf, u32>,
}

impl Gone {
    /// Forgets what is of use again. On a new day it counts one more for each pair that is not, and deletes those that
    /// have been so for long; otherwise no file is touched.
    ///
    /// Of use is what is served, and what any source has for a site with one of these names. What the operator supplies
    /// goes with its secret.
    pub fn look<'a>(
        &mut self,
        host: &Host,
        folder: &Folder,
        names: impl Iterator<Item = &'a str>,
        served: &BTreeSet<&Path>,
        now: OffsetDateTime,
    ) -> Result<(), FileError> {
        let day = now.unix_timestamp().div_euclid(24 * 3600);
        let is_new_day = day > self.day;
        self.day = day;
        if self.files.is_empty() && !is_new_day {
            return Ok(());
        }
        let stems: BTreeSet<String> = names.map(file_stem).collect();
        let is_of_use =
            |file: &Path| served.contains(file) || stems_of(file).any(|stem| stems.contains(stem));
        self.files.retain(|file, _| !is_of_use(file));
        if !is_new_day {
            return Ok(());
        }
        let before = std::mem::take(&mut self.files);
        for source in Source::ALL.into_iter().filter(|source| *source != Source::Operator) {
            let folder = folder.of_source(source);
            let files = host.list(&folder)?.into_iter().map(|name| folder.join(name));
            for file in files.filter(|file| !is_of_use(file)) {
                let days = before.get(&file).map_or(1, |days| days + 1);
                if days > DAYS {
                    host.remove(&file)?;
                    log::info!("deleted {}: nobody has asked for the site for {DAYS} days", file.display());
                } else {
                    self.files.insert(file, days);
                }
            }
        }
        Ok(())
    }
}

/// After which site a file may be named: its own pair, or the one before it.
fn stems_of(file: &Path) -> impl Iterator<Item = &str> {
    let own = file.file_name().and_then(|name| name.to_str()?.strip_suffix(".pem"));
    own.into_iter().chain(own.and_then(|own| own.strip_suffix(".earlier")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    /// A unit's folder with pairs of two sites, and what is counted of them.
    struct Stage {
        host: Host,
        folder: Folder,
        gone: Gone,
        now: OffsetDateTime,
        _root: tempfile::TempDir,
    }

    const FILES: [&str; 5] = [
        "acme/a.example.earlier.pem",
        "acme/a.example.pem",
        "acme/b.earlier.pem",
        "certificates/a.example.pem",
        "self-signed/b.earlier.pem",
    ];

    impl Stage {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let host = Host::new(root.path(), "");
            let folder = Folder::of(&host, &"proxy/0".parse().unwrap());
            for file in FILES.into_iter().chain(["operator/x.pem"]) {
                folder.write_key(&host, &folder.certificates().join(file), b"pair").unwrap();
            }
            let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
            Self { host, folder, gone: Gone::default(), now, _root: root }
        }

        /// Looks on so many days.
        fn look(&mut self, days: u32, names: &[&str], served: &[&str]) {
            let served: Vec<PathBuf> =
                served.iter().map(|file| self.folder.certificates().join(file)).collect();
            for _ in 0..days {
                self.now += Duration::DAY;
                for _ in 0..3 {
                    let (names, served) = (names.iter().copied(), served.iter().map(PathBuf::as_path));
                    self.gone.look(&self.host, &self.folder, names, &served.collect(), self.now).unwrap();
                }
            }
        }

        fn files(&self) -> Vec<String> {
            let of = |source: &str| {
                let files = self.host.list(&self.folder.certificates().join(source)).unwrap();
                files.into_iter().map(|file| format!("{source}/{file}")).collect::<Vec<_>>()
            };
            ["acme", "certificates", "self-signed"].into_iter().flat_map(of).collect()
        }
    }

    #[test]
    fn pairs_of_a_site_go_when_nobody_has_asked_for_it_for_a_month() {
        let mut stage = Stage::new();
        stage.look(30, &["b.earlier"], &[]);
        assert_eq!(stage.files(), FILES);
        stage.look(1, &["b.earlier"], &[]);
        assert_eq!(stage.files(), ["acme/b.earlier.pem", "self-signed/b.earlier.pem"]);
        stage.look(31, &[], &["acme/b.earlier.pem"]);
        assert_eq!(stage.files(), ["acme/b.earlier.pem"], "another site is served with it");
        assert!(stage.host.read(&stage.folder.certificates().join("operator/x.pem")).unwrap().is_some());
    }

    #[test]
    fn a_site_that_comes_back_has_all_its_days_again() {
        let mut stage = Stage::new();
        stage.look(30, &["b.earlier"], &[]);
        stage.now -= Duration::DAY;
        stage.look(1, &["a.example", "b.earlier"], &[]);
        stage.look(30, &["b.earlier"], &[]);
        assert_eq!(stage.files(), FILES);
        stage.look(1, &["b.earlier"], &[]);
        assert_eq!(stage.files().len(), 2);
    }

    #[test]
    fn neither_a_clock_that_jumps_nor_an_older_state_deletes_sooner() {
        let mut stage = Stage::new();
        stage.look(29, &["b.earlier"], &[]);
        let older = stage.gone.clone();
        for jump in [4000, -8000] {
            stage.now += Duration::days(jump);
            stage.look(1, &["b.earlier"], &[]);
            assert_eq!(stage.files(), FILES, "one day is counted ahead, none back");
        }
        stage.look(1, &["b.earlier"], &[]);
        assert_eq!(stage.files().len(), 2);
        // A hook that Juju has not committed is run again.
        stage.gone = older;
        stage.look(2, &["b.earlier"], &[]);
        assert_eq!(stage.files().len(), 2);
        assert_eq!(stage.gone.files.len(), 0);
    }
}
