use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {what}: {text:?}")]
pub struct NameError {
    what: &'static str,
    text: String,
}

/// A unit's name, `blog/10`. Ordered by number: `blog/2` comes before `blog/10`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitName {
    app: String,
    number: u32,
}

impl UnitName {
    /// A unit of an application; nothing if that is no application's name.
    pub(crate) fn of(app: &str, number: u32) -> Option<Self> {
        Some(Self { app: name(app)?, number })
    }

    /// Which of the application's units it is.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The application's name.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The name as a part of a file's name: `blog-10`.
    pub fn file_name(&self) -> String {
        format!("{}-{}", self.app, self.number)
    }
}

impl FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError { what: "a unit's name such as blog/0", text: text.to_owned() };
        let (app, number) = text.split_once('/').ok_or_else(error)?;
        Ok(Self { app: name(app).ok_or_else(error)?, number: decimal(number).ok_or_else(error)? })
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.number)
    }
}

/// A relation's id, `ssl-termination:3`. Ordered by number, which no other relation of the model has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelationId {
    endpoint: String,
    number: u32,
}

impl RelationId {
    /// The name of our endpoint.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The id as a part of a file's name: `ssl-termination-3`.
    pub fn file_name(&self) -> String {
        format!("{}-{}", self.endpoint, self.number)
    }
}

impl Ord for RelationId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.number, &self.endpoint).cmp(&(other.number, &other.endpoint))
    }
}

impl PartialOrd for RelationId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for RelationId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let error = || NameError { what: "a relation's id such as tls:7", text: text.to_owned() };
        let (endpoint, number) = text.rsplit_once(':').ok_or_else(error)?;
        Ok(Self { endpoint: name(endpoint).ok_or_else(error)?, number: decimal(number).ok_or_else(error)? })
    }
}

impl fmt::Display for RelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.endpoint, self.number)
    }
}

/// An application's or endpoint's name: what is safe in a file's name and after `-r`.
fn name(text: &str) -> Option<String> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (starts && text.bytes().all(safe)).then(|| text.to_owned())
}

fn decimal(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )*};
}
as_text!(UnitName, RelationId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_number() {
        let sorted = |texts: &[&str]| {
            let mut units: Vec<UnitName> = texts.iter().map(|text| text.parse().unwrap()).collect();
            units.sort();
            units.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(sorted(&["blog/10", "shop/0", "blog/2"]), ["blog/2", "blog/10", "shop/0"]);
        let ids: [RelationId; 2] = ["a:10".parse().unwrap(), "b:9".parse().unwrap()];
        assert!(ids[1] < ids[0]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "blog", "blog/", "/0", "blog/x", "blog/-1", "blog/+1", "../0", "blog/0/1", "0/0"] {
            assert!(text.parse::<UnitName>().is_err(), "{text}");
        }
        for text in ["", "web", "web:", ":1", "web:x", "a b:1", "-r:1"] {
            assert!(text.parse::<RelationId>().is_err(), "{text}");
        }
        assert_eq!(
            "x".parse::<UnitName>().unwrap_err().to_string(),
            "not a unit's name such as blog/0: \"x\""
        );
    }
}
