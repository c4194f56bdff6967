use anyhow::{Result, bail};

use super::{Hook, token};
use crate::juju::Lifecycle;
use crate::juju::tool::Asked;
use crate::juju::tool::status::{self, Status};
use crate::reactive::{Next, Standing};

impl Hook {
    /// Ends the hook: tells Juju what is new, then writes the state.
    #[doc(hidden)]
    pub fn commit(mut self, status: Option<Status>) -> Result<()> {
        self.state.flags.end_hook();
        if !self.event.is_hook() && self.standing.is_stale() && self.store.differs(&Next::of(&self.state)?) {
            bail!(
                "this unit's last hook was not committed, or its flag file was lost: nothing can be changed before the \
                 next hook has run (`juju resolve {}` runs a failed one again)",
                self.context.unit
            );
        }
        let mut next = Next::of(&self.state)?;
        let mut told = self.tell_token(&next);
        let published = self.store.write_ahead(&mut next).and_then(|()| self.publish_all());
        if published.as_ref().is_ok_and(|all| !all) {
            next = Next::of(&self.state)?;
            told = told.or_else(|| self.tell_token(&next));
        }
        let changed = told.is_some() || self.differs(&next);
        told.map_or(Ok(()), token::told)?;
        published?;
        if let Some(status) = status {
            let always = self.anew || self.event.is(Lifecycle::Install);
            if always || self.store.status() != Some(&status) {
                status::set(&self.host, &status)?;
                self.store.set_status(status);
            }
        }
        self.store.commit(&self.host, next, self.standing, changed)
    }

    /// Whether this is another state than the one that was found, or stands for one that Juju does not know.
    fn differs(&self, next: &Next) -> bool {
        self.store.differs(next) || (self.standing == Standing::Unknown && self.event.is_hook())
    }

    /// Gives Juju the token of the generation that is about to be written.
    fn tell_token(&self, next: &Next) -> Option<Asked<()>> {
        let tells = self.tokens && self.standing != Standing::Again && self.differs(next);
        tells.then(|| token::tell(&self.host, &self.context.id))
    }
}
