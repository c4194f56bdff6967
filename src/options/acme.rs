use std::fmt;

use serde_json::{Map, Value};
use x509_parser::pem::Pem;

use super::Malformed;
use crate::wire::{Reason, SecretUri};

/// Let's Encrypt's directory.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// How certificates are asked of an ACME server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// Whether the operator has agreed to the server's terms.
    pub is_agreed: bool,
    /// The URL of its directory.
    pub server: String,
    /// Who signs its own certificate, in PEM, where that is none of those whom the machine trusts.
    pub ca: Option<String>,
    /// The operator's account with whoever runs the server.
    pub external: Option<External>,
}

/// An account with whoever runs an ACME server, to which ours is to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The key's id.
    pub key_id: String,
    /// The key.
    pub key: HmacKey,
}

/// The key of such an account.
#[derive(Clone, PartialEq, Eq)]
pub enum HmacKey {
    /// Itself, in base64url.
    Text(String),
    /// The secret that holds it.
    Secret(SecretUri),
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text"),
            Self::Secret(secret) => f.debug_tuple("Secret").field(secret).finish(),
        }
    }
}

impl Default for Acme {
    fn default() -> Self {
        Self { is_agreed: false, server: LETS_ENCRYPT.to_owned(), ca: None, external: None }
    }
}

impl Acme {
    /// The secret with the key of the operator's account, if it is in one.
    pub fn secret(&self) -> Option<&SecretUri> {
        match &self.external.as_ref()?.key {
            HmacKey::Secret(secret) => Some(secret),
            HmacKey::Text(_) => None,
        }
    }

    /// Reads the options that begin with `acme-`.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, Malformed> {
        let text = |option: &str| config.get(option).and_then(Value::as_str).unwrap_or_default().trim();
        let malformed = |option, reason: String| Malformed { option, reason };
        let mut acme = Self {
            is_agreed: config.get("acme-agree-tos").and_then(Value::as_bool).unwrap_or_default(),
            ..Self::default()
        };
        let server = text("acme-server");
        if !server.is_empty() {
            if !is_url(server) {
                let reason = format!("not a URL such as https://acme.example/directory: {server:?}");
                return Err(malformed("acme-server", reason));
            }
            server.clone_into(&mut acme.server);
        }
        let ca = text("acme-ca");
        if !ca.is_empty() {
            if !holds_certificates(ca) {
                return Err(malformed("acme-ca", "holds no PEM certificate".to_owned()));
            }
            acme.ca = Some(ca.to_owned());
        }
        acme.external = match (text("acme-eab-key-id"), text("acme-eab-hmac-key")) {
            ("", "") => None,
            ("", _) => {
                return Err(malformed(
                    "acme-eab-key-id",
                    "must be set together with acme-eab-hmac-key".to_owned(),
                ));
            }
            (_, "") => {
                return Err(malformed(
                    "acme-eab-hmac-key",
                    "must be set together with acme-eab-key-id".to_owned(),
                ));
            }
            (key_id, key) => {
                let key = if key.starts_with(SecretUri::SCHEME) {
                    key.parse().map(HmacKey::Secret).map_err(|reason: Reason| reason.to_string())
                } else {
                    hmac_key(key).map(HmacKey::Text).map_err(str::to_owned)
                };
                let key = key.map_err(|reason| malformed("acme-eab-hmac-key", reason))?;
                Some(External { key_id: key_id.to_owned(), key })
            }
        };
        Ok(acme)
    }
}

/// The key of an external account as we keep it; of what is none nothing is repeated.
pub fn hmac_key(text: &str) -> Result<String, &'static str> {
    let key = text.trim().trim_end_matches('=');
    let is_base64url = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if key.is_empty() || !is_base64url || key.len() % 4 == 1 {
        return Err("not in the base64url of ACME servers");
    }
    Ok(key.to_owned())
}

/// HTTPS, a host, nothing that would not be in a URL.
fn is_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap_or_default());
    host.is_some_and(|host| !host.is_empty()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn holds_certificates(pem: &str) -> bool {
    let blocks: Result<Vec<Pem>, _> = Pem::iter_from_buffer(pem.as_bytes()).collect();
    blocks.is_ok_and(|blocks| {
        !blocks.is_empty()
            && blocks.iter().all(|block| block.label == "CERTIFICATE" && block.parse_x509().is_ok())
    })
}
