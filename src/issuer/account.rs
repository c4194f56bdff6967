use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, Key, NewAccount};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::network::Network;
use super::problem::Fault;
use crate::cert::Folder;
use crate::cert::acme::{AccountKey, ExternalAccount, Progress, Wanted};
use crate::host::Host;

/// The account at the server, made by our key where there is none. Its terms are agreed to: the operator has said so.
pub(super) async fn register(
    host: &Host,
    folder: &Folder,
    network: &Network,
    wanted: &Wanted,
    progress: &mut Progress,
) -> Result<Account, Fault> {
    let key = AccountKey::keep(host, folder).map_err(|error| Fault::Server(format!("{error:#}")))?;
    let account = match &wanted.external {
        None => by_key(network, wanted, &key, true).await?,
        Some(external) => match by_key(network, wanted, &key, false).await {
            Err(Fault::NoAccount) => return Err(bind(host, folder, network, wanted, external).await),
            known => known?,
        },
    };
    let contact = wanted.contact.clone().unwrap_or_default();
    if progress.contact.as_ref() != Some(&contact) {
        let address = format!("mailto:{contact}");
        let contacts = if contact.is_empty() { Vec::new() } else { vec![address.as_str()] };
        if let Err(error) = account.update_contacts(&contacts).await {
            log::warn!("the server does not take contact-email: {}", Fault::of(&error).words());
        }
        progress.contact = Some(contact);
    }
    Ok(account)
}

async fn by_key(network: &Network, wanted: &Wanted, key: &AccountKey, makes: bool) -> Result<Account, Fault> {
    let fault = |error| Fault::of(&error);
    let builder = || Account::builder_with_http(Box::new(network.clone()));
    let der = || PrivatePkcs8KeyDer::from(key.der().to_vec());
    let both = (Key::from_pkcs8_der(der()).map_err(fault)?, PrivateKeyDer::Pkcs8(der()));
    let server = wanted.server.clone();
    let found = if makes {
        builder().create_from_key(both, server).await
    } else {
        builder().from_key(both, server).await
    };
    found.map(|(account, _)| account).map_err(fault)
}

/// Makes an account that is bound to the operator's. It comes with a new key, which nginx must learn first: so this is a
/// fault in any case, and the next run goes on.
async fn bind(
    host: &Host,
    folder: &Folder,
    network: &Network,
    wanted: &Wanted,
    external: &ExternalAccount,
) -> Fault {
    let Some(key) = &external.hmac_key else {
        return Fault::Server("the secret in acme-eab-hmac-key cannot be used".to_owned());
    };
    let key = BASE64_URL_SAFE_NO_PAD.decode(key).unwrap_or_default();
    let external = ExternalAccountKey::new(external.key_id.clone(), &key);
    let contact = wanted.contact.as_ref().map(|address| format!("mailto:{address}"));
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_http(Box::new(network.clone()));
    let made = builder.create(&new, wanted.server.clone(), Some(&external)).await;
    match made.map_err(|error| Fault::of(&error)).and_then(|(_, made)| keep(host, folder, &made)) {
        Ok(()) => Fault::NewKey,
        Err(fault) => fault,
    }
}

fn keep(host: &Host, folder: &Folder, made: &AccountCredentials) -> Result<(), Fault> {
    let fault = |error: anyhow::Error| Fault::Server(format!("{error:#}"));
    AccountKey::write_der(host, folder, made.private_key().secret_pkcs8_der()).map_err(fault)
}
