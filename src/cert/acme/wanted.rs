use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::cert::Folder;
use crate::host::{Host, Owner};
use crate::wire::Fqdn;

/// What certificates are wanted from which server, and how to get there. Written by the hook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The URL of the server's directory.
    pub server: String,
    /// Who signs the server's own certificate, in PEM; those whom the machine trusts, if nothing is said.
    pub ca: Option<String>,
    /// To whom the server may write.
    pub contact: Option<String>,
    /// The account outside ACME to which ours is to be bound.
    pub external: Option<ExternalAccount>,
    /// The port on which nginx answers challenges.
    pub http_port: u16,
    /// The model's proxies: `https_proxy`, `no_proxy` and their kin, with their values.
    pub proxies: Vec<(String, String)>,
    /// The names of each site; the first is the site's id.
    pub sites: Vec<Vec<Fqdn>>,
}

/// An account outside ACME to which ours is bound (RFC 8555, 7.3.4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccount {
    /// The key's id.
    pub key_id: String,
    /// The key, in base64url; none while its secret cannot be read.
    pub hmac_key: Option<String>,
}

impl std::fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalAccount").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Wanted {
    /// What is wanted now; nothing if no certificate is wanted from ACME.
    pub fn read(host: &Host, folder: &Folder) -> Result<Option<Self>> {
        let text = host.read(&folder.wanted())?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Says what is wanted, if that is something else than before.
    pub fn write(&self, host: &Host, folder: &Folder) -> Result<()> {
        let text =
            serde_json::to_vec_pretty(self).context("cannot write what certificates are wanted as JSON")?;
        host.write_if_different(&folder.wanted(), &text, 0o600, Owner::Us)?;
        Ok(())
    }

    /// All but the sites: a digest, for whoever remembers what came of it.
    pub fn way(&self) -> String {
        let way = Self { sites: Vec::new(), ..self.clone() };
        crate::reactive::digest(&serde_json::to_vec(&way).unwrap_or_default())
    }
}
