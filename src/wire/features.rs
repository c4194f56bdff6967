use std::collections::BTreeSet;

use serde_json::Value;

use super::json;

/// What the running code of a proxy unit understands beyond the original: the value of its key `features`.
///
/// On the wire a JSON list of strings. A proxy of old has no such key, and what cannot be read counts as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features(BTreeSet<String>);

impl Features {
    /// The proxy takes credentials as a secret.
    pub const CREDENTIALS_SECRET: &str = "credentials-secret";

    /// Reads the text under the key; elements that are not strings are passed over.
    pub fn parse(text: Option<&str>) -> Self {
        match text.map(serde_json::from_str) {
            Some(Ok(Value::Array(list))) => list.iter().filter_map(Value::as_str).collect(),
            _ => Self::default(),
        }
    }

    /// Whether the proxy has said that it understands `feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.0.contains(feature)
    }

    /// The text to publish, in alphabetical order; `None` where there is nothing to say: no key.
    pub fn to_wire(&self) -> Option<String> {
        let list = self.0.iter().map(String::as_str).collect();
        (!self.0.is_empty()).then(|| json::to_string(&list))
    }
}

impl<'a> FromIterator<&'a str> for Features {
    fn from_iter<T: IntoIterator<Item = &'a str>>(features: T) -> Self {
        Self(features.into_iter().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Features;

    #[test]
    fn table() {
        for (text, written) in [
            (None, None),
            (Some(""), None),
            (Some("{bad"), None),
            (Some("null"), None),
            (Some("\"credentials-secret\""), None),
            (Some("{\"credentials-secret\": true}"), None),
            (Some("[]"), None),
            (Some("[7, null, [\"credentials-secret\"]]"), None),
            (Some("[\"credentials-secret\"]"), Some("[\"credentials-secret\"]")),
            (Some("[\"x\", 7, \"credentials-secret\", \"x\"]"), Some("[\"credentials-secret\", \"x\"]")),
        ] {
            let features = Features::parse(text);
            assert_eq!(features.to_wire().as_deref(), written, "{text:?}");
            assert_eq!(features.has(Features::CREDENTIALS_SECRET), written.is_some(), "{text:?}");
        }
    }
}
