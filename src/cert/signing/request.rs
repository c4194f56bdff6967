use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData, SanType};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::key::{self, KeyKind};
use crate::host::Host;
use crate::wire::Fqdn;
use crate::wire::tls_certificates::SigningRequest;

/// The longest common name that X.509 has room for.
const LONGEST_COMMON_NAME: usize = 64;

/// The line that says that a request is there because a certificate was revoked. It stands before the key, where PEM
/// has room for explanations.
const AFTER_REVOCATION: &str = "In the place of a revoked certificate\n";

/// A signing request and the key that it was made with.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) csr: SigningRequest,
    pub(super) names: BTreeSet<String>,
    pub(super) kind: KeyKind,
    /// Whether it was made because the certificate before it was revoked.
    pub(super) after_revocation: bool,
    pub(super) key: KeyPair,
}

impl Request {
    /// A request for these names, with a new key. The first name is the common name too: some authorities insist.
    pub(super) fn make(host: &Host, kind: KeyKind, names: &[Fqdn], after_revocation: bool) -> Result<Self> {
        let key = key::generate(host, kind)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = names.first().filter(|name| name.as_str().len() <= LONGEST_COMMON_NAME) {
            params.distinguished_name.push(DnType::CommonName, name.as_str());
        }
        params.subject_alt_names = names
            .iter()
            .map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)))
            .collect::<Result<_, rcgen::Error>>()
            .with_context(|| format!("cannot write a signing request for {names:?}"))?;
        let request = params.serialize_request(&key).context("cannot sign a signing request")?;
        Ok(Self {
            csr: SigningRequest::from_der(request.der().to_vec()),
            names: names.iter().map(Fqdn::to_string).collect(),
            kind,
            after_revocation,
            key,
        })
    }

    /// Reads a file's content; nothing if it is damaged or the key is another request's.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let blocks = pem::parse_many(content).ok()?;
        let block = |tag: &str| blocks.iter().find(|block| block.tag() == tag).map(pem::Pem::contents);
        let key = KeyPair::try_from(block("PRIVATE KEY")?).ok()?;
        let request = block("CERTIFICATE REQUEST")?;
        let (_, parsed) = X509CertificationRequest::from_der(request).ok()?;
        if parsed.certification_request_info.subject_pki.raw != key.subject_public_key_info() {
            return None;
        }
        let names =
            parsed.requested_extensions().into_iter().flatten().filter_map(|extension| match extension {
                ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
                _ => None,
            });
        let names = names.flatten().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        Some(Self {
            names: names.collect(),
            csr: SigningRequest::from_der(request),
            kind: KeyKind::of(&key),
            after_revocation: content.starts_with(AFTER_REVOCATION.as_bytes()),
            key,
        })
    }

    /// The text of a file with the key and the request.
    pub(super) fn text(&self) -> String {
        let explanation = if self.after_revocation { AFTER_REVOCATION } else { "" };
        format!("{explanation}{}", self.blocks())
    }

    /// The key and the request in PEM.
    pub(super) fn blocks(&self) -> String {
        self.key.serialize_pem() + &self.csr.to_pem()
    }

    /// The public key, as certificates have it.
    pub(super) fn public_key(&self) -> Vec<u8> {
        self.key.subject_public_key_info()
    }

    /// Whether it asks for exactly these names.
    pub(super) fn is_for(&self, names: &[Fqdn]) -> bool {
        self.names.len() == names.len() && names.iter().all(|name| self.names.contains(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Command;

    fn names(names: &[&str]) -> Vec<Fqdn> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_made_is_read_again_and_openssl_finds_it_good() {
        let host = Host::new("/", "");
        for (kind, after_revocation) in [(KeyKind::P256, false), (KeyKind::Rsa, true)] {
            let list = names(&["a.example", "b.example"]);
            let made = Request::make(&host, kind, &list, after_revocation).unwrap();
            let read = Request::read(made.text().as_bytes()).unwrap();
            assert_eq!(
                (&read.csr, &read.names, read.kind, read.after_revocation),
                (&made.csr, &made.names, kind, after_revocation)
            );
            assert!(read.is_for(&names(&["b.example", "a.example"])) && !read.is_for(&list[..1]));
            assert_eq!(read.public_key(), made.public_key());
            let openssl = Command::new("openssl").args(["req", "-verify", "-noout", "-text"]);
            let shown = host.run_ok(&openssl.stdin(made.csr.to_pem())).unwrap();
            let shown = String::from_utf8(shown.stdout).unwrap();
            assert!(shown.contains("CN = a.example") || shown.contains("CN=a.example"), "{shown}");
            assert!(shown.contains("DNS:a.example, DNS:b.example"), "{shown}");
        }
    }

    #[test]
    fn a_long_name_is_no_common_name() {
        let long = format!("{}.example", ["a".repeat(60).as_str(); 2].join("."));
        let made = Request::make(&Host::new("/", ""), KeyKind::P256, &names(&[&long]), false).unwrap();
        let read = Request::read(made.text().as_bytes()).unwrap();
        assert!(read.is_for(&names(&[&long])));
    }

    #[test]
    fn damaged_files_and_foreign_keys_are_nothing() {
        let make =
            || Request::make(&Host::new("/", ""), KeyKind::P256, &names(&["a.example"]), false).unwrap();
        let (one, other) = (make(), make());
        for damaged in [
            String::new(),
            one.text()[..100].to_owned(),
            one.csr.to_pem(),
            one.text().replace("PRIVATE KEY", "NOTHING"),
            one.text().replace(&one.csr.to_pem(), &other.csr.to_pem()),
        ] {
            assert!(Request::read(damaged.as_bytes()).is_none(), "{damaged}");
        }
    }
}
