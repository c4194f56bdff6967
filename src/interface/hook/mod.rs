mod commit;
mod publish;
mod token;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::flags::follow;
use super::take_in::{Reach, ask, read, take_in_event};
use crate::host::Host;
use crate::juju::tool::status::Status;
use crate::juju::tool::{Asked, ToolError, config, secret, status};
use crate::juju::{Context, Event, Lifecycle, Metadata, RelationId, RelationKind, UnitName};
use crate::reactive::{Committed, Flag, Flags, Standing, State, Store};
use crate::wire::Bag;

/// One hook: what happened, what is known, what has been decided so far. What handlers are given.
#[derive(Debug)]
pub struct Hook {
    /// Files and processes.
    #[doc(hidden)]
    pub host: Host,
    /// Where and as whom we run.
    #[doc(hidden)]
    pub context: Context,
    /// The charm's endpoints.
    #[doc(hidden)]
    pub metadata: Metadata,
    /// What happened.
    pub event: Event,
    /// What is remembered; handlers change it.
    #[doc(hidden)]
    pub state: State,
    /// How the flag file stood to what Juju has committed.
    #[doc(hidden)]
    pub standing: Standing,
    /// Whether nothing that is remembered of the outside can be relied on: every file, every service, every port is
    /// to be compared with what should be.
    pub anew: bool,
    /// Whether an update of an earlier hook has been left to this one.
    pub is_behind: bool,
    store: Store,
    to_publish: BTreeMap<RelationId, Bag>,
    tokens: bool,
}

/// What a hook is opened for.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be committed.
    Commit,
    /// The same for a charm that reads its options itself: they are none of ours to keep.
    CommitWithoutOptions,
    /// To be looked at alone: it leaves no mark.
    Peek,
}

impl Hook {
    /// Takes in what happened: the event, the remembered state as far as Juju has it too, what the other sides say
    /// now, and the flags that follow. [`main`](super::main) does it.
    #[doc(hidden)]
    pub fn open(host: Host, context: Context, purpose: Purpose) -> Result<Self> {
        let metadata = Metadata::read(&host, &context.charm_dir)?;
        let event = context.event(&metadata)?;
        let mark = (purpose != Purpose::Peek && event.is_hook()).then(|| event.to_string());
        let mut store = Store::open(&host, &context.state_dir(), &context.id, mark.as_deref())?;
        let newest = store.newest();
        let (committed, bag) = if let Some(committed) = store.settled() {
            (committed, None)
        } else {
            // Both calls at once: what is read is of use whatever Juju has committed, but when all is read.
            let token = token::ask(&host);
            let asked = if store.is_sound() { ask(&host, &metadata, &event) } else { None };
            if let (Event::Relation(event), Some(newest)) = (&event, &newest) {
                newest.view.read_ahead(&event.relation, event.remote_unit.as_ref());
            }
            let (token, bag) = (token.answer(), asked.map(Asked::answer));
            (token::committed(token)?, bag)
        };
        let tokens = committed != Committed::Unsupported;
        let (state, mut standing) = store.settle(&committed, newest);
        // Without charm state only this tells a unit that has lost everything from a new one.
        if !tokens && standing == Standing::New && store.is_blank && !begins(&event) {
            standing = Standing::Unknown;
        }
        let died = store.died.clone().filter(|_| event.is_hook() && standing != Standing::Again);
        if let Some(died) = &died {
            log::warn!("the hook \"{died}\" did not end: reading everything again");
            secret::clear(&host, &context.state_dir())?;
        }
        let mut anew = standing.is_stale()
            || died.is_some()
            || (standing == Standing::New && missed_the_beginning(&event))
            || (commits_in_parts(&context, tokens) && standing == Standing::Current && store.repeats())
            || store.is_migrated()
            || [Lifecycle::UpgradeCharm, Lifecycle::Start].iter().any(|step| event.is(*step));
        let (state, standing) = if anew { store.load(&host, state, standing)? } else { (state, standing) };
        anew |= standing.is_stale();
        let is_behind = state.view.endpoints().any(|name| state.flags.is_set(Flag::update(name).as_str()));
        let mut hook = Self {
            to_publish: BTreeMap::new(),
            host,
            context,
            metadata,
            event,
            state,
            standing,
            anew,
            is_behind,
            store,
            tokens,
        };
        if hook.standing != Standing::Again && !hook.store.taken_in && hook.event.is_hook() {
            hook.take_in(purpose, bag)?;
        }
        Ok(hook)
    }

    fn take_in(&mut self, purpose: Purpose, bag: Option<Result<Bag, ToolError>>) -> Result<()> {
        let everything = self.anew;
        let view = &mut self.state.view;
        let reads_options = purpose != Purpose::CommitWithoutOptions;
        if reads_options && (everything || self.event.is(Lifecycle::ConfigChanged)) {
            view.set_config(config::get(&self.host)?)?;
        }
        if let Some(level) =
            view.option("log-level")?.and_then(Value::as_str).and_then(|level| level.parse().ok())
        {
            crate::juju::log::set_level(level);
        }
        if everything || self.event.is(Lifecycle::UpdateStatus) {
            let reach = if everything { Reach::Everything } else { Reach::Members };
            read(&self.host, &self.metadata, reach, view)?;
        } else {
            let bag = bag.or_else(|| ask(&self.host, &self.metadata, &self.event).map(Asked::answer));
            take_in_event(&self.metadata, &self.event, bag, view)?;
        }
        let changes = view.take_changes();
        follow(&self.metadata, &self.event, view, &changes, &mut self.state.flags);
        if self.anew {
            self.publish_anew()?;
            self.state.flags.set(Flag::hook("anew"));
        }
        match &self.event {
            Event::Lifecycle(_) => self.state.flags.set(Flag::hook(&self.event.to_string())),
            Event::Secret(event) => self.state.flags.set(Flag::hook(event.kind.hook())),
            _ => {}
        }
        Ok(())
    }

    /// The flags, for handlers to read, set and clear.
    pub fn flags(&mut self) -> &mut Flags {
        &mut self.state.flags
    }

    /// Our own unit.
    pub fn unit(&self) -> &UnitName {
        &self.context.unit
    }

    /// The value of an option of the charm, as `config-get` has it; nothing if it is not set. As it was in the last
    /// `config-changed` or `hook.anew`.
    pub fn option(&self, name: &str) -> Result<Option<&Value>> {
        self.state.view.option(name)
    }

    /// What [`Hook::keep`] has kept under `name`; the default if that is nothing, or nothing of this type.
    pub fn kept<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        self.state.kept(name)
    }

    /// Keeps a value from hook to hook, as JSON in a file that only root can read. It goes back with the flags when
    /// Juju does not commit the hook.
    pub fn keep(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        self.state.keep(name, value)
    }

    /// The relations of an endpoint, in number order.
    pub fn relations(&self, endpoint: &str) -> Result<Vec<RelationId>> {
        Ok(self.state.view.relations(endpoint)?.into_iter().map(|(id, _)| id.clone()).collect())
    }

    /// Shows a status at once, while something takes long. What the hook's end has to say comes in its place.
    pub fn show(&mut self, status: Status) -> Result<()> {
        status::set(&self.host, &status)?;
        self.store.set_status(status);
        Ok(())
    }
}

/// Whether Juju does not commit all in one: then our token, where there is one, does not say that it has the rest.
fn commits_in_parts(context: &Context, tokens: bool) -> bool {
    context.commits_in_parts || !tokens
}

/// Whether a unit's life begins with it.
fn begins(event: &Event) -> bool {
    event.is(Lifecycle::Install) || !event.is_hook()
}

/// Whether a unit that remembers nothing has lived without this program: a relation begins with its -created.
fn missed_the_beginning(event: &Event) -> bool {
    matches!(event, Event::Relation(event) if event.kind != RelationKind::Created)
}
