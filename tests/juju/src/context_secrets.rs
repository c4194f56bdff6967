//! Secrets as one execution sees them: those of the model, and what it has asked for so far.

use std::collections::BTreeMap;

use crate::context::HookContext;
use crate::model::{About, Grant, NewSecret, Owner};
use crate::tool::Failure;
use crate::{Bag, Name};

/// What `secret-info-get` tells.
#[derive(Debug, Clone)]
pub(crate) struct SecretInfo {
    pub(crate) owner: Owner,
    pub(crate) about: About,
    pub(crate) revision: u32,
    pub(crate) grants: BTreeMap<Name, Grant>,
}

impl HookContext<'_> {
    /// The secrets that the unit owns, by ID.
    pub(crate) fn own_secrets(&self) -> BTreeMap<String, SecretInfo> {
        let writes = &self.writes.secrets;
        let committed = self.model.secrets.iter().filter(|(id, secret)| {
            self.model.owns_secret(&self.unit, &secret.owner) && writes.deletes.get(*id) != Some(&None)
        });
        let mut infos: BTreeMap<String, SecretInfo> = committed
            .map(|(id, secret)| {
                let (owner, about) = (secret.owner.clone(), secret.about.clone());
                let info =
                    SecretInfo { owner, about, revision: secret.latest, grants: secret.grants.clone() };
                (id.clone(), info)
            })
            .collect();
        for NewSecret { id, owner, about, .. } in &writes.creates {
            let (owner, about) = (owner.clone(), about.clone());
            infos.insert(id.clone(), SecretInfo { owner, about, revision: 1, grants: BTreeMap::new() });
        }
        for (id, (about, _)) in &writes.updates {
            if let Some(info) = infos.get_mut(id) {
                info.about.update(about.clone());
            }
        }
        for (id, subject, grant) in &writes.grants {
            if let Some(info) = infos.get_mut(id) {
                info.grants.insert(subject.clone(), grant.clone());
            }
        }
        for (id, subject) in &writes.revokes {
            if let Some(info) = infos.get_mut(id) {
                info.grants.remove(subject);
            }
        }
        infos
    }

    /// A secret of the application is the leader's to change.
    pub(crate) fn may_change(&self, owner: &Owner) -> Result<(), Failure> {
        match owner {
            Owner::Application(_) if !self.is_leader() => Err(Failure::failed("this unit is not the leader")),
            _ => Ok(()),
        }
    }

    /// The content of a secret, by its ID or a label of it.
    pub(crate) fn secret_content(
        &mut self,
        id: Option<&str>,
        label: Option<&str>,
        refresh: bool,
        peek: bool,
    ) -> Result<Bag, Failure> {
        if let Some(content) = self.pending_content(id, label, refresh, peek) {
            return Ok(content);
        }
        let owned = self.owned_by_label(label.filter(|_| id.is_none()));
        let (id, label) = match (id, owned) {
            (Some(id), _) => (id.to_owned(), label),
            (None, Some(owned)) => (owned, None),
            (None, None) => {
                let label = label.unwrap_or_default();
                let unit = &self.unit;
                let consumed = self.model.secrets.iter().find(|(_, secret)| {
                    secret
                        .consumers
                        .get(unit)
                        .is_some_and(|consumer| consumer.label.as_deref() == Some(label))
                });
                let id = consumed.map(|(id, _)| id.clone());
                (id.ok_or_else(|| Failure::failed(format!("consumer label {label:?} not found")))?, None)
            }
        };
        let unit = self.unit.clone();
        let secret = self.model.secret(&id);
        let secret = secret.ok_or_else(|| Failure::failed(format!("secret {id:?} not found")))?;
        if !self.model.may_read_secret(&unit, secret) {
            return Err(Failure::failed("permission denied"));
        }
        let revision = self.model.consume_secret(&unit, &id, label.map(str::to_owned), refresh, peek);
        let content = revision.and_then(|revision| self.model.secret(&id)?.revisions.get(&revision).cloned());
        content.ok_or_else(|| {
            Failure::failed(format!("secret revision {} not found", revision.unwrap_or_default()))
        })
    }

    /// A label of the owner's is enough for all units of the application.
    fn owned_by_label(&self, label: Option<&str>) -> Option<String> {
        let label = label?;
        let application = self.application();
        let found = self.model.secrets.iter().find(|(_, secret)| {
            let ours = match &secret.owner {
                Owner::Unit(name) => *name == self.unit,
                Owner::Application(name) => name == application,
                Owner::Model => false,
            };
            ours && secret.about.label.as_deref() == Some(label)
        });
        found.map(|(id, _)| id.clone())
    }

    /// What this execution has set itself and isn't committed yet.
    fn pending_content(
        &mut self,
        id: Option<&str>,
        label: Option<&str>,
        refresh: bool,
        peek: bool,
    ) -> Option<Bag> {
        let writes = &mut self.writes.secrets;
        let meant = |other: &str, about: &About| {
            id.map_or(label.is_some() && about.label.as_deref() == label, |id| id == other)
        };
        if let Some(new) = writes.creates.iter_mut().find(|new| meant(&new.id, &new.about)) {
            if let Some(label) = label {
                new.about.label = Some(label.to_owned());
            }
            return Some(new.content.clone());
        }
        if !refresh && !peek {
            return None;
        }
        let (updated, (_, content)) = writes.updates.iter().find(|(id, (about, _))| meant(id, about))?;
        let content = Some(content.clone()).filter(|content| !content.is_empty())?;
        if refresh {
            writes.track_latest.insert(updated.clone());
        }
        Some(content)
    }
}
