use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{NOTES, PENDING, REFUSED};
use crate::wire::{Fqdn, Refusal, json};

/// What our proxy tells one relation about the names of that relation.
///
/// On the wire an object: the served names are its keys, beside `_pending`, `_refused` and `_notes`, each left out
/// where it is empty. A client of old takes a name at the top for "ready", so a name that is both served and
/// pending is written as pending only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names that are served with the certificate that was asked for.
    pub served: BTreeMap<Fqdn, Served>,
    /// Names that are not, and why, in words.
    pub pending: BTreeMap<Fqdn, String>,
    /// Requests that are not served, in the order of their units.
    pub refused: Vec<RefusedRequest>,
    /// What the client should know about names, served ones too, in words.
    pub notes: BTreeMap<Fqdn, String>,
}

/// A name that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Where the certificate is from: `acme`, for one.
    pub certificate: String,
    /// When it ends, in RFC 3339 and UTC: `2027-01-30T12:00:00Z`.
    pub expires: Option<String>,
}

/// A request that is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRequest {
    /// The unit that sent it: `blog/0`.
    pub unit: String,
    /// As [`Refusal::field`].
    pub field: String,
    /// As [`Refusal::reason`].
    pub reason: String,
}

impl Answer {
    /// Whether nothing is in it; such an answer is not published.
    pub fn is_empty(&self) -> bool {
        let Self { served, pending, refused, notes } = self;
        served.is_empty() && pending.is_empty() && refused.is_empty() && notes.is_empty()
    }

    /// The object as it is published.
    pub fn to_value(&self) -> Value {
        let mut object: Map<String, Value> = self
            .served
            .iter()
            .filter(|(name, _)| !self.pending.contains_key(name))
            .map(|(name, served)| (name.to_string(), served.to_value()))
            .collect();
        let refused: Vec<Value> = self.refused.iter().map(RefusedRequest::to_value).collect();
        for (key, part) in [(PENDING, texts(&self.pending)), (NOTES, texts(&self.notes))] {
            if !part.is_empty() {
                object.insert(key.to_owned(), Value::Object(part));
            }
        }
        if !refused.is_empty() {
            object.insert(REFUSED.to_owned(), Value::Array(refused));
        }
        Value::Object(object)
    }

    /// The text as it is published.
    pub fn to_wire(&self) -> String {
        json::to_string(&self.to_value())
    }
}

impl Served {
    fn to_value(&self) -> Value {
        let expires = self.expires.as_ref().map(|expires| ("expires", expires));
        object([("certificate", &self.certificate)].into_iter().chain(expires))
    }
}

impl RefusedRequest {
    /// The refusal of the request that `unit` sent.
    pub fn new(unit: impl Into<String>, refusal: Refusal) -> Self {
        Self { unit: unit.into(), field: refusal.field, reason: refusal.reason }
    }

    fn to_value(&self) -> Value {
        object([("unit", &self.unit), ("field", &self.field), ("reason", &self.reason)])
    }
}

fn texts(part: &BTreeMap<Fqdn, String>) -> Map<String, Value> {
    part.iter().map(|(name, text)| (name.to_string(), Value::from(text.as_str()))).collect()
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a String)>) -> Value {
    members.into_iter().map(|(key, text)| (key.to_owned(), Value::from(text.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Answer, RefusedRequest, Served};
    use crate::wire::{Fqdn, Refusal};
    use serde_json::json;

    fn name(text: &str) -> Fqdn {
        text.parse().unwrap()
    }

    #[test]
    fn written_as_documented() {
        let mut answer = Answer::default();
        answer.served.insert(
            name("example.com"),
            Served { certificate: "acme".to_owned(), expires: Some("2027-01-30T12:00:00Z".to_owned()) },
        );
        answer.pending.insert(name("blog.example.com"), "the name does not resolve to this proxy".to_owned());
        let refusal =
            Refusal { field: "upstreams[0].port".to_owned(), reason: "not a port: 70000".to_owned() };
        answer.refused.push(RefusedRequest::new("blog/0", refusal));
        answer.notes.insert(
            name("example.com"),
            "credentials differ between blog/0 and blog/1: blog/0's stand".to_owned(),
        );
        assert_eq!(
            answer.to_value(),
            json!({
                "example.com": {"certificate": "acme", "expires": "2027-01-30T12:00:00Z"},
                "_pending": {"blog.example.com": "the name does not resolve to this proxy"},
                "_refused": [{"unit": "blog/0", "field": "upstreams[0].port", "reason": "not a port: 70000"}],
                "_notes": {"example.com": "credentials differ between blog/0 and blog/1: blog/0's stand"},
            })
        );
        assert!(!answer.is_empty());
    }

    #[test]
    fn empty_parts_are_left_out() {
        let mut answer = Answer::default();
        assert!(answer.is_empty());
        assert_eq!(answer.to_wire(), "{}");
        answer.served.insert(name("a.b"), Served { certificate: "acme".to_owned(), expires: None });
        assert!(!answer.is_empty());
        assert_eq!(answer.to_wire(), r#"{"a.b": {"certificate": "acme"}}"#);
        for answer in [
            Answer { pending: [(name("a.b"), "x".to_owned())].into(), ..Answer::default() },
            Answer { notes: [(name("a.b"), "x".to_owned())].into(), ..Answer::default() },
        ] {
            assert!(!answer.is_empty());
            assert_eq!(answer.to_value().as_object().unwrap().len(), 1);
        }
    }

    #[test]
    fn never_both_served_and_pending() {
        let answer = Answer {
            served: [(name("a.b"), Served { certificate: "acme".to_owned(), expires: None })].into(),
            pending: [(name("a.b"), "not yet".to_owned())].into(),
            ..Answer::default()
        };
        assert_eq!(answer.to_wire(), r#"{"_pending": {"a.b": "not yet"}}"#);
    }
}
