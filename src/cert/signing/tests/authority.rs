//! Authorities that sign what they are told to, right or wrong.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PublicKeyData,
    SanType,
};
use time::{Duration, OffsetDateTime};

use super::now;
use crate::wire::tls_certificates::Certificate;

pub(in crate::cert) struct Authority {
    pub(in crate::cert) certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(in crate::cert) fn root(name: &str) -> Self {
        let (params, key) = Self::params(name);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate: read(&certificate), issuer: Issuer::new(params, key) }
    }

    /// An authority below this one.
    pub(in crate::cert) fn below(&self, name: &str) -> Self {
        let (params, key) = Self::params(name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self { certificate: read(&certificate), issuer: Issuer::new(params, key) }
    }

    fn params(name: &str) -> (CertificateParams, KeyPair) {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        (params, KeyPair::generate().unwrap())
    }

    /// A certificate that is good for 90 days.
    pub(in crate::cert) fn issue(&self, key: &impl PublicKeyData, names: &[&str]) -> Certificate {
        self.issue_from(key, names, now() - Duration::HOUR)
    }

    pub(in crate::cert) fn issue_from(
        &self,
        key: &impl PublicKeyData,
        names: &[&str],
        begins: OffsetDateTime,
    ) -> Certificate {
        let mut params = named("leaf");
        params.subject_alt_names =
            names.iter().map(|&name| SanType::DnsName(name.try_into().unwrap())).collect();
        (params.not_before, params.not_after) = (begins, begins + Duration::days(90));
        read(&params.signed_by(key, &self.issuer).unwrap())
    }

    /// A certificate of an authority for a key that should be a server's.
    pub(in crate::cert) fn issue_authority(&self, key: &impl PublicKeyData) -> Certificate {
        let (mut params, _) = Self::params("wrong");
        params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
        read(&params.signed_by(key, &self.issuer).unwrap())
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (now() - Duration::days(1000), now() + Duration::days(1000));
    params
}

fn read(certificate: &rcgen::Certificate) -> Certificate {
    Certificate::from_der(certificate.der().to_vec())
}
