//! When the server would like certificates to be renewed (ARI, RFC 9773).

use instant_acme::{Account, CertificateIdentifier, Error};
use time::{Duration, OffsetDateTime};

use crate::cert::Pair;
use crate::cert::acme::{Progress, Renewal};
use crate::host::Host;
use crate::wire::Fqdn;

/// How soon the server is asked again at the earliest, and after a failure or where it knows nothing of this.
const SOONEST: Duration = Duration::hours(1);
const LATEST: Duration = Duration::days(1);

/// How a pair is named to the server, if it can be.
pub(super) fn identifier(pair: &Pair) -> Option<CertificateIdentifier<'static>> {
    let named = pair.identifier()?;
    let (authority, serial) = named.split_once('.')?;
    Some(CertificateIdentifier {
        authority_key_identifier: authority.to_owned().into(),
        serial: serial.to_owned().into(),
    })
}

/// Whether the server is to be asked about a pair.
pub(super) fn is_to_be_asked(progress: &Progress, id: &Fqdn, pair: &Pair, now: OffsetDateTime) -> bool {
    let Some(named) = pair.identifier() else { return false };
    let known = progress.renewals.get(id).filter(|known| known.certificate == named);
    known.is_none_or(|known| {
        known.ask <= now.unix_timestamp() || known.ask > now.unix_timestamp() + 2 * LATEST.whole_seconds()
    })
}

/// Asks the server about a pair. What is due stays so.
pub(super) async fn ask(
    host: &Host,
    account: &Account,
    id: &Fqdn,
    pair: &Pair,
    now: OffsetDateTime,
    progress: &mut Progress,
) {
    let (Some(identifier), Some(certificate)) = (identifier(pair), pair.identifier()) else { return };
    let before = progress.renewals.get(id).filter(|known| known.certificate == certificate);
    let before = before.and_then(|known| known.at);
    let due = before.filter(|at| *at <= now.unix_timestamp());
    let (at, ask) = match account.renewal_info(&identifier).await {
        Ok((info, again)) => {
            let window = (info.suggested_window.start, info.suggested_window.end);
            let again = Duration::try_from(again).unwrap_or(LATEST).clamp(SOONEST, LATEST);
            (Some(within(window, host.random().unwrap_or_default())), again)
        }
        Err(Error::Unsupported(_)) => (None, LATEST),
        Err(error) => {
            log::warn!("the server does not say when {id} is to be renewed: {error}");
            (before, SOONEST * 6)
        }
    };
    let at = due.or(at);
    progress.renewals.insert(id.clone(), Renewal { certificate, at, ask: (now + ask).unix_timestamp() });
}

/// A moment within a window, by chance.
fn within((start, end): (OffsetDateTime, OffsetDateTime), chance: [u8; 4]) -> i64 {
    let length = (end - start).whole_seconds().max(1);
    start.unix_timestamp() + i64::from(u32::from_le_bytes(chance)) % length
}
