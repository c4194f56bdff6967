//! An authority of the unit's own: whoever trusts it trusts all its sites.

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};
use x509_parser::pem::Pem;

use super::pair::Pair;
use crate::host::hex;
use crate::wire::Fqdn;

/// How long a site's certificate is good: no longer than browsers accept from anybody.
pub(super) const LIFETIME: Duration = Duration::days(90);

/// How long the authority's is.
const AUTHORITY_LIFETIME: Duration = Duration::days(3650);

/// A client's clock may be this much behind ours.
const BACKDATED: Duration = Duration::HOUR;

/// An authority, ready to sign.
#[derive(Debug)]
pub(super) struct Authority {
    certificate: String,
    pub(super) pair: Pair,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one with a new key.
    pub(super) fn new(whose: &str, now: OffsetDateTime) -> Result<Self> {
        let key = KeyPair::generate().context("cannot make a key for the authority")?;
        let mut params = CertificateParams::default();
        let id = hex(&params.key_identifier(&key)[..4]);
        params.distinguished_name.push(DnType::CommonName, format!("ssl-termination {whose} {id}"));
        Self::signed(params, &key, now)
    }

    /// From its file; nothing if that is damaged.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let pair = Pair::read(content)?;
        let blocks: Vec<Pem> = Pem::iter_from_buffer(content).collect::<Result<_, _>>().ok()?;
        let block = |label: &str| blocks.iter().find(|block| block.label == label);
        let key = KeyPair::try_from(block("PRIVATE KEY")?.contents.as_slice()).ok()?;
        let issuer = Issuer::from_ca_cert_der(&block("CERTIFICATE")?.contents.as_slice().into(), key).ok()?;
        let text = std::str::from_utf8(content).ok()?;
        let certificate = text[..text.find("-----BEGIN PRIVATE KEY")?].to_owned();
        Some(Self { certificate, pair, issuer })
    }

    /// The same authority with a later end. Key and name stay, so that what it has signed and who trusts the earlier
    /// certificate go together with both.
    pub(super) fn renewed(self, whose: &str, now: OffsetDateTime) -> Result<Self> {
        let mut params = CertificateParams::default();
        let id = hex(&self.pair.key_id[..self.pair.key_id.len().min(4)]);
        params.distinguished_name.push(DnType::CommonName, format!("ssl-termination {whose} {id}"));
        let key = KeyPair::try_from(self.issuer.key().serialized_der())
            .context("cannot read the authority's key")?;
        Self::signed(params, &key, now)
    }

    fn signed(mut params: CertificateParams, key: &KeyPair, now: OffsetDateTime) -> Result<Self> {
        params.not_before = now - BACKDATED;
        params.not_after = now + AUTHORITY_LIFETIME;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(key).context("cannot sign the authority's certificate")?.pem();
        let text = certificate + &key.serialize_pem();
        Self::read(text.as_bytes()).context("cannot read the authority that was made just now")
    }

    /// Its certificate, for those who are to trust it.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its certificate and key: the text of its file.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.certificate, self.issuer.key().serialize_pem())
    }

    /// Whether it has signed a site's certificate.
    pub(super) fn has_signed(&self, pair: &Pair) -> bool {
        pair.authority == self.pair.key_id
    }

    /// A certificate for the names with a new key: the text of a PEM file.
    pub(super) fn issue(&self, names: &[Fqdn], now: OffsetDateTime) -> Result<String> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "self-signed by ssl-termination");
        params.not_before = now - BACKDATED;
        params.not_after = now + LIFETIME;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names
            .iter()
            .map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)))
            .collect::<Result<_, rcgen::Error>>()
            .with_context(|| format!("cannot write a certificate for {names:?}"))?;
        // No serial number is set: rcgen takes it from the digest of the key, which is random.
        let key = KeyPair::generate().context("cannot make a key for a self-signed certificate")?;
        let certificate =
            params.signed_by(&key, &self.issuer).context("cannot sign a self-signed certificate")?;
        Ok(certificate.pem() + &key.serialize_pem())
    }

    /// Whether it outlives all that it signs by far.
    pub(super) fn is_fresh(&self, now: OffsetDateTime) -> bool {
        self.pair.is_fresh(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_authority_is_the_same_one() {
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let first = Authority::new("proxy/0", start).unwrap();
        let (certificate, id) = (first.certificate().to_owned(), first.pair.key_id.clone());
        let site = first.issue(&["a.example".parse().unwrap()], start).unwrap();
        let read = Authority::read(first.text().as_bytes()).unwrap();
        assert!(read.is_fresh(start) && !read.is_fresh(start + Duration::days(2500)));
        let second = read.renewed("proxy/0", start + Duration::days(2500)).unwrap();
        assert!(second.certificate() != certificate && second.pair.key_id == id);
        assert!(second.has_signed(&Pair::read(site.as_bytes()).unwrap()));
        let subject = |pem: &str| {
            let der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1;
            der.parse_x509().unwrap().subject().to_string()
        };
        assert_eq!(subject(second.certificate()), subject(&certificate));
        assert!(Authority::read(b"damaged").is_none());
        assert!(!Authority::new("proxy/0", start).unwrap().has_signed(&Pair::read(site.as_bytes()).unwrap()));
    }
}
