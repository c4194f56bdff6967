//! The events that wait, and having them run.

use std::fmt;

use super::Juju;
use crate::model::Next;
use crate::{Event, HookRun, Name};

/// A hook that may run next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Whose it is.
    pub unit: Name,
    /// What it will be told.
    pub event: Event,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.unit, self.event)
    }
}

impl Juju {
    /// Every hook that may run next: several for a unit where Juju leaves the order to chance.
    pub fn pending(&mut self) -> Vec<Pending> {
        let mut pending = Vec::new();
        for unit in self.model.busy.clone() {
            let candidates = self.model.candidates(&unit);
            if candidates.is_empty() {
                self.model.busy.remove(&unit);
            }
            pending.extend(candidates.into_iter().map(|event| Pending { unit: unit.clone(), event }));
        }
        pending
    }

    /// Run this hook next. Panics if it is none of those that may.
    pub fn run(&mut self, pending: &Pending) -> HookRun {
        let candidates = self.model.candidates(&pending.unit);
        let event = candidates.into_iter().find(|event| event.is_same_hook(&pending.event));
        match event {
            Some(event) => self.run_hook(&pending.unit, &event),
            None => panic!("{pending} isn't what comes next"),
        }
    }

    /// Run the first hook of a unit: any of them where several may be. None if nothing waits for it.
    pub fn step_unit(&mut self, unit: &str) -> Option<HookRun> {
        let unit = Name::from(unit);
        let event = self.choose(&unit)?;
        Some(self.run_hook(&unit, &event))
    }

    /// Run one hook, chosen by the seed among those that may run next. None if nothing waits.
    /// A charm that lacks the hook is told nothing, and the run says so.
    pub fn step(&mut self) -> Option<HookRun> {
        while !self.model.busy.is_empty() {
            let place = self.rng.usize(..self.model.busy.len());
            let unit = self.model.busy.iter().nth(place).cloned()?;
            match self.choose(&unit) {
                Some(event) => return Some(self.run_hook(&unit, &event)),
                None => self.model.busy.remove(&unit),
            };
        }
        None
    }

    fn choose(&mut self, unit: &Name) -> Option<Event> {
        match self.model.next(unit) {
            Next::Idle => None,
            Next::Only(event) => Some(event),
            Next::AnyOf(relations) => {
                let id = relations.iter().nth(self.rng.usize(..relations.len()))?;
                self.model.relation_event(unit, *id)
            }
        }
    }

    /// Run hooks until nothing waits, and return those that were processes. A hook that keeps failing
    /// ends the test, with all that is known of it.
    pub fn settle(&mut self) -> Vec<HookRun> {
        ended(self.try_settle())
    }

    /// The same for one unit: what waits for others goes on waiting.
    pub fn settle_unit(&mut self, unit: &str) -> Vec<HookRun> {
        ended(self.run_all(|juju| juju.step_unit(unit)))
    }

    /// As [`settle`](Self::settle), but a hook that keeps failing is returned.
    pub fn try_settle(&mut self) -> Result<Vec<HookRun>, Box<HookRun>> {
        self.run_all(Self::step)
    }

    fn run_all(
        &mut self,
        mut next: impl FnMut(&mut Self) -> Option<HookRun>,
    ) -> Result<Vec<HookRun>, Box<HookRun>> {
        let mut runs = Vec::new();
        while let Some(run) = next(self) {
            if !run.committed && run.attempt > self.retries {
                return Err(Box::new(run));
            }
            if !run.missing {
                runs.push(run);
            }
        }
        Ok(runs)
    }
}

fn ended(runs: Result<Vec<HookRun>, Box<HookRun>>) -> Vec<HookRun> {
    runs.unwrap_or_else(|failed| panic!("the hook keeps failing: {}", failed.trace()))
}
