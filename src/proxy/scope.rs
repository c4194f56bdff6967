use std::collections::BTreeSet;

use anyhow::Result;

use super::handlers::{RETIRED, STALE, SUMMARY};
use super::inputs::{self, serving_endpoints};
use super::serve::PORTS;
use super::summary::Summary;
use super::wanted::Owner;
use crate::cert::acme::Wanted;
use crate::cert::{Folder, Source};
use crate::interface::{Hook, provides};
use crate::juju::{Event, RelationId};
use crate::options::Options;

/// Whose sites are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Everybody's.
    All,
    /// Those of the application at the other side of one relation. What others ask for, and what they have, is not even
    /// read: it is as it was.
    Of(RelationId),
}

impl Scope {
    /// Whose sites a hook may change. One about a request changes the sites of the application that sent it, as long as
    /// nothing else has to be looked at.
    pub(super) fn of(hook: &Hook, options: &Options) -> Result<Self> {
        let Event::Relation(event) = &hook.event else { return Ok(Self::All) };
        let folder = Folder::of(&hook.host, &hook.context.unit);
        let (asked, endpoint) = (inputs::asked(hook, options), event.relation.endpoint());
        let everybody = hook.anew
            || hook.is_behind
            || hook.state.flags.is_set(STALE)
            || hook.state.flags.is_set(RETIRED)
            // Nobody is served, or not as is asked for now.
            || hook.state.kept::<BTreeSet<u16>>(PORTS)?.is_empty()
            || !hook.state.kept::<Summary>(SUMMARY)?.is_of(&asked)
            // A provider is asked for all sites in one value; what is wanted from ACME is known of all.
            || asked.source == Source::Certificates
            || (asked.source == Source::Acme && Wanted::read(&hook.host, &folder)?.is_none())
            || provides::is_full(hook, endpoint)
            || !serving_endpoints(hook).iter().any(|serving| serving == endpoint);
        Ok(if everybody { Self::All } else { Self::Of(event.relation.clone()) })
    }

    /// Whose they are, if not everybody's.
    pub(super) fn owner(&self) -> Option<Owner> {
        match self {
            Self::All => None,
            Self::Of(relation) => Some(Owner::Relation(relation.clone())),
        }
    }
}
