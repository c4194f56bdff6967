use anyhow::Result;

use super::{Hook, commits_in_parts};
use crate::interface::PUBLISHED;
use crate::interface::take_in::{if_there, read_own};
use crate::juju::tool::each;
use crate::juju::tool::relation;
use crate::juju::{Event, RelationId, RelationKind};
use crate::reactive::{Flag, Standing};
use crate::wire::Bag;

impl Hook {
    /// The relation that ends with this hook; nothing can be published to it any more.
    pub fn breaking(&self) -> Option<&RelationId> {
        match &self.event {
            Event::Relation(event) if event.kind == RelationKind::Broken => Some(&event.relation),
            _ => None,
        }
    }

    /// Publishes a key in our unit's databag, or deletes it, if it is not known to be so already.
    pub fn publish(&mut self, relation: &RelationId, key: &str, value: Option<String>) -> Result<()> {
        if self.breaking() == Some(relation) {
            return Ok(());
        }
        let Some(known) = self.state.view.relation(relation)? else { return Ok(()) };
        let mut published = known.published.clone().unwrap_or_default();
        if published.get(key) == value.as_ref() {
            return Ok(());
        }
        match &value {
            Some(value) => published.insert(key.to_owned(), value.clone()),
            None => published.remove(key),
        };
        self.state.view.set_published(relation, Some(published))?;
        let changes = self.to_publish.entry(relation.clone()).or_default();
        changes.insert(key.to_owned(), value.unwrap_or_default());
        Ok(())
    }

    /// What our unit's databag is known to hold under a key.
    pub fn published(&self, relation: &RelationId, key: &str) -> Result<Option<&str>> {
        let known = self.state.view.relation(relation)?.and_then(|relation| relation.published.as_ref());
        Ok(known.and_then(|published| published.get(key)).map(String::as_str))
    }

    /// Whatever is remembered as published is set again: equal values cost Juju nothing. Where Juju commits in parts, it
    /// may not have heard of what was deleted either. Where nothing that is remembered is sure, Juju says what our
    /// databags hold, and every endpoint has an update.
    pub(super) fn publish_anew(&mut self) -> Result<()> {
        let in_parts = commits_in_parts(&self.context, self.tokens);
        let endpoints: Vec<String> = self.state.view.endpoints().map(str::to_owned).collect();
        for endpoint in endpoints {
            let relations = self.state.view.relations(&endpoint)?.into_iter();
            let known: Vec<_> =
                relations.map(|(id, relation)| (id.clone(), relation.published.clone())).collect();
            for (id, mut published) in known {
                if self.standing == Standing::Unknown {
                    published = read_own(&self.host, &self.context.unit, &id)?;
                    self.state.view.set_published(&id, published.clone())?;
                }
                if in_parts {
                    published = Some(with_deletions(published.unwrap_or_default()));
                }
                if let Some(published) = published.filter(|published| !published.is_empty()) {
                    self.to_publish.insert(id, published);
                }
            }
            if self.standing == Standing::Unknown {
                self.state.flags.set(Flag::update(&endpoint));
            }
        }
        Ok(())
    }

    /// Publishes what is to be published; whether all relations are there to publish to.
    pub(super) fn publish_all(&mut self) -> Result<bool> {
        let all: Vec<(RelationId, Bag)> = std::mem::take(&mut self.to_publish).into_iter().collect();
        let mut gone = Vec::new();
        let set = |(relation, values): &(RelationId, Bag)| relation::set(&self.host, relation, values);
        each(&all, set, |(relation, _), answer| {
            if if_there(answer.map_err(Into::into))?.is_none() {
                gone.push(relation.clone());
            }
            Ok(())
        })?;
        for relation in &gone {
            self.state.view.forget(relation)?;
            // It is too late for this hook's handlers: the next one's see what the end of the relation changes.
            self.state.flags.set(Flag::update(relation.endpoint()));
        }
        Ok(gone.is_empty())
    }
}

/// A databag with all keys of ours: those that it lacks are deleted.
fn with_deletions(published: Bag) -> Bag {
    let deleted = PUBLISHED.map(|key| (key.to_owned(), String::new()));
    deleted.into_iter().chain(published).collect()
}
