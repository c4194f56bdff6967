use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{ANSWERS, Capabilities, Certificate, Denial, SigningRequest};
use crate::wire::{Bag, Reason, Refusal};

/// The longest chain that is read; three or four certificates are usual.
const MAX_CHAIN: usize = 10;

/// What a provider says to requests of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// What it says to each request that it has answered.
    pub by_request: BTreeMap<SigningRequest, Answer>,
    /// What it says it can issue.
    pub capabilities: Capabilities,
    /// What cannot be read and may or may not be about us.
    pub unreadable: Vec<Refusal>,
}

/// What a provider says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A certificate. Whether it is good is still to be seen.
    Issued(Issued),
    /// There was one, and it must not be used any more.
    Revoked,
    /// There is none, and why.
    Denied(Denial),
    /// Something that cannot be read.
    Unreadable(Refusal),
}

/// A certificate with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate itself.
    pub certificate: Certificate,
    /// The authority's.
    pub ca: Certificate,
    /// From the certificate itself to the authority's, if the provider keeps to the rule.
    pub chain: Vec<Certificate>,
}

impl Answers {
    /// Reads an application's bag. Only what is about one of `ours` is looked at closely: the bag holds the answers to
    /// all units of the application. An entry that cannot be read is that entry's fault alone.
    pub fn parse(bag: &Bag, ours: &BTreeSet<SigningRequest>) -> Self {
        let mut answers = Self::default();
        let [certificates, errors, capabilities] = ANSWERS;
        for (at, entry) in answers.list(bag, errors) {
            answers.take(&at, &entry, "csr", ours, |entry| {
                let error = entry.get("error").ok_or_else(|| Reason::missing().at(format!("{at}.error")))?;
                Denial::parse(error).map(Answer::Denied).map_err(|reason| reason.at(format!("{at}.error")))
            });
        }
        for (at, entry) in answers.list(bag, certificates) {
            answers.take(&at, &entry, "certificate_signing_request", ours, |entry| {
                if entry.get("revoked").and_then(Value::as_bool) == Some(true) {
                    return Ok(Answer::Revoked);
                }
                issued(&at, entry).map(Answer::Issued)
            });
        }
        match value(bag, capabilities)
            .and_then(|value| Capabilities::parse(&value).map_err(|reason| reason.at(capabilities)))
        {
            Ok(capabilities) => answers.capabilities = capabilities,
            Err(refusal) => answers.unreadable.push(refusal),
        }
        answers
    }

    /// The entries of a list under a key, each with its place.
    fn list(&mut self, bag: &Bag, key: &str) -> Vec<(String, Value)> {
        let list = match value(bag, key) {
            Ok(Value::Array(list)) => list,
            Ok(Value::Null) => Vec::new(),
            Ok(other) => {
                self.unreadable.push(Reason::expected("a list", &other).at(key));
                Vec::new()
            }
            Err(refusal) => {
                self.unreadable.push(refusal);
                Vec::new()
            }
        };
        list.into_iter().enumerate().map(|(index, entry)| (format!("{key}[{index}]"), entry)).collect()
    }

    fn take(
        &mut self,
        at: &str,
        entry: &Value,
        key: &str,
        ours: &BTreeSet<SigningRequest>,
        read: impl Fn(&Map<String, Value>) -> Result<Answer, Refusal>,
    ) {
        let request = match entry {
            Value::Object(entry) => text(entry, at, key).and_then(|(text, at)| {
                let request = SigningRequest::parse(text).map_err(|reason| reason.at(at))?;
                Ok((request, entry))
            }),
            other => Err(Reason::expected("an object", other).at(at)),
        };
        match request {
            Ok((request, entry)) if ours.contains(&request) => {
                let answer = read(entry).unwrap_or_else(Answer::Unreadable);
                let before = self.by_request.get(&request);
                if before.is_none_or(|before| answer.counts_beside(before)) {
                    self.by_request.insert(request, answer);
                }
            }
            Ok(_) => {}
            Err(refusal) => self.unreadable.push(refusal),
        }
    }
}

impl Answer {
    /// Of two answers to one request, a certificate counts, and among equals the later.
    fn counts_beside(&self, before: &Self) -> bool {
        let weight = |answer: &Self| match answer {
            Self::Issued(_) => 3,
            Self::Revoked => 2,
            Self::Denied(_) => 1,
            Self::Unreadable(_) => 0,
        };
        weight(self) >= weight(before)
    }
}

fn issued(at: &str, entry: &Map<String, Value>) -> Result<Issued, Refusal> {
    let certificate = |key: &str| {
        let (text, at) = text(entry, at, key)?;
        Certificate::parse(text).map_err(|reason| reason.at(at))
    };
    let chain = match entry.get("chain") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(chain)) if chain.len() <= MAX_CHAIN => chain,
        Some(Value::Array(_)) => {
            return Err(
                Reason::new(format!("longer than {MAX_CHAIN} certificates")).at(format!("{at}.chain"))
            );
        }
        Some(other) => return Err(Reason::expected("a list", other).at(format!("{at}.chain"))),
    };
    let chain = chain.iter().enumerate().map(|(index, link)| {
        let at = format!("{at}.chain[{index}]");
        let Value::String(text) = link else { return Err(Reason::expected("a string", link).at(at)) };
        Certificate::parse(text).map_err(|reason| reason.at(at))
    });
    Ok(Issued {
        certificate: certificate("certificate")?,
        ca: certificate("ca")?,
        chain: chain.collect::<Result<_, _>>()?,
    })
}

fn text<'a>(entry: &'a Map<String, Value>, at: &str, key: &str) -> Result<(&'a str, String), Refusal> {
    let at = format!("{at}.{key}");
    match entry.get(key) {
        Some(Value::String(text)) => Ok((text, at)),
        Some(other) => Err(Reason::expected("a string", other).at(at)),
        None => Err(Reason::missing().at(at)),
    }
}

/// The value under a key; null where there is none.
fn value(bag: &Bag, key: &str) -> Result<Value, Refusal> {
    match bag.get(key).map(String::as_str) {
        None | Some("") => Ok(Value::Null),
        Some(text) => {
            serde_json::from_str(text).map_err(|error| Reason::new(format!("not JSON: {error}")).at(key))
        }
    }
}
