use std::path::PathBuf;

use anyhow::{Context as _, Result};
use time::OffsetDateTime;

use super::key::KeyKind;
use super::request::Request;
use super::step::{Signed, Verdict, judge};
use crate::cert::{Folder, Pair, Source};
use crate::host::Host;
use crate::wire::tls_certificates::{Answers, Certificate, SigningRequest};
use crate::wire::{Fqdn, Refusal};

/// What is there for one site, and what the provider has said about it just now.
pub(super) struct Slot<'s> {
    pub(super) id: &'s Fqdn,
    pub(super) names: &'s [Fqdn],
    /// The certificate that is served.
    pub(super) signed: Option<Signed>,
    /// The request that is to be answered.
    pub(super) pending: Option<Request>,
    request_file: PathBuf,
    pub(super) refuses_the_key: bool,
    pub(super) revoked: bool,
    reason: Option<String>,
    pair_file: PathBuf,
    folder: &'s Folder,
}

impl<'s> Slot<'s> {
    pub(super) fn read(host: &Host, folder: &'s Folder, id: &'s Fqdn, names: &'s [Fqdn]) -> Result<Self> {
        let (request_file, pair_file) = (folder.request(id), folder.pair(Source::Certificates, id));
        Ok(Self {
            id,
            names,
            signed: host.read(&pair_file)?.and_then(|content| Signed::read(&content)),
            pending: host.read(&request_file)?.and_then(|content| Request::read(&content)),
            request_file,
            refuses_the_key: false,
            revoked: false,
            reason: None,
            pair_file,
            folder,
        })
    }

    /// The requests that the provider must know of: also that of the certificate which is served.
    pub(super) fn requests(&self) -> impl Iterator<Item = &SigningRequest> {
        let signed = self.signed.as_ref().map(|signed| &signed.request.csr);
        signed.into_iter().chain(self.pending.as_ref().map(|pending| &pending.csr))
    }

    /// Takes in what the provider says to both requests.
    pub(super) fn take_in(&mut self, host: &Host, answers: &Answers, now: OffsetDateTime) -> Result<()> {
        if let Some(signed) = self.signed.take() {
            match judge(&signed.request, Some(&signed.certificate), answers, now) {
                Verdict::Good(chain) => self.install(host, &signed.request, &chain)?,
                Verdict::Revoked => {
                    log::warn!("{}: the certificate provider has revoked the certificate", self.id);
                    self.folder.retire(host, &self.pair_file)?;
                    self.revoked = true;
                }
                Verdict::Bad(why) => {
                    log::warn!("{}: {}", self.id, unusable(&why));
                    self.signed = Some(signed);
                }
                Verdict::Unanswered | Verdict::Known | Verdict::Denied(_) => self.signed = Some(signed),
            }
        }
        let Some(pending) = self.pending.take() else { return Ok(()) };
        match judge(&pending, None, answers, now) {
            Verdict::Good(chain) => {
                self.install(host, &pending, &chain)?;
                return Ok(host.remove(&self.request_file)?);
            }
            Verdict::Revoked => {
                self.revoked = true;
                return Ok(host.remove(&self.request_file)?);
            }
            Verdict::Bad(why) => self.reason = Some(unusable(&why)),
            Verdict::Denied(denial) => {
                self.refuses_the_key = pending.kind == KeyKind::P256 && denial.is_about_the_key();
                self.reason = Some(format!("the certificate provider refuses: {denial}"));
            }
            Verdict::Unanswered | Verdict::Known => {}
        }
        self.pending = Some(pending);
        Ok(())
    }

    /// Makes a new request, in the place of another.
    pub(super) fn make(&mut self, host: &Host, kind: KeyKind) -> Result<()> {
        let request = Request::make(host, kind, self.names, self.revoked)?;
        self.folder.write_key(host, &self.request_file, request.text().as_bytes())?;
        log::info!("{}: asking the certificate provider for a certificate", self.id);
        self.pending = Some(request);
        self.reason = None;
        Ok(())
    }

    /// Takes the request back.
    pub(super) fn withdraw(&mut self, host: &Host) -> Result<()> {
        match self.pending.take() {
            Some(_) => Ok(host.remove(&self.request_file)?),
            None => Ok(()),
        }
    }

    /// Why the site waits for an answer. `unreadable`: what the provider has said that may be about it or not.
    pub(super) fn waits(&self, unreadable: Option<&Refusal>) -> String {
        let after_revocation = self.pending.as_ref().is_some_and(|pending| pending.after_revocation);
        let mut reason =
            self.reason.clone().unwrap_or_else(|| "waiting for the certificate provider".to_owned());
        if let (None, Some(unreadable)) = (&self.reason, unreadable) {
            reason = format!("{reason}, of which this cannot be read: {unreadable}");
        }
        let revoked = "the certificate provider has revoked the certificate";
        if after_revocation || self.revoked { format!("{revoked}; {reason}") } else { reason }
    }

    /// Puts a certificate, its chain, key and request in the place of those that are served.
    fn install(&mut self, host: &Host, request: &Request, chain: &[Certificate]) -> Result<()> {
        let chain: String = chain.iter().map(Certificate::to_pem).collect();
        let text = chain + &request.blocks();
        self.folder.write_key(host, &self.pair_file, text.as_bytes())?;
        log::info!("{}: the certificate provider has issued a certificate", self.id);
        self.signed = Some(
            Signed::read(text.as_bytes())
                .context("cannot read again the certificate that was just checked")?,
        );
        Ok(())
    }
}

impl Signed {
    /// Reads a file's content; nothing if it is damaged.
    fn read(content: &[u8]) -> Option<Self> {
        let blocks = pem::parse_many(content).ok()?;
        let certificate = blocks.into_iter().find(|block| block.tag() == "CERTIFICATE")?.into_contents();
        Some(Self {
            request: Request::read(content)?,
            certificate: Certificate::from_der(certificate),
            pair: Pair::read(content)?,
        })
    }
}

fn unusable(why: &str) -> String {
    format!("the certificate of the provider cannot be used: {why}")
}
