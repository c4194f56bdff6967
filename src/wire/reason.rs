use serde_json::Value;

use super::Refusal;
use super::excerpt::excerpt;

/// Why a value is refused, before it is known in which field it stood; [`Reason::at`] makes it a [`Refusal`].
///
/// Its text is one line of printable ASCII that names the rule and repeats at most 40 characters of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

impl Reason {
    /// The refusal of the value in `field`, a path such as `upstreams[0].port`.
    pub fn at(self, field: impl Into<String>) -> Refusal {
        Refusal { field: field.into(), reason: self.0 }
    }

    /// The rule alone: for secrets, and where the value says nothing.
    pub(super) fn new(rule: impl Into<String>) -> Self {
        Self(rule.into())
    }

    /// The rule, and an excerpt of the value that breaks it.
    pub(super) fn quoting(rule: &str, value: &str) -> Self {
        Self(format!("{rule}: {}", excerpt(value)))
    }

    /// The same, with what it is about before it.
    pub(super) fn about(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }

    /// Another JSON type was needed.
    pub(super) fn expected(what: &str, found: &Value) -> Self {
        Self(format!("not {what} but {}", kind(found)))
    }

    /// A member that must be there is not.
    pub(super) fn missing() -> Self {
        Self("missing".to_owned())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use serde_json::json;

    #[test]
    fn table() {
        for (reason, text) in [
            (Reason::new("the rule"), "the rule"),
            (Reason::missing(), "missing"),
            (Reason::quoting("the rule", "a\nb"), "the rule: a?b"),
            (Reason::expected("a list", &json!(null)), "not a list but null"),
            (Reason::expected("a list", &json!(true)), "not a list but a boolean"),
            (Reason::expected("a list", &json!(1.5)), "not a list but a number"),
            (Reason::expected("a list", &json!("secret")), "not a list but a string"),
            (Reason::expected("a number", &json!([])), "not a number but a list"),
            (Reason::expected("a list", &json!({"secret": 1})), "not a list but an object"),
        ] {
            assert_eq!(reason.to_string(), text);
        }
    }
}
