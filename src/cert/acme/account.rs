use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::KeyPair;
use sha2::{Digest as _, Sha256};

use crate::cert::Folder;
use crate::host::Host;

/// The key of this unit's ACME account. The account itself is found by it at any server, and made anew where the server
/// has forgotten it: the key is all there is to keep.
#[derive(Debug)]
pub struct AccountKey(KeyPair);

impl AccountKey {
    /// The key that is kept; a new one if there is none, or it is damaged.
    pub fn keep(host: &Host, folder: &Folder) -> Result<Self> {
        let kept = Self::read(host, folder)?;
        if let Some(key) = kept {
            folder.close(host, &folder.account_key())?;
            return Ok(key);
        }
        if host.mode(&folder.account_key())?.is_some() {
            log::warn!("{} is damaged: a new ACME account takes its place", folder.account_key().display());
        }
        let key = KeyPair::generate().context("cannot make a key for the ACME account")?;
        Self::write(host, folder, &key.serialize_pem())?;
        Ok(Self(key))
    }

    /// The key that is kept.
    pub fn read(host: &Host, folder: &Folder) -> Result<Option<Self>> {
        let text = host.read(&folder.account_key())?;
        let key = text.and_then(|text| KeyPair::from_pem(std::str::from_utf8(&text).ok()?).ok());
        Ok(key.filter(|key| point(key).is_some()).map(Self))
    }

    fn write(host: &Host, folder: &Folder, pem: &str) -> Result<()> {
        Ok(folder.write_key(host, &folder.account_key(), pem.as_bytes())?)
    }

    /// Keeps another key, given in PKCS #8.
    pub fn write_der(host: &Host, folder: &Folder, der: &[u8]) -> Result<()> {
        let key = KeyPair::try_from(der).context("cannot read the new key of the ACME account")?;
        Self::write(host, folder, &key.serialize_pem())
    }

    /// In PKCS #8.
    pub fn der(&self) -> &[u8] {
        self.0.serialized_der()
    }

    /// What stands after the token in the answer to a challenge (RFC 8555, 8.1; RFC 7638).
    pub fn thumbprint(&self) -> String {
        let (x, y) = point(&self.0).unwrap_or_default();
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
    }
}

/// The coordinates of the public key; nothing for a key of another kind.
fn point(key: &KeyPair) -> Option<(String, String)> {
    let point = key.public_key_raw();
    let is_p256 = point.len() == 65 && point[0] == 4;
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    is_p256.then(|| (encode(&point[1..33]), encode(&point[33..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 7515, A.3, whose thumbprint was made with openssl and python.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\nH1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_is_kept_and_known_by_its_thumbprint() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::new(root.path(), "");
        let folder = Folder::of(&host, &"proxy/0".parse().unwrap());
        let first = AccountKey::keep(&host, &folder).unwrap().thumbprint();
        assert_eq!(first.len(), 43);
        assert_eq!(AccountKey::keep(&host, &folder).unwrap().thumbprint(), first);
        assert_eq!(host.mode(&folder.account_key()).unwrap(), Some(0o600));
        AccountKey::write(&host, &folder, "damaged").unwrap();
        assert_ne!(AccountKey::keep(&host, &folder).unwrap().thumbprint(), first);
        AccountKey::write(&host, &folder, KEY).unwrap();
        let key = AccountKey::read(&host, &folder).unwrap().unwrap();
        assert_eq!(key.thumbprint(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    }
}
