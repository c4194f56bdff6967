use std::collections::BTreeMap;

use serde_json::Value;

use super::{NOTES, PENDING, Published, REFUSED, RefusedRequest};
use crate::wire::Fqdn;
use crate::wire::excerpt::one_line;

/// The longest text of a proxy that is passed on, in characters.
const MAX_TEXT: usize = 200;

/// What one proxy unit has said about the names of one client.
///
/// Its texts are the proxy's, but one line of printable ASCII of at most 200 characters each, fit for a log or a
/// status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Whether the client's site is served.
    pub ready: bool,
    /// The names that are not served, each with the reason, if one was given.
    pub missing: BTreeMap<Fqdn, Option<String>>,
    /// Requests that the proxy refused: those of all units of the client's application.
    pub refused: Vec<RefusedRequest>,
    /// What else the client should know about its names.
    pub notes: BTreeMap<Fqdn, String>,
}

/// Looks up `names` in what a proxy unit has published.
///
/// A proxy of old publishes a list with one name a certificate, so one of the names as an element is enough;
/// `missing` then has the others. Ours publishes an object, where all of the names must be keys at the top. Anything
/// else is not ready, nor is a client without names. What has not the shape it should have is passed over.
pub fn readiness(published: &Published, names: &[Fqdn]) -> Readiness {
    let value = match published {
        Published::Value(value) => value,
        Published::Nothing | Published::Undecodable(_) => &Value::Null,
    };
    let is_there = |name: &Fqdn| match value {
        Value::Array(list) => list.iter().any(|element| element.as_str() == Some(name.as_str())),
        Value::Object(object) => object.contains_key(name.as_str()),
        _ => false,
    };
    let text = |part: &str, name: &Fqdn| {
        let text = value.get(part)?.get(name.as_str())?.as_str()?;
        Some(one_line(text, MAX_TEXT))
    };
    Readiness {
        ready: match value {
            Value::Array(_) => names.iter().any(is_there),
            _ => !names.is_empty() && names.iter().all(is_there),
        },
        missing: names
            .iter()
            .filter(|name| !is_there(name))
            .map(|name| (name.clone(), text(PENDING, name)))
            .collect(),
        refused: value
            .get(REFUSED)
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(refused).collect())
            .unwrap_or_default(),
        notes: names.iter().filter_map(|name| Some((name.clone(), text(NOTES, name)?))).collect(),
    }
}

/// An object with at least a reason.
fn refused(value: &Value) -> Option<RefusedRequest> {
    let text = |member: &str| value.get(member).and_then(Value::as_str).map(|text| one_line(text, MAX_TEXT));
    Some(RefusedRequest {
        unit: text("unit").unwrap_or_default(),
        field: text("field").unwrap_or_default(),
        reason: text("reason")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Published, Readiness, readiness};
    use crate::wire::status::{Answer, RefusedRequest, Served};
    use crate::wire::{Fqdn, Refusal};
    use proptest::prelude::{any, proptest};

    fn name(text: &str) -> Fqdn {
        text.parse().unwrap()
    }

    fn read(text: &str) -> Readiness {
        readiness(&Published::parse(Some(text)), &[name("a.b"), name("c.d")])
    }

    #[test]
    fn ready() {
        for (text, ready, missing) in [
            ("", false, &["a.b", "c.d"][..]),
            ("{bad", false, &["a.b", "c.d"]),
            ("null", false, &["a.b", "c.d"]),
            ("7", false, &["a.b", "c.d"]),
            ("true", false, &["a.b", "c.d"]),
            ("\"a.b c.d\"", false, &["a.b", "c.d"]),
            ("[]", false, &["a.b", "c.d"]),
            ("[[\"a.b\"], 7, null]", false, &["a.b", "c.d"]),
            ("[\"x.y\", \"xa.b\", \"A.B\"]", false, &["a.b", "c.d"]),
            ("[\"x.y\", \"c.d\"]", true, &["a.b"]),
            ("[\"a.b\", \"c.d\", \"a.b\"]", true, &[]),
            ("{}", false, &["a.b", "c.d"]),
            ("{\"a.b\": {}}", false, &["c.d"]),
            ("{\"a.b\": {}, \"c.d\": null}", true, &[]),
            ("{\"_pending\": {\"a.b\": \"x\", \"c.d\": \"y\"}}", false, &["a.b", "c.d"]),
        ] {
            let readiness = read(text);
            assert_eq!(readiness.ready, ready, "{text}");
            assert_eq!(readiness.missing.keys().map(Fqdn::as_str).collect::<Vec<_>>(), missing, "{text}");
        }
    }

    #[test]
    fn without_names_nothing_is_ready() {
        for text in ["{}", "[]", "{\"a.b\": 1}", "[\"a.b\"]"] {
            assert!(!readiness(&Published::parse(Some(text)), &[]).ready, "{text}");
        }
    }

    #[test]
    fn an_answer_of_ours_is_understood() {
        let refusal = Refusal { field: "fqdn[1]".to_owned(), reason: "empty".to_owned() };
        let answer = Answer {
            served: [(name("a.b"), Served { certificate: "acme".to_owned(), expires: None })].into(),
            pending: [(name("c.d"), "taken".to_owned())].into(),
            refused: vec![RefusedRequest::new("blog/1", refusal)],
            notes: [(name("a.b"), "one".to_owned()), (name("x.y"), "other".to_owned())].into(),
        };
        assert_eq!(
            read(&answer.to_wire()),
            Readiness {
                ready: false,
                missing: [(name("c.d"), Some("taken".to_owned()))].into(),
                refused: answer.refused,
                notes: [(name("a.b"), "one".to_owned())].into(),
            }
        );
    }

    #[test]
    fn odd_shapes_are_passed_over_and_texts_made_harmless() {
        for text in [
            r#"{"_pending": [], "_refused": {}, "_notes": 7}"#,
            r#"{"_pending": {"a.b": 7}, "_refused": [7, null, [], {}, {"reason": 1}], "_notes": {"a.b": null}}"#,
            r#"{"_pending": "a.b", "_refused": "x", "_notes": ["a.b"]}"#,
        ] {
            let readiness = read(text);
            assert!(readiness.missing.values().all(Option::is_none), "{text}");
            assert!(readiness.refused.is_empty() && readiness.notes.is_empty(), "{text}");
        }
        let readiness =
            read(r#"{"_pending": {"a.b": "x\ny\u001b[2J"}, "_refused": [{"reason": "r", "unit": 7}]}"#);
        assert_eq!(readiness.missing[&name("a.b")].as_deref(), Some("x?y?[2J"));
        assert_eq!(
            readiness.refused,
            [RefusedRequest { unit: String::new(), field: String::new(), reason: "r".to_owned() }]
        );
        let long = format!("{{\"_notes\": {{\"a.b\": \"{}\"}}}}", "n".repeat(10_000));
        assert_eq!(read(&long).notes[&name("a.b")].len(), 200);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), part in "(_pending|_refused|_notes)") {
            read(&text);
            read(&serde_json::json!({part: text}).to_string());
        }
    }
}
