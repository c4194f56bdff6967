//! One order, from the names to the pair.

use std::collections::BTreeMap;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::problem::{Fault, words};
use crate::cert::Pair;
use crate::wire::Fqdn;

/// How a server that is still at work is asked whether it has come to an end.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.4).timeout(Duration::from_mins(2));

/// Why there is no pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// These names are at fault, each with the reason; the others are not.
    Names(BTreeMap<Fqdn, String>),
    /// The order as a whole.
    All(Fault),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::All(Fault::of(&error))
    }
}

/// Has a certificate issued for the names: the text of a PEM file.
pub(super) async fn order(
    account: &Account,
    server: &str,
    names: &[Fqdn],
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<String, Failed> {
    let mut order = new_order(account, names, replaces).await?;
    prove(&mut order).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) | Err(Error::Api(_)) => return Err(culprits(&mut order, names).await),
        Err(Error::Timeout(_)) => return Err(all(names, "the authority has not looked at it in time")),
        Err(error) => return Err(error.into()),
    }
    let (key, request) = request(names)
        .map_err(|error| Failed::All(Fault::Server(format!("cannot write a signing request: {error}"))))?;
    order.finalize_csr(&request).await?;
    let chain = match order.poll_certificate(&PATIENCE).await {
        Err(Error::Timeout(_)) => return Err(all(names, "the authority has not issued it in time")),
        chain => chain?,
    };
    let text = Pair::text(server, chain.trim_end(), &key.serialize_pem());
    match Pair::read(text.as_bytes()) {
        Some(pair) if names.iter().all(|name| pair.covers(name)) => Ok(text),
        _ => Err(all(names, "the authority has issued something else than was asked for")),
    }
}

async fn new_order(
    account: &Account,
    names: &[Fqdn],
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Order, Failed> {
    let identifiers: Vec<Identifier> = names.iter().map(|name| Identifier::Dns(name.to_string())).collect();
    let new = NewOrder::new(&identifiers);
    let first = match replaces {
        // A server that does not want to hear what is replaced is asked without.
        Some(replaces) => account.new_order(&NewOrder::new(&identifiers).replaces(replaces)).await.ok(),
        None => None,
    };
    let ordered = match first {
        Some(order) => Ok(order),
        None => account.new_order(&new).await,
    };
    ordered.map_err(|error| {
        let Error::Api(problem) = &error else { return error.into() };
        let of_name = |name: &Fqdn| {
            let is_about = |about: &Option<Identifier>| {
                matches!(about, Some(Identifier::Dns(about)) if about == name.as_str())
            };
            let about = problem.subproblems.iter().find(|sub| is_about(&sub.identifier))?;
            let detail = about.detail.clone().unwrap_or_default();
            Some((name.clone(), format!("the authority refuses ({})", super::problem::one_line(&detail))))
        };
        let culprits: BTreeMap<Fqdn, String> = names.iter().filter_map(of_name).collect();
        if culprits.is_empty() { error.into() } else { Failed::Names(culprits) }
    })
}

/// Tells the server that the answers to its challenges are there.
async fn prove(order: &mut Order) -> Result<(), Failed> {
    let mut refused = BTreeMap::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status != AuthorizationStatus::Pending {
            continue;
        }
        let name: Option<Fqdn> = authorization.identifier().to_string().parse().ok();
        let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
            let reason = "the authority does not offer HTTP-01".to_owned();
            refused.extend(name.map(|name| (name, reason)));
            continue;
        };
        match challenge.set_ready().await {
            Err(Error::Api(problem)) => refused.extend(name.map(|name| (name, words(&problem)))),
            told => told?,
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Failed::Names(refused)) }
}

/// The names that the server did not find to be ours.
async fn culprits(order: &mut Order, names: &[Fqdn]) -> Failed {
    let mut refused = BTreeMap::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_err() || authorization.status != AuthorizationStatus::Invalid {
            continue;
        }
        let why = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref()).map(words);
        let name: Option<Fqdn> = authorization.identifier().to_string().parse().ok();
        let why = why.unwrap_or_else(|| "the authority did not say why".to_owned());
        refused.extend(name.map(|name| (name, why)));
    }
    if refused.is_empty() { all(names, "the authority refuses the order") } else { Failed::Names(refused) }
}

fn all(names: &[Fqdn], why: &str) -> Failed {
    Failed::Names(names.iter().map(|name| (name.clone(), why.to_owned())).collect())
}

fn request(names: &[Fqdn]) -> Result<(KeyPair, Vec<u8>), rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate()?;
    let request = params.serialize_request(&key)?;
    Ok((key, request.der().to_vec()))
}
