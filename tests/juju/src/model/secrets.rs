//! Secrets as the controller has them: who may, who reads what, and what follows from a change.

use super::{Consumer, Grant, Model, NewSecret, Owner, RelationId, Secret, SecretWrites};
use crate::{Event, HookKind, Name};

impl Model {
    /// An ID for a new secret, of Juju's form.
    pub(crate) fn new_secret_id(&mut self) -> String {
        self.next_secret += 1;
        let tail = &self.uuid[self.uuid.len() - 7..].replace(|c: char| !c.is_ascii_hexdigit(), "0");
        format!("d{tail}{:011}0", self.next_secret)
    }

    pub(crate) fn secret(&self, id: &str) -> Option<&Secret> {
        self.secrets.get(id)
    }

    /// Whether the unit may change it: its own, or its application's if it leads.
    pub(crate) fn owns_secret(&self, unit: &Name, owner: &Owner) -> bool {
        match owner {
            Owner::Unit(name) => name == unit,
            Owner::Application(name) => *name == self.unit(unit).application && self.is_leader(unit),
            Owner::Model => false,
        }
    }

    /// Whether the unit may read it: everybody of the owner's application, and those it was granted to.
    pub(crate) fn may_read_secret(&self, unit: &Name, secret: &Secret) -> bool {
        let application = &self.unit(unit).application;
        let owns = match &secret.owner {
            Owner::Unit(name) => name == unit,
            Owner::Application(name) => name == application,
            Owner::Model => false,
        };
        owns || secret.grants.contains_key(application) || secret.grants.contains_key(unit)
    }

    /// Carry out what a hook asked for. The error leaves done what came before it.
    pub(super) fn commit_secrets(&mut self, unit: &Name, writes: SecretWrites) -> Result<(), String> {
        for NewSecret { id, owner, about, content } in writes.creates {
            if let Some(label) = &about.label {
                self.label_is_free(&id, &owner, label)
                    .map_err(|error| format!("creating secrets: {error}"))?;
            }
            self.secrets.insert(id, Secret::new(owner, about, content));
        }
        for (id, (about, content)) in writes.updates {
            let owner = self.own(unit, &id).map_err(|error| format!("updating secrets: {error}"))?;
            if let Some(label) = &about.label {
                self.label_is_free(&id, &owner, label)
                    .map_err(|error| format!("updating secrets: {error}"))?;
            }
            self.change_secret(&id, |secret| {
                secret.about.update(about);
                if !content.is_empty() {
                    secret.revise(content);
                }
            });
        }
        for id in writes.track_latest {
            self.change_secret(&id, |secret| {
                let latest = secret.latest;
                if let Some(consumer) = secret.consumers.get_mut(unit) {
                    consumer.revision = latest;
                }
            });
        }
        for (id, subject, grant) in writes.grants {
            self.own(unit, &id).map_err(|error| format!("granting secrets access: {error}"))?;
            self.change_secret(&id, |secret| {
                secret.grants.insert(subject, grant);
            });
        }
        for (id, subject) in writes.revokes {
            self.own(unit, &id).map_err(|error| format!("revoking secrets access: {error}"))?;
            self.revoke_secret(&id, &subject);
        }
        for (id, revision) in writes.deletes {
            self.own(unit, &id).map_err(|error| format!("removing secrets: {error}"))?;
            self.remove_secret(&id, revision);
        }
        Ok(())
    }

    /// The owner, if the unit may act for it.
    fn own(&self, unit: &Name, id: &str) -> Result<Owner, String> {
        let secret = self.secret(id).ok_or_else(|| format!("secret {id:?} not found"))?;
        if self.owns_secret(unit, &secret.owner) {
            Ok(secret.owner.clone())
        } else {
            Err("permission denied".to_owned())
        }
    }

    fn label_is_free(&self, id: &str, owner: &Owner, label: &str) -> Result<(), String> {
        let taken = self.secrets.iter().any(|(other, secret)| {
            other != id && secret.owner == *owner && secret.about.label.as_deref() == Some(label)
        });
        if taken { Err(format!("secret with label {label:?} already exists")) } else { Ok(()) }
    }

    /// Change a secret and wake everybody who may have to be told.
    pub(crate) fn change_secret(&mut self, id: &str, change: impl FnOnce(&mut Secret)) {
        let Some(secret) = self.secrets.get_mut(id) else { return };
        change(secret);
        let (owner, consumers) = (secret.owner.clone(), secret.consumers.keys().cloned().collect::<Vec<_>>());
        self.busy.extend(consumers);
        match owner {
            Owner::Unit(name) => {
                self.busy.insert(name);
            }
            Owner::Application(name) => {
                self.busy
                    .extend(self.applications.get(&name).and_then(|application| application.leader.clone()));
            }
            Owner::Model => {}
        }
    }

    /// Who can't read it any more isn't told of it either.
    pub(crate) fn revoke_secret(&mut self, id: &str, subject: &str) {
        let Some(secret) = self.secrets.get_mut(id) else { return };
        secret.grants.remove(subject);
        let secret = &self.secrets[id];
        let gone: Vec<Name> = secret
            .consumers
            .keys()
            .filter(|unit| !self.units.contains_key(*unit) || !self.may_read_secret(unit, secret))
            .cloned()
            .collect();
        self.change_secret(id, |secret| secret.consumers.retain(|unit, _| !gone.contains(unit)));
    }

    pub(crate) fn remove_secret(&mut self, id: &str, revision: Option<u32>) {
        match revision {
            None => {
                self.secrets.remove(id);
            }
            Some(revision) => {
                self.change_secret(id, |secret| {
                    secret.revisions.remove(&revision);
                });
                if self.secrets.get(id).is_some_and(|secret| secret.revisions.is_empty()) {
                    self.secrets.remove(id);
                }
            }
        }
    }

    /// Grants end with their relation.
    pub(super) fn end_grants(&mut self, relation: RelationId) {
        let ending: Vec<(String, Name)> = self
            .secrets
            .iter()
            .flat_map(|(id, secret)| {
                let of_relation = secret.grants.iter().filter(|(_, grant)| grant.relation == Some(relation));
                of_relation.map(|(subject, _): (_, &Grant)| (id.clone(), subject.clone()))
            })
            .collect();
        for (id, subject) in ending {
            self.revoke_secret(&id, &subject);
        }
    }

    /// A unit or an application is gone, and with it what it owned and what it read.
    pub(super) fn forget_owner(&mut self, name: &Name) {
        self.secrets.retain(|_, secret| {
            !matches!(&secret.owner, Owner::Unit(owner) | Owner::Application(owner) if owner == name)
        });
        for secret in self.secrets.values_mut() {
            secret.consumers.remove(name);
        }
    }

    /// The unit reads a secret: which revision it gets, and from now on.
    pub(crate) fn consume_secret(
        &mut self,
        unit: &Name,
        id: &str,
        label: Option<String>,
        refresh: bool,
        peek: bool,
    ) -> Option<u32> {
        let secret = self.secrets.get_mut(id)?;
        let latest = secret.latest;
        let consumer = secret.consumers.entry(unit.clone()).or_insert_with(|| Consumer {
            label: None,
            revision: latest,
            told: latest,
        });
        consumer.label = label.or(consumer.label.take());
        if refresh {
            consumer.revision = latest;
        }
        let revision = if peek { latest } else { consumer.revision };
        if refresh {
            self.change_secret(id, |_| ());
        }
        Some(revision)
    }

    /// What a unit has to be told about secrets next.
    pub(crate) fn secret_event(&self, unit: &Name) -> Option<Event> {
        let event = |kind, id: &str, label: Option<&String>, revision| Event {
            secret: Some(format!("secret:{id}")),
            secret_label: label.cloned().unwrap_or_default(),
            secret_revision: revision,
            ..Event::of(kind)
        };
        let own = || self.secrets.iter().filter(|(_, secret)| self.owns_secret(unit, &secret.owner));
        if let Some((id, secret, revision)) =
            own().find_map(|(id, secret)| Some((id, secret, secret.expired.first()?)))
        {
            return Some(event(HookKind::SecretExpired, id, secret.about.label.as_ref(), *revision));
        }
        if let Some((id, secret)) = own().find(|(_, secret)| secret.rotates) {
            return Some(event(HookKind::SecretRotate, id, secret.about.label.as_ref(), 0));
        }
        for (id, secret) in &self.secrets {
            if let Some(consumer) = secret.consumers.get(unit)
                && consumer.told != secret.latest
            {
                let event = event(HookKind::SecretChanged, id, consumer.label.as_ref(), 0);
                return Some(Event { version: secret.latest.into(), ..event });
            }
        }
        own().find_map(|(id, secret)| {
            let revision = secret.obsolete()?;
            Some(event(HookKind::SecretRemove, id, secret.about.label.as_ref(), revision))
        })
    }

    /// The unit was told.
    pub(super) fn secret_told(&mut self, unit: &Name, event: &Event) {
        let id = event.secret.as_deref().unwrap_or_default().trim_start_matches("secret:");
        let Some(secret) = self.secrets.get_mut(id) else { return };
        match event.kind {
            HookKind::SecretExpired => {
                secret.expired.remove(&event.secret_revision);
            }
            HookKind::SecretRotate => secret.rotates = false,
            HookKind::SecretRemove => {
                secret.told_obsolete.insert(event.secret_revision);
            }
            _ => {
                if let Some(consumer) = secret.consumers.get_mut(unit) {
                    consumer.told = u32::try_from(event.version).unwrap_or(secret.latest);
                }
            }
        }
    }
}
