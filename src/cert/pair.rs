use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};
use time::OffsetDateTime;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;

use crate::wire::Fqdn;

/// How a line begins that says which ACME server a pair is from. It stands before the certificate, where PEM has room
/// for explanations.
const SERVER: &str = "Server: ";

/// How a file begins that must not be used any more, while nginx still does: for nginx it is an explanation.
pub(super) const RETIRED: &[u8] = b"Not to be used any more\n";

/// What a PEM file with a certificate and its key says, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The names it is for.
    pub names: BTreeSet<String>,
    /// When it begins.
    pub begins: OffsetDateTime,
    /// When it ends.
    pub ends: OffsetDateTime,
    /// The ACME server that has issued it: the URL of its directory.
    pub server: Option<String>,
    /// Its number, as it is encoded.
    pub(super) serial: Vec<u8>,
    /// By what the key is known, and the key that signed it.
    pub(super) key_id: Vec<u8>,
    /// See `key_id`.
    pub(super) authority: Vec<u8>,
}

impl Pair {
    /// Reads a file's content; nothing if it is retired, damaged or the key is another certificate's.
    pub fn read(content: &[u8]) -> Option<Self> {
        if content.starts_with(RETIRED) {
            return None;
        }
        let blocks: Vec<Pem> = Pem::iter_from_buffer(content).collect::<Result<_, _>>().ok()?;
        let block = |label: &str| blocks.iter().find(|block| block.label == label);
        let certificate = block("CERTIFICATE")?.parse_x509().ok()?;
        let key = KeyPair::try_from(block("PRIVATE KEY")?.contents.as_slice()).ok()?;
        if certificate.public_key().raw != key.subject_public_key_info() {
            return None;
        }
        let mut pair = Self {
            names: BTreeSet::new(),
            begins: certificate.validity().not_before.to_datetime(),
            ends: certificate.validity().not_after.to_datetime(),
            server: server(content),
            serial: certificate.raw_serial().to_vec(),
            key_id: Vec::new(),
            authority: Vec::new(),
        };
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    pair.names = names.general_names.iter().filter_map(dns_name).collect();
                }
                ParsedExtension::SubjectKeyIdentifier(key) => pair.key_id = key.0.to_vec(),
                ParsedExtension::AuthorityKeyIdentifier(authority) => {
                    let key = authority.key_identifier.as_ref();
                    pair.authority = key.map(|key| key.0.to_vec()).unwrap_or_default();
                }
                _ => {}
            }
        }
        Some(pair)
    }

    /// The text of a file with a certificate, its chain and its key, from an ACME server.
    pub fn text(server: &str, chain: &str, key: &str) -> String {
        format!("{SERVER}{server}\n{chain}\n{key}")
    }

    /// Whether it is for a name.
    pub fn covers(&self, name: &Fqdn) -> bool {
        let name = name.as_str();
        let wildcard = || name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        self.names.contains(name) || wildcard().is_some_and(|wildcard| self.names.contains(&wildcard))
    }

    /// Whether it has not ended. One that has not begun is as good as any: then it is our clock that is wrong.
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        now < self.ends
    }

    /// As ACME servers know it when they are asked about its renewal (RFC 9773, 4.1).
    pub fn identifier(&self) -> Option<String> {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        (!self.authority.is_empty()).then(|| format!("{}.{}", encode(&self.authority), encode(&self.serial)))
    }

    /// When a third of its lifetime is left: then it is time to renew it.
    pub fn grows_old(&self) -> OffsetDateTime {
        self.ends - (self.ends - self.begins) / 3
    }

    /// Whether it is time to renew it.
    pub fn is_old(&self, now: OffsetDateTime) -> bool {
        now >= self.grows_old()
    }

    /// Whether less than a quarter of its lifetime is left: renewal, which is due at a third, has failed for long.
    pub fn is_late(&self, now: OffsetDateTime) -> bool {
        (self.ends - now) * 4 < self.ends - self.begins
    }

    /// Whether it can be shown now and more than a third of its lifetime is left.
    pub(super) fn is_fresh(&self, now: OffsetDateTime) -> bool {
        self.begins <= now && !self.is_old(now)
    }
}

fn server(content: &[u8]) -> Option<String> {
    let line = content.split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(line).ok()?.strip_prefix(SERVER).map(|server| server.trim().to_owned())
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::authority::Authority;
    use time::Duration;

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
    }

    fn issue(names: &[&str]) -> String {
        let names: Vec<Fqdn> = names.iter().map(|name| name.parse().unwrap()).collect();
        Authority::new("test", now()).unwrap().issue(&names, now()).unwrap()
    }

    #[test]
    fn what_is_issued_is_read_and_grows_old() {
        let text = Pair::text("https://acme.example/dir", &issue(&["a.example", "b.example"]), "");
        let pair = Pair::read(text.as_bytes()).unwrap();
        assert_eq!(pair.names, ["a.example".to_owned(), "b.example".to_owned()].into());
        assert_eq!(pair.server.as_deref(), Some("https://acme.example/dir"));
        assert_eq!((pair.begins, pair.ends), (now() - Duration::HOUR, now() + Duration::days(90)));
        assert!(pair.is_fresh(now()) && pair.is_fresh(now() + Duration::days(59)));
        for other in [now() + Duration::days(60), now() + Duration::days(91), now() - Duration::days(1)] {
            assert!(!pair.is_fresh(other));
        }
        assert!(pair.is_valid(now() - Duration::days(9)) && !pair.is_valid(now() + Duration::days(91)));
        let covers = |pair: &Pair, name: &str| pair.covers(&name.parse().unwrap());
        assert!(covers(&pair, "b.example") && !covers(&pair, "c.example") && !covers(&pair, "a.b.example"));
        let wildcard = Pair { names: ["*.a.example".to_owned()].into(), ..pair };
        assert!(covers(&wildcard, "b.a.example"));
        assert!(!covers(&wildcard, "a.example") && !covers(&wildcard, "c.b.a.example"));
    }

    #[test]
    fn damaged_files_and_foreign_keys_are_nothing() {
        let one = issue(&["a.example"]);
        let other = issue(&["a.example"]);
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
