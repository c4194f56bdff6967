//! What a person at the `juju` command line does.

use serde_json::Value;

use super::Juju;
use crate::settings::changes_of;
use crate::{Charm, Name, RelationId};

impl Juju {
    /// `juju deploy -n UNITS`
    pub fn deploy(&mut self, application: &str, charm: &Charm, units: usize) {
        assert!(!charm.metadata().subordinate, "{application}: a subordinate has no units of its own");
        self.model.deploy(application, charm);
        for _ in 0..units {
            self.model.add_unit(application, None);
        }
    }

    /// `juju deploy` of a subordinate: its units appear with the principals it is related to.
    pub fn deploy_subordinate(&mut self, application: &str, charm: &Charm) {
        assert!(charm.metadata().subordinate, "{application}: the charm isn't a subordinate");
        self.model.deploy(application, charm);
    }

    /// `juju add-unit`
    pub fn add_unit(&mut self, application: &str) -> Name {
        self.model.add_unit(application, None)
    }

    /// `juju config KEY=VALUE…`; null goes back to the default.
    pub fn configure<K, V>(&mut self, application: &str, values: impl IntoIterator<Item = (K, V)>)
    where
        K: AsRef<str>,
        V: Into<Value>,
    {
        let configured = self.model.application_mut(application);
        for (key, value) in values {
            configured.configure(key.as_ref(), value.into());
        }
        self.wake_units(application);
    }

    /// A value as it is written on a command line, for an option of the application's charm.
    pub fn option_value(&self, application: &str, option: &str, text: &str) -> Value {
        let options = self.model.application(application).charm.options();
        options.get(option).map_or_else(|| text.into(), |option| option.read(text))
    }

    /// `juju integrate APPLICATION:ENDPOINT APPLICATION:ENDPOINT`
    pub fn relate(&mut self, one: &str, other: &str) -> RelationId {
        self.model.relate(one, other)
    }

    /// `juju remove-relation`
    pub fn remove_relation(&mut self, relation: RelationId) {
        self.model.remove_relation(relation);
    }

    /// `juju suspend-relation`: everybody departs and it breaks. For relations across models.
    pub fn suspend_relation(&mut self, relation: RelationId) {
        self.model.suspend_relation(relation);
    }

    /// `juju resume-relation`: it is created anew under the same number, with empty databags.
    pub fn resume_relation(&mut self, relation: RelationId) {
        self.model.resume_relation(relation);
    }

    /// `juju remove-unit`
    pub fn remove_unit(&mut self, unit: &str) {
        self.model.remove_unit(&Name::from(unit));
    }

    /// `juju remove-application`
    pub fn remove_application(&mut self, application: &str) {
        self.model.remove_application(application);
    }

    /// `juju refresh`
    pub fn refresh(&mut self, application: &str, charm: &Charm) {
        self.model.application_mut(application).refresh(charm);
        self.wake_units(application);
    }

    /// `juju refresh --force-units`: a unit in error gets the new charm at once, and no upgrade-charm.
    pub fn force_refresh(&mut self, application: &str, charm: &Charm) {
        self.refresh(application, charm);
        for unit in self.model.application(application).units.clone() {
            if self.model.unit(&unit).agent.in_error {
                self.unpack(&unit);
            }
        }
    }

    /// Time for update-status. It runs when nothing else waits.
    pub fn update_status(&mut self, unit: &str) {
        self.model.unit_mut(unit).agent.update_status = true;
        self.model.busy.insert(unit.into());
    }

    /// The machine restarts: every unit on it runs its start hook again.
    pub fn reboot(&mut self, machine: usize) {
        for unit in self.model.machines[machine].clone() {
            self.restart_agent(&unit);
            let agent = &mut self.model.unit_mut(&unit).agent;
            agent.rebooted = agent.started;
        }
    }

    /// Another unit takes over as the leader of its application.
    pub fn elect(&mut self, unit: &str) {
        let application = self.model.unit(unit).application.clone();
        let before = self.model.application_mut(&application).leader.replace(unit.into());
        self.model.busy.insert(unit.into());
        self.model.busy.extend(before);
    }

    /// Write into a unit's databag from outside, as its charm would. An empty value deletes.
    pub fn relation_set<K, V>(
        &mut self,
        unit: &str,
        relation: RelationId,
        values: impl IntoIterator<Item = (K, V)>,
    ) where
        K: Into<String>,
        V: Into<String>,
    {
        let known =
            self.model.relations.get(&relation).is_some_and(|relation| relation.units.contains_key(unit));
        assert!(known, "{unit} isn't in relation {relation}: is it installed and related? (settle first)");
        self.model.write_unit_bag(relation, &unit.into(), &changes_of(values));
    }

    /// Write into an application's databag from outside, as its leader would. An empty value deletes.
    pub fn app_set<K, V>(
        &mut self,
        application: &str,
        relation: RelationId,
        values: impl IntoIterator<Item = (K, V)>,
    ) where
        K: Into<String>,
        V: Into<String>,
    {
        let leader = self.model.application(application).leader.clone();
        let leader = leader.unwrap_or_else(|| panic!("{application} has no leader"));
        self.model.write_application_bag(relation, &leader, &changes_of(values));
    }

    fn wake_units(&mut self, application: &str) {
        let units = self.model.application(application).units.clone();
        self.model.busy.extend(units);
    }
}
