//! What is to be done about a site's certificate: pure.

use time::OffsetDateTime;

use super::check;
use super::key::KeyKind;
use super::request::Request;
use crate::cert::Pair;
use crate::wire::Fqdn;
use crate::wire::tls_certificates::{Answer, Answers, Capabilities, Certificate, Denial};

/// How many requests for a site may be made in an hour, whatever a provider says to them.
pub(super) const MOST_REQUESTS: usize = 5;

/// How many, while what is served is still good: some providers issue certificates that are due at once.
const MOST_RENEWALS: usize = 3;

/// A certificate that can be served, and the request that it answers.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) request: Request,
    pub(super) certificate: Certificate,
    pub(super) pair: Pair,
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none.
    Unanswered,
    /// The certificate that is known already.
    Known,
    /// A certificate that can be used, with its chain.
    Good(Vec<Certificate>),
    /// One that can't, and why.
    Bad(String),
    Revoked,
    Denied(Denial),
}

/// Judges the answer to a request of ours.
pub(super) fn judge(
    request: &Request,
    known: Option<&Certificate>,
    answers: &Answers,
    now: OffsetDateTime,
) -> Verdict {
    match answers.by_request.get(&request.csr) {
        None => Verdict::Unanswered,
        Some(Answer::Issued(issued)) if known == Some(&issued.certificate) => Verdict::Known,
        Some(Answer::Issued(issued)) => {
            let names: Vec<Fqdn> = request.names.iter().filter_map(|name| name.parse().ok()).collect();
            match check::issued(issued, &request.public_key(), &names, now) {
                Ok(chain) => Verdict::Good(chain),
                Err(why) => Verdict::Bad(why),
            }
        }
        Some(Answer::Unreadable(refusal)) => Verdict::Bad(refusal.to_string()),
        Some(Answer::Revoked) => Verdict::Revoked,
        Some(Answer::Denied(denial)) => Verdict::Denied(denial.clone()),
    }
}

/// Whether a request has to be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// The certificate is good for a while.
    Nothing,
    /// The request that is there has to be answered.
    Answer,
    /// A new request.
    Request,
    /// One that would be in vain, and why.
    Vain(String),
}

/// What a site needs, after answers have been taken in. `recent`: how many requests were made for it in the last hour.
pub(super) fn need(
    names: &[Fqdn],
    signed: Option<&Signed>,
    pending: Option<&Request>,
    capabilities: &Capabilities,
    kind: KeyKind,
    (now, recent): (OffsetDateTime, usize),
) -> Need {
    let serves = |signed: &&Signed| names.iter().all(|name| signed.pair.covers(name));
    match signed.filter(serves) {
        Some(signed) if !signed.pair.is_old(now) => return Need::Nothing,
        Some(signed) if signed.pair.is_valid(now) && pending.is_none() && recent >= MOST_RENEWALS => {
            return Need::Nothing;
        }
        _ => {}
    }
    if let Some(why) = names.iter().find_map(|name| capabilities.check(name).err()) {
        return Need::Vain(why);
    }
    match pending {
        Some(pending) if pending.is_for(names) && pending.kind == kind => Need::Answer,
        _ if recent >= MOST_REQUESTS => {
            Need::Vain(format!("{recent} certificates were asked for in an hour: the next one later"))
        }
        _ => Need::Request,
    }
}
