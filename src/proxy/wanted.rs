use std::fmt;

use serde::{Deserialize, Serialize};

use crate::juju::{NameError, RelationId};
use crate::wire::{CertRequest, Fqdn, Refusal};

/// Who asks: the operator, for the application's own site, or an application over a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Owner {
    /// The operator.
    Own,
    /// The application at the other side of a relation.
    Relation(RelationId),
}

impl TryFrom<String> for Owner {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "own" { Ok(Self::Own) } else { text.parse().map(Self::Relation) }
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

/// One unit's request.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// For whom.
    pub owner: Owner,
    /// The application that asks.
    pub app: String,
    /// The unit that asks.
    pub unit: String,
    /// What it asks for, or why it is refused.
    pub request: Result<CertRequest, Refusal>,
}

impl Wanted {
    /// The names in a good request.
    pub fn names(&self) -> impl Iterator<Item = &Fqdn> {
        self.request.iter().flat_map(CertRequest::fqdn)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("own"),
            Self::Relation(relation) => relation.fmt(f),
        }
    }
}
