use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Reason;

/// Which secret of Juju's: `secret:9m4e2mr0ui3e8a215n4g`, or with its model `secret://MODEL-UUID/9m4e2mr0ui3e8a215n4g`,
/// which is how a unit in another model has to name it.
///
/// It says where a secret is, and is none itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretUri {
    model: Option<String>,
    id: String,
}

impl SecretUri {
    /// What every URI of a secret begins with.
    pub const SCHEME: &str = "secret:";

    /// The same secret, named so that a unit in another model finds it too.
    #[must_use]
    pub fn in_model(self, uuid: &str) -> Self {
        Self { model: Some(uuid.to_owned()).filter(|uuid| is_uuid(uuid)), ..self }
    }

    /// Whether both name the same secret, with or without its model: an id is there once in the world.
    pub fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl FromStr for SecretUri {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        // What is there instead may be a password: it is not repeated.
        let refuse = || Reason::new("not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g");
        let rest = text.strip_prefix(Self::SCHEME).ok_or_else(refuse)?;
        let (model, id) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').map(|(model, id)| (Some(model), id)).ok_or_else(refuse)?,
            None => (None, rest),
        };
        if !is_id(id) || !model.is_none_or(is_uuid) {
            return Err(refuse());
        }
        Ok(Self { model: model.map(str::to_owned), id: id.to_owned() })
    }
}

impl fmt::Display for SecretUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(f, "{}//{model}/{}", Self::SCHEME, self.id),
            None => write!(f, "{}{}", Self::SCHEME, self.id),
        }
    }
}

impl TryFrom<String> for SecretUri {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        text.parse()
    }
}

impl From<SecretUri> for String {
    fn from(secret: SecretUri) -> Self {
        secret.to_string()
    }
}

/// Twelve bytes in base 32.
fn is_id(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hexadecimal = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::SecretUri;
    use crate::wire::hostile::ATTACKS;

    const ID: &str = "9m4e2mr0ui3e8a215n4g";
    const MODEL: &str = "deadbeef-0bad-400d-8000-4b1d0d06f00d";

    #[test]
    fn accepted() {
        let (short, long) = (format!("secret:{ID}"), format!("secret://{MODEL}/{ID}"));
        let [one, other]: [SecretUri; 2] = [&short, &long].map(|text| text.parse().unwrap());
        assert_eq!([one.to_string(), other.to_string()], [short, long]);
        assert!(one.is_same(&other) && one != other);
        assert_eq!(one.clone().in_model(MODEL), other);
        assert_eq!(one.clone().in_model("no; uuid"), one);
    }

    #[test]
    fn refused() {
        let texts = [
            ID.to_owned(),
            "secret:".to_owned(),
            format!("secret:/{ID}"),
            format!("secret://{ID}"),
            format!("secret:///{ID}"),
            format!("secret://{MODEL}/{ID}/"),
            format!("secret://{}/{ID}", MODEL.to_uppercase()),
            format!("secret:{ID}?x"),
            format!("secret:{ID} "),
            format!("secret:{}w", &ID[1..]),
            format!("--refresh{ID}"),
        ];
        for text in texts.iter().map(String::as_str).chain(ATTACKS.iter().copied()) {
            let reason = text.parse::<SecretUri>().unwrap_err().to_string();
            assert_eq!(reason, "not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g", "{text:?}");
        }
    }
}
