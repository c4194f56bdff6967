use std::collections::BTreeSet;

use rcgen::{KeyPair, PublicKeyData};
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

/// What a PEM file with a certificate and its key says, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) names: BTreeSet<String>,
    pub(super) begins: OffsetDateTime,
    pub(super) ends: OffsetDateTime,
}

impl Pair {
    /// Reads a file's content; nothing if it is damaged or the key is another certificate's.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let blocks: Vec<Pem> = Pem::iter_from_buffer(content).collect::<Result<_, _>>().ok()?;
        let block = |label: &str| blocks.iter().find(|block| block.label == label);
        let certificate = block("CERTIFICATE")?.parse_x509().ok()?;
        let key = KeyPair::try_from(block("PRIVATE KEY")?.contents.as_slice()).ok()?;
        if certificate.public_key().raw != key.subject_public_key_info() {
            return None;
        }
        let names = certificate.subject_alternative_name().ok()??.value.general_names.iter();
        Some(Self {
            names: names
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some((*name).to_owned()),
                    _ => None,
                })
                .collect(),
            begins: certificate.validity().not_before.to_datetime(),
            ends: certificate.validity().not_after.to_datetime(),
        })
    }

    /// Whether it can be shown now and more than a third of its lifetime is left.
    pub(super) fn is_fresh(&self, now: OffsetDateTime) -> bool {
        self.begins <= now && (self.ends - now) * 3 > self.ends - self.begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::cert::self_signed::issue;
    use time::Duration;

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    #[test]
    fn what_is_issued_is_read_and_grows_old() {
        let pair = Pair::read(issue(&["a.example", "b.example"], now()).unwrap().as_bytes()).unwrap();
        assert_eq!(pair.names, ["a.example".to_owned(), "b.example".to_owned()].into());
        assert_eq!((pair.begins, pair.ends), (now() - Duration::HOUR, now() + Duration::days(90)));
        assert!(pair.is_fresh(now()) && pair.is_fresh(now() + Duration::days(59)));
        for other in [now() + Duration::days(60), now() + Duration::days(91), now() - Duration::days(1)] {
            assert!(!pair.is_fresh(other));
        }
    }

    #[test]
    fn damaged_files_and_foreign_keys_are_nothing() {
        let one = issue(&["a.example"], now()).unwrap();
        let other = issue(&["a.example"], now()).unwrap();
        let key = |pem: &str| pem[pem.find("-----BEGIN PRIVATE").unwrap()..].to_owned();
        assert!(Pair::read(one.as_bytes()).is_some());
        for damaged in [
            String::new(),
            "nonsense".to_owned(),
            one[..one.len() / 2].to_owned(),
            one.replace(&key(&one), ""),
            one.replace(&key(&one), &key(&other)),
            key(&one),
            format!("{}\n{}", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", key(&one)),
        ] {
            assert_eq!(Pair::read(damaged.as_bytes()), None, "{damaged}");
        }
    }
}
