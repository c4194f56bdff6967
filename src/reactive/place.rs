use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::juju::{NameError, RelationId, UnitName};

/// A unit on a relation, as a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Place(pub(super) RelationId, pub(super) UnitName);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}

impl FromStr for Place {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (relation, unit) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self(relation.parse()?, unit.parse()?))
    }
}

impl TryFrom<String> for Place {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}
