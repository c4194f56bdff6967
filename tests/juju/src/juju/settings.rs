//! How this Juju is set up.

use std::time::Duration;

use super::Juju;
use crate::run;
use crate::version::Version;

impl Juju {
    /// How long a hook may run before it is killed. Juju itself has no such limit.
    pub fn set_hook_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// How long each call of a hook tool takes besides, as the real ones do.
    pub fn set_call_delay(&mut self, delay: Duration) {
        self.call_delay = delay;
    }

    /// How often [`settle`](Self::settle) retries a failing hook before it gives up.
    pub fn set_retries(&mut self, retries: u32) {
        self.retries = retries;
    }

    pub(crate) fn retries(&self) -> u32 {
        self.retries
    }

    /// `juju model-config automatically-retry-hooks`: without it a failed hook waits for
    /// [`resolve`](Self::resolve) or [`skip_failed`](Self::skip_failed).
    pub fn set_automatic_retries(&mut self, retries: bool) {
        self.model.retries_hooks = retries;
    }

    /// Tell the others that a unit departs as soon as it is removed, while it still runs its own hooks. Without it
    /// they are told when it is gone. A charm should bear both.
    pub fn set_early_departures(&mut self, early: bool) {
        self.model.departs_early = early;
    }

    /// The version of Juju, as `3.6.9`. Before 2.8 there are no state tools, before 3.0 no secrets; before 2.8 and
    /// in 4.0 a commit is several transactions. One that can't be read counts as current.
    pub fn set_version(&mut self, version: &str) {
        self.model.version = Version::new(version);
        run::install_tools(&self.tools(), &self.model.version);
    }
}
