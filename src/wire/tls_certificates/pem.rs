use std::fmt;
use std::hash::Hash;

use pem::{EncodeConfig, LineEnding, Pem};

use crate::wire::Reason;

/// The longest text that is read as one certificate or request, in characters: one with 100 long names has some
/// forty thousand.
const MAX_CHARACTERS: usize = 128 * 1024;

/// A certificate. What it says is looked at where it matters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Certificate(Vec<u8>);

/// A certificate signing request, as it identifies what is said about it: two are the same if their bytes are,
/// however their text is broken into lines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningRequest(Vec<u8>);

impl Certificate {
    /// Reads a text with one PEM block.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        one_block(text, &["CERTIFICATE"]).map(Self)
    }

    /// Takes the bytes of a certificate.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(der.into())
    }

    /// The bytes of the certificate.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The text of a PEM block.
    pub fn to_pem(&self) -> String {
        block("CERTIFICATE", &self.0)
    }
}

impl SigningRequest {
    /// Reads a text with one PEM block. What is inside is only compared.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        one_block(text, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]).map(Self)
    }

    /// Takes the bytes of a request.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(der.into())
    }

    /// The bytes of the request.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// The text of a PEM block.
    pub fn to_pem(&self) -> String {
        block("CERTIFICATE REQUEST", &self.0)
    }
}

fn block(label: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(label, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

fn one_block(text: &str, labels: &[&str]) -> Result<Vec<u8>, Reason> {
    if text.len() > MAX_CHARACTERS {
        return Err(Reason::new(format!("longer than {MAX_CHARACTERS} characters")));
    }
    let blocks = pem::parse_many(text).map_err(|_| Reason::quoting("not PEM", text))?;
    match <[Pem; 1]>::try_from(blocks) {
        Ok([block]) if labels.contains(&block.tag()) => Ok(block.into_contents()),
        Ok([block]) => Err(Reason::quoting(&format!("not a {} in PEM but", labels[0]), block.tag())),
        Err(blocks) if blocks.is_empty() => Err(Reason::quoting("not PEM", text)),
        Err(blocks) => Err(Reason::new(format!("not one PEM block but {}", blocks.len()))),
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

impl fmt::Debug for SigningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningRequest({} bytes)", self.0.len())
    }
}
