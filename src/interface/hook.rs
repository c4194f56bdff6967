use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::flags::follow;
use super::take_in::{Reach, if_there, read_own, take_in};
use crate::host::Host;
use crate::juju::tool::relation::Bag;
use crate::juju::tool::status::Status;
use crate::juju::tool::{config, relation, secret, state, status};
use crate::juju::{Context, Event, Lifecycle, Metadata, RelationId, RelationKind, UnitName};
use crate::reactive::{Committed, Flag, Flags, Next, Standing, State, Store};

/// The key of Juju's charm state that holds the token of the generation it has committed.
const TOKEN: &str = "ssl-termination-generation";

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
        let committed = match store.settled() {
            Some(committed) => committed,
            None => committed(&host)?,
        };
        let tokens = committed != Committed::Unsupported;
        let (state, standing) = store.settle(&committed);
        let died = store.died.clone().filter(|_| event.is_hook() && standing != Standing::Again);
        if let Some(died) = &died {
            log::warn!("the hook \"{died}\" did not end: reading everything again");
            secret::clear(&host, &context.state_dir())?;
        }
        // Where Juju does not commit all in one, our token alone does not say that it has the rest.
        let in_parts = context.commits_in_parts || !tokens;
        let mut anew = standing.is_stale()
            || died.is_some()
            || (standing == Standing::New && missed_the_beginning(&event))
            || (in_parts && standing == Standing::Current && store.repeats())
            || store.is_migrated()
            || [Lifecycle::UpgradeCharm, Lifecycle::Start].iter().any(|step| event.is(*step));
        let (state, standing) = if anew { store.load(&host, state, standing)? } else { (state, standing) };
        anew |= standing.is_stale();
        let mut hook = Self {
            to_publish: BTreeMap::new(),
            host,
            context,
            metadata,
            event,
            state,
            standing,
            anew,
            store,
            tokens,
        };
        hook.take_in(purpose)?;
        Ok(hook)
    }

    fn take_in(&mut self, purpose: Purpose) -> Result<()> {
        if self.standing == Standing::Again || self.store.taken_in || !self.event.is_hook() {
            return Ok(());
        }
        let reach = match () {
            () if self.anew => Reach::Everything,
            () if self.event.is(Lifecycle::UpdateStatus) => Reach::Members,
            () => Reach::Event,
        };
        let view = &mut self.state.view;
        let reads_options = purpose != Purpose::CommitWithoutOptions;
        if reads_options && (reach == Reach::Everything || self.event.is(Lifecycle::ConfigChanged)) {
            view.set_config(config::get(&self.host)?)?;
        }
        if let Some(level) =
            view.option("log-level")?.and_then(Value::as_str).and_then(|level| level.parse().ok())
        {
            crate::juju::log::set_level(level);
        }
        take_in(&self.host, &self.metadata, &self.event, reach, view)?;
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

    /// Whatever is remembered as published is set again: equal values cost Juju nothing. Where nothing that is
    /// remembered is sure, Juju says what our databags hold, and every endpoint has an update.
    fn publish_anew(&mut self) -> Result<()> {
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

    /// The relations of an endpoint, in number order.
    pub fn relations(&self, endpoint: &str) -> Result<Vec<RelationId>> {
        Ok(self.state.view.relations(endpoint)?.into_iter().map(|(id, _)| id.clone()).collect())
    }

    /// What our unit's databag is known to hold under a key.
    pub fn published(&self, relation: &RelationId, key: &str) -> Result<Option<&str>> {
        let known = self.state.view.relation(relation)?.and_then(|relation| relation.published.as_ref());
        Ok(known.and_then(|published| published.get(key)).map(String::as_str))
    }

    /// Shows a status at once, while something takes long. What the hook's end has to say comes in its place.
    pub fn show(&mut self, status: Status) -> Result<()> {
        status::set(&self.host, &status)?;
        self.store.set_status(status);
        Ok(())
    }

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
        for (relation, values) in std::mem::take(&mut self.to_publish) {
            if if_there(relation::set(&self.host, &relation, &values).map_err(Into::into))?.is_none() {
                self.state.view.forget(&relation)?;
                // It is too late for this hook's handlers: the next one's see what the end of the relation changes.
                self.state.flags.set(Flag::update(relation.endpoint()));
            }
        }
        let next = Next::of(&self.state)?;
        let changed =
            self.store.differs(&next) || (self.standing == Standing::Unknown && self.event.is_hook());
        if changed && self.tokens && self.standing != Standing::Again {
            say_token(&self.host, &self.context.id)?;
        }
        if let Some(status) = status {
            let always = self.anew || self.event.is(Lifecycle::Install);
            if always || self.store.status() != Some(&status) {
                status::set(&self.host, &status)?;
                self.store.set_status(status);
            }
        }
        self.store.commit(&self.host, next, self.standing, changed)
    }
}

/// The token that Juju has committed.
fn committed(host: &Host) -> Result<Committed> {
    match state::get(host, TOKEN) {
        Ok(Some(token)) => Ok(Committed::Token(token)),
        Ok(None) => Ok(Committed::Nothing),
        Err(error) if error.is_missing_tool() => Ok(Committed::Unsupported),
        Err(error) => Err(error).context("cannot learn what Juju has committed"),
    }
}

/// Gives Juju the token of the generation that is about to be written.
fn say_token(host: &Host, token: &str) -> Result<()> {
    match state::set(host, TOKEN, token) {
        Err(error) if error.is_missing_tool() => Ok(()),
        said => Ok(said?),
    }
}

/// Whether a unit that remembers nothing has lived without this program: a relation begins with its -created.
fn missed_the_beginning(event: &Event) -> bool {
    matches!(event, Event::Relation(event) if event.kind != RelationKind::Created)
}
