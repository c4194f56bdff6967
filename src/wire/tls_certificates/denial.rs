use std::fmt;

use serde_json::Value;

use crate::wire::Reason;
use crate::wire::excerpt::one_line;

/// The longest text of a provider that is passed on, in characters.
const MAX_TEXT: usize = 200;

/// Words by which a provider says that it does not sign keys of this kind. There is no code for it.
const ABOUT_THE_KEY: [&str; 7] =
    ["rsa", "ecdsa", "elliptic", "curve", "key type", "key algorithm", "public key"];

/// Why a provider issues no certificate for a request.
///
/// Its texts are the provider's, but one line of printable ASCII of at most 200 characters each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// 101 an address, 102 a name, 103 a wildcard is not allowed; 201 the server cannot be reached; 999 anything else.
    pub code: i64,
    /// What happened.
    pub message: String,
    /// What the provider knows of the cause.
    pub reason: Option<String>,
}

impl Denial {
    pub(super) fn parse(value: &Value) -> Result<Self, Reason> {
        let Value::Object(error) = value else { return Err(Reason::expected("an object", value)) };
        let text =
            |key: &str| error.get(key).and_then(Value::as_str).map(|text| one_line(text.trim(), MAX_TEXT));
        let texts = text("message").filter(|text| !text.is_empty()).or_else(|| text("name"));
        Ok(Self {
            code: error.get("code").and_then(Value::as_i64).ok_or_else(|| Reason::new("no code"))?,
            message: texts.unwrap_or_default(),
            reason: text("reason").filter(|reason| !reason.is_empty()),
        })
    }

    /// Whether it is the key that the provider does not take: a request with a key of another kind may do.
    ///
    /// No code says so. Vault's words for it are "role requires keys of type rsa"; providers pass on what their
    /// authority says as the message or the reason of 999.
    pub fn is_about_the_key(&self) -> bool {
        let about = |text: &str| {
            let text = text.to_ascii_lowercase();
            ABOUT_THE_KEY.iter().any(|word| text.contains(word))
        };
        !(100..300).contains(&self.code)
            && (about(&self.message) || self.reason.as_deref().is_some_and(about))
    }
}

/// The provider's words, its code in parentheses.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))?;
        write!(f, " (code {})", self.code)
    }
}
