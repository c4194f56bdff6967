//! Secrets of the operator, and time for those of charms.

use super::Juju;
use crate::Bag;
use crate::base64;
use crate::model::{About, Grant, Owner, Secret};

impl Juju {
    /// `juju add-secret NAME KEY=VALUE…`. Returns the URI, which may be the value of a configuration option.
    pub fn add_secret<K, V>(&mut self, name: &str, values: impl IntoIterator<Item = (K, V)>) -> String
    where
        K: Into<String>,
        V: AsRef<str>,
    {
        let id = self.model.new_secret_id();
        let about = About { label: Some(name.to_owned()), ..About::default() };
        let taken =
            self.model.secrets.values().any(|secret| secret.owner == Owner::Model && secret.about == about);
        assert!(!taken, "there is a secret {name:?} already");
        self.model.secrets.insert(id.clone(), Secret::new(Owner::Model, about, encoded(values)));
        format!("secret:{id}")
    }

    /// `juju update-secret URI KEY=VALUE…`
    pub fn update_secret<K, V>(&mut self, uri: &str, values: impl IntoIterator<Item = (K, V)>)
    where
        K: Into<String>,
        V: AsRef<str>,
    {
        let id = self.secret_id(uri);
        let content = encoded(values);
        self.model.change_secret(&id, |secret| secret.revise(content));
    }

    /// `juju grant-secret URI APPLICATION`
    pub fn grant_secret(&mut self, uri: &str, application: &str) {
        let id = self.secret_id(uri);
        self.model.change_secret(&id, |secret| {
            secret.grants.insert(application.into(), Grant { relation: None });
        });
    }

    /// `juju revoke-secret URI APPLICATION`
    pub fn revoke_secret(&mut self, uri: &str, application: &str) {
        let id = self.secret_id(uri);
        self.model.revoke_secret(&id, application);
    }

    /// `juju remove-secret URI`
    pub fn remove_secret(&mut self, uri: &str) {
        let id = self.secret_id(uri);
        self.model.remove_secret(&id, None);
    }

    /// The current revision of a secret has expired: its owner is told.
    pub fn expire_secret(&mut self, uri: &str) {
        let id = self.secret_id(uri);
        self.model.change_secret(&id, |secret| {
            secret.expired.insert(secret.latest);
        });
    }

    /// It is time for another revision of a secret: its owner is told.
    pub fn rotate_secret(&mut self, uri: &str) {
        let id = self.secret_id(uri);
        self.model.change_secret(&id, |secret| secret.rotates = true);
    }

    /// The URIs of all secrets in the model.
    pub fn secrets(&self) -> Vec<String> {
        self.model.secrets.keys().map(|id| format!("secret:{id}")).collect()
    }

    /// The current content of a secret.
    pub fn secret(&self, uri: &str) -> Bag {
        let secret = &self.model.secrets[&self.secret_id(uri)];
        let content = secret.revisions.get(&secret.latest).into_iter().flatten();
        content
            .map(|(key, value)| {
                let bytes = base64::decode(value).unwrap_or_default();
                (key.clone(), String::from_utf8_lossy(&bytes).into_owned())
            })
            .collect()
    }

    /// The owner of a secret: an application, a unit, or `the model`.
    pub fn secret_owner(&self, uri: &str) -> String {
        self.model.secrets[&self.secret_id(uri)].owner.to_string()
    }

    /// The revisions of a secret that are kept.
    pub fn secret_revisions(&self, uri: &str) -> Vec<u32> {
        self.model.secrets[&self.secret_id(uri)].revisions.keys().copied().collect()
    }

    /// The ID of a secret that is there, from its URI or an operator's name for it.
    fn secret_id(&self, uri: &str) -> String {
        let id = uri.trim_start_matches("secret:");
        if self.model.secrets.contains_key(id) {
            return id.to_owned();
        }
        let named =
            self.model.secrets.iter().find(|(_, secret)| {
                secret.owner == Owner::Model && secret.about.label.as_deref() == Some(uri)
            });
        named.map_or_else(|| panic!("no secret {uri:?} in the model"), |(id, _)| id.clone())
    }
}

fn encoded<K: Into<String>, V: AsRef<str>>(values: impl IntoIterator<Item = (K, V)>) -> Bag {
    values.into_iter().map(|(key, value)| (key.into(), base64::encode(value.as_ref().as_bytes()))).collect()
}
