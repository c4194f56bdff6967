use std::fmt;

use serde::{Deserialize, Serialize};

use crate::interface::Hook;
use crate::juju::{Event, Lifecycle, NameError, RelationId};
use crate::wire::{CertRequest, Fqdn, Refusal};

/// The endpoint of the single site of our own.
pub(super) const OWN_SITE: &str = "reverseproxy";

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

    /// Whether a hook is about this request, or about everything: what the request names outside, a secret or an
    /// upstream, is looked at again.
    pub(super) fn is_subject_of(&self, hook: &Hook) -> bool {
        let is_meant = match (&hook.event, &self.owner) {
            (Event::Relation(event), Owner::Relation(relation)) => {
                event.relation == *relation
                    && event.remote_unit.as_ref().is_some_and(|unit| unit.to_string() == self.unit)
            }
            (Event::Relation(event), Owner::Own) => event.relation.endpoint() == OWN_SITE,
            (event, Owner::Own) => event.is(Lifecycle::ConfigChanged),
            _ => false,
        };
        is_meant || hook.anew || hook.event.is(Lifecycle::UpdateStatus)
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
