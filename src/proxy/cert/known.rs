use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::pair::Pair;
use crate::host::Host;

/// What certificate files said when they were last read, by the file's name. To read a pair, and to see that the key is
/// the certificate's, takes longer than all else that a hook does for a site; so a file is read again when its stamp is
/// another one. Where nothing is known, all are read.
#[derive(Debug, Default)]
pub struct Known {
    before: BTreeMap<String, Said>,
    now: BTreeMap<String, Said>,
}

/// What one file said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    stamp: String,
    names: BTreeSet<String>,
    begins: i64,
    ends: i64,
}

impl Known {
    /// What the last hook knew.
    pub fn of(before: BTreeMap<String, Said>) -> Self {
        Self { before, now: BTreeMap::new() }
    }

    /// What this hook knows.
    pub fn now(&self) -> &BTreeMap<String, Said> {
        &self.now
    }

    /// What a file says, and whether it has not been touched since it was last read.
    pub(super) fn read(&mut self, host: &Host, path: &Path) -> Result<Option<(Pair, bool)>> {
        let Some(stamp) = host.stamp(path)? else { return Ok(None) };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = self.before.remove(&name).filter(|said| said.stamp == stamp);
        if let Some((said, pair)) = known.and_then(|said| said.pair().map(|pair| (said, pair))) {
            self.now.insert(name, said);
            return Ok(Some((pair, true)));
        }
        let Some(pair) = host.read(path)?.and_then(|content| Pair::read(&content)) else { return Ok(None) };
        self.now.insert(name, Said::of(stamp, &pair));
        Ok(Some((pair, false)))
    }
}

impl Said {
    fn of(stamp: String, pair: &Pair) -> Self {
        let [begins, ends] = [pair.begins, pair.ends].map(OffsetDateTime::unix_timestamp);
        Self { stamp, names: pair.names.clone(), begins, ends }
    }

    fn pair(&self) -> Option<Pair> {
        let time = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok();
        Some(Pair { names: self.names.clone(), begins: time(self.begins)?, ends: time(self.ends)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Owner;
    use crate::proxy::cert::self_signed::issue;

    #[test]
    fn a_file_is_read_again_when_it_has_been_touched() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let path = host.path("a.pem");
        let mut known = Known::default();
        let mut look = || {
            let read = known.read(&host, &path).unwrap();
            let kept = serde_json::to_value(known.now()).unwrap();
            known = Known::of(serde_json::from_value(kept).unwrap());
            read.map(|(pair, is_known)| (pair.names.into_iter().collect::<String>(), is_known))
        };
        assert_eq!(look(), None);
        for name in ["a.example", "b.example"] {
            let pem = issue(&[name], OffsetDateTime::UNIX_EPOCH).unwrap();
            host.write(&path, pem.as_bytes(), 0o600, Owner::Us).unwrap();
            assert_eq!(look(), Some((name.to_owned(), false)));
            assert_eq!(look(), Some((name.to_owned(), true)));
        }
        let pem = host.read(&path).unwrap().unwrap();
        let pair = Pair::read(&pem).unwrap();
        let said = Said::of(String::new(), &pair);
        assert_eq!(said.pair(), Some(pair));
        host.write(&path, b"damaged", 0o600, Owner::Us).unwrap();
        assert_eq!(look(), None);
    }
}
