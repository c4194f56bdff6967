//! Backups of the controller.

use super::Juju;
use crate::model::Model;

/// A copy of all that a controller keeps: the model with its relations, databags, charm state, ports and statuses, and,
/// since Juju 2.8, what each agent has told its unit. What lies on the machines is no part of it.
#[derive(Debug, Clone)]
pub struct Controller(Model);

impl Juju {
    /// `juju create-backup`
    pub fn controller(&self) -> Controller {
        Controller(self.model.clone())
    }

    /// The controller is restored from a backup. Its agents connect anew, which restarts them; machines, and the charm
    /// folders on them, stay as they are.
    pub fn restore_controller(&mut self, backup: &Controller) {
        assert!(
            self.model.version.has_tool("state-get"),
            "before 2.8 agents keep on the machine what they have told"
        );
        self.model = backup.0.clone();
        for unit in self.model.units.keys().cloned().collect::<Vec<_>>() {
            self.restart_agent(&unit);
        }
    }
}
