//! Whether a certificate is good, as those who will be shown it look at it: pure.

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;
use time::OffsetDateTime;
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_parser::parse_x509_certificate;

use crate::wire::Fqdn;
use crate::wire::tls_certificates::{Certificate, Issued};

/// The chain to be shown with what a provider has issued, the certificate itself first; or why it must not be used.
/// It has to be for the key and the names, good now, and lead to the authority's certificate.
pub(super) fn issued(
    issued: &Issued,
    public_key: &[u8],
    names: &[Fqdn],
    now: OffsetDateTime,
) -> Result<Vec<Certificate>, String> {
    let Issued { certificate, ca, chain } = issued;
    let mut shown = chain_of(certificate, chain, ca, public_key, now)?;
    if let Some(name) = names.iter().find(|name| !covers(certificate, name)) {
        return Err(format!("it is not for {name}"));
    }
    if !is_self_issued(ca) {
        // The provider's authority has one above it. Those who know only that one need all that is between.
        let above = chain.iter().skip_while(|link| *link != ca).skip(1);
        shown.extend(std::iter::once(ca).chain(above).filter(|link| !is_self_issued(link)).cloned());
    }
    Ok(shown)
}

/// The certificate, then those that lead from it to `anchor`, without that one; or why there is no such way.
pub(in crate::cert) fn chain_of(
    certificate: &Certificate,
    others: &[Certificate],
    anchor: &Certificate,
    public_key: &[u8],
    now: OffsetDateTime,
) -> Result<Vec<Certificate>, String> {
    let parsed = parse_x509_certificate(certificate.der()).map_err(|_| "it cannot be read".to_owned())?.1;
    if parsed.public_key().raw != public_key {
        return Err("it is for another key".to_owned());
    }
    let anchor = CertificateDer::from(anchor.der());
    let anchors =
        [anchor_from_trusted_cert(&anchor).map_err(|error| why("the authority's certificate", &error))?];
    let leaf = CertificateDer::from(certificate.der());
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| why("it", &error))?;
    let others: Vec<CertificateDer<'_>> = others.iter().map(|other| other.der().into()).collect();
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let path = leaf
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &others,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(|error| why("it", &error))?;
    let between = path.intermediate_certificates().map(|link| Certificate::from_der(link.der().to_vec()));
    Ok(std::iter::once(certificate.clone()).chain(between).collect())
}

/// Whether a certificate is for a name.
fn covers(certificate: &Certificate, name: &Fqdn) -> bool {
    let der = CertificateDer::from(certificate.der());
    let (Ok(leaf), Ok(name)) = (EndEntityCert::try_from(&der), ServerName::try_from(name.as_str())) else {
        return false;
    };
    leaf.verify_is_valid_for_subject_name(&name).is_ok()
}

fn is_self_issued(certificate: &Certificate) -> bool {
    parse_x509_certificate(certificate.der())
        .is_ok_and(|(_, certificate)| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

fn why(what: &str, error: &Error) -> String {
    let said = match error {
        Error::CertExpired { .. } => "has ended, or one of its chain has",
        Error::CertNotValidYet { .. } => "has not begun yet, or one of its chain hasn't",
        Error::UnknownIssuer => "does not lead to the authority's certificate: the chain has a gap",
        Error::CaUsedAsEndEntity => "is an authority's and no server's",
        Error::InvalidSignatureForPublicKey => "is not signed by the next one in the chain",
        other => return format!("{what} would be refused by clients: {other}"),
    };
    format!("{what} {said}")
}
