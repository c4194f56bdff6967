use anyhow::{Context as _, Result};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use time::{Duration, OffsetDateTime};

/// How long a certificate is good: no longer than browsers accept from anybody.
const LIFETIME: Duration = Duration::days(90);

/// A client's clock may be this much behind ours.
const BACKDATED: Duration = Duration::HOUR;

/// A certificate for the names, signed by its own new key, and the key: the text of a PEM file.
pub(super) fn issue(names: &[&str], now: OffsetDateTime) -> Result<String> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "self-signed by ssl-termination");
    params.not_before = now - BACKDATED;
    params.not_after = now + LIFETIME;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = names
        .iter()
        .map(|&name| Ok(SanType::DnsName(name.try_into()?)))
        .collect::<Result<_, rcgen::Error>>()
        .with_context(|| format!("cannot write a certificate for {}", names.join(", ")))?;
    // No serial number is set: rcgen takes it from the digest of the key, which is random.
    let key = KeyPair::generate().context("cannot make a key for a self-signed certificate")?;
    let certificate = params.self_signed(&key).context("cannot sign a self-signed certificate")?;
    Ok(certificate.pem() + &key.serialize_pem())
}
