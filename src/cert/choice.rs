//! Which of the pairs that are there a name is served with: pure.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::{Asked, Pair, Source, Standing};
use crate::wire::Fqdn;

/// A pair that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) source: Source,
    pub(super) path: PathBuf,
    pub(super) digest: String,
    pub(super) pair: Pair,
}

impl Kept {
    /// How it stands to what is asked for.
    pub(super) fn standing(&self, asked: &Asked, now: OffsetDateTime) -> Standing {
        match self.is_asked(asked) {
            _ if !self.pair.is_valid(now) => Standing::Ended,
            true => Standing::Asked,
            false => Standing::Another,
        }
    }

    fn is_asked(&self, asked: &Asked) -> bool {
        self.source == Source::Operator
            || self.source == asked.source && (asked.server.is_none() || self.pair.server == asked.server)
    }
}

/// The best pair for a name: the operator's own; else the one that is asked for; else one of another source that browsers
/// may trust; of several, the one that was issued last. Nothing means that only a stand-in is left.
///
/// One that has ended is better than a stand-in: no visitor is worse off, and if it is our clock that is wrong, all see
/// that it is good.
pub(super) fn choose<'k>(
    name: &Fqdn,
    asked: &Asked,
    kept: &'k [Kept],
    now: OffsetDateTime,
) -> Option<&'k Kept> {
    let fit = kept.iter().filter(|kept| kept.pair.covers(name) && kept.source != Source::SelfSigned);
    fit.max_by_key(|kept| (kept.pair.is_valid(now), kept.is_asked(asked), kept.source, kept.pair.begins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn the_best_pair_is_chosen() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let kept = |source, server: Option<&str>, names: &[&str], days: i64| Kept {
            source,
            path: format!("{source} {server:?} {days}").into(),
            digest: String::new(),
            pair: Pair {
                names: names.iter().map(|&name| name.to_owned()).collect(),
                begins: now - Duration::days(9),
                ends: now + Duration::days(days),
                server: server.map(str::to_owned),
                serial: Vec::new(),
                key_id: Vec::new(),
                authority: Vec::new(),
            },
        };
        let asked = |source, server: Option<&str>| Asked { source, server: server.map(str::to_owned) };
        let name: Fqdn = "a.example".parse().unwrap();
        let self_signed = kept(Source::SelfSigned, None, &["a.example"], 90);
        let one = kept(Source::Acme, Some("one"), &["a.example"], 60);
        let other = kept(Source::Acme, Some("other"), &["a.example"], 80);
        let ended = kept(Source::Acme, Some("one"), &["a.example"], -1);
        let related = kept(Source::Certificates, None, &["a.example"], 5);
        let supplied = kept(Source::Operator, None, &["a.example"], 1);
        let foreign = kept(Source::Acme, Some("one"), &["b.example"], 60);
        let acme = asked(Source::Acme, Some("one"));
        let relation = asked(Source::Certificates, None);
        for (asked, kept, best) in [
            (&acme, vec![&self_signed], None),
            (&acme, vec![&self_signed, &foreign], None),
            (&acme, vec![&one, &other, &related], Some(&one)),
            (&acme, vec![&other], Some(&other)),
            (&acme, vec![&other, &related], Some(&related)),
            (&acme, vec![&ended, &other], Some(&other)),
            (&acme, vec![&ended, &self_signed], Some(&ended)),
            (&relation, vec![&one, &other], Some(&other)),
            (&relation, vec![&one, &related], Some(&related)),
            (&relation, vec![&one, &related, &supplied], Some(&supplied)),
            (&acme, vec![&supplied, &one], Some(&supplied)),
        ] {
            let kept: Vec<Kept> = kept.into_iter().cloned().collect();
            assert_eq!(choose(&name, asked, &kept, now), best, "{kept:?}");
        }
    }
}
