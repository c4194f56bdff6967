use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::event::{Event, RelationEvent, RelationKind, SecretEvent, SecretKind};
use super::{Metadata, UnitName};

/// The environment in which Juju runs us, read once.
#[derive(Debug, Clone)]
pub struct Context {
    /// The charm's folder.
    pub charm_dir: PathBuf,
    /// Our own unit.
    pub unit: UnitName,
    /// The model's UUID; empty if Juju does not say it.
    pub model: String,
    /// Random, new for every execution; two processes of one hook share it.
    pub id: String,
    /// The hook's name; none in `juju exec`.
    pub hook: Option<String>,
    /// The model's proxies under the names that programs look for, `http_proxy` and its kin: those that are set.
    pub proxies: Vec<(String, String)>,
    /// Whether this Juju commits relation settings and charm state each for itself, so that one can fail alone: 4.0
    /// does, betas and candidates too.
    pub commits_in_parts: bool,
    vars: Vars,
}

const NO_UNIT: &str =
    "Juju's variable JUJU_UNIT_NAME is not set: run this as Juju does, in a hook or `juju exec`";

const NO_FOLDER: &str = "cannot find the charm: neither JUJU_CHARM_DIR nor the current folder can be read. Run this in a \
                         hook, or in the charm's folder";

const NO_RELATION: &str =
    "Juju's variable JUJU_RELATION_ID is not set: who runs a relation's hook by hand sets it, as Juju does";

/// The variables that say what happened.
#[derive(Debug, Clone, Default)]
struct Vars {
    relation: Option<String>,
    relation_id: Option<String>,
    remote_unit: Option<String>,
    remote_app: Option<String>,
    departing: Option<String>,
    secret_id: Option<String>,
    secret_revision: Option<String>,
    action: Option<String>,
}

/// The process's environment and first argument, as far as they concern us.
#[derive(Debug)]
pub struct Environment {
    /// `SSL_TERMINATION_ROOT`, else `/`.
    pub root: PathBuf,
    /// `PATH`.
    pub path: OsString,
    /// The name by which we were called: a hook's or an action's, or our own.
    pub program: String,
    /// Whether Juju runs an action.
    pub is_action: bool,
}

impl Environment {
    /// What this process was given.
    pub fn read() -> Self {
        let program = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        Self {
            root: std::env::var_os("SSL_TERMINATION_ROOT")
                .filter(|root| !root.is_empty())
                .map_or_else(|| PathBuf::from("/"), PathBuf::from),
            path: std::env::var_os("PATH").unwrap_or_default(),
            program: program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            is_action: std::env::var_os("JUJU_ACTION_NAME").is_some_and(|name| !name.is_empty()),
        }
    }
}

impl Context {
    /// The context of this process; an error outside a hook, an action and `juju exec`.
    pub fn read(program: &str) -> Result<Self> {
        Self::from_variables(program, |name| std::env::var(name).ok(), std::env::current_dir().ok())
    }

    fn from_variables(
        program: &str,
        variable: impl Fn(&str) -> Option<String>,
        current_dir: Option<PathBuf>,
    ) -> Result<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(id) = given("JUJU_CONTEXT_ID") else {
            bail!(
                "not in a hook: Juju's variable JUJU_CONTEXT_ID is not set. Run this in a hook, or as \
                 `juju exec --unit UNIT -- bin/ssl-termination …`"
            )
        };
        let unit = given("JUJU_UNIT_NAME").context(NO_UNIT)?;
        let charm_dir =
            given("JUJU_CHARM_DIR").or_else(|| given("CHARM_DIR")).map(PathBuf::from).or(current_dir);
        let action = given("JUJU_ACTION_NAME");
        let dispatched = given("JUJU_DISPATCH_PATH").map(|path| base_name(&path));
        Ok(Self {
            charm_dir: charm_dir.context(NO_FOLDER)?,
            unit: unit.parse().context("cannot read Juju's variable JUJU_UNIT_NAME")?,
            model: given("JUJU_MODEL_UUID").unwrap_or_default(),
            id,
            commits_in_parts: given("JUJU_VERSION").is_some_and(|version| {
                version
                    .strip_prefix("4.0")
                    .is_some_and(|rest| rest.starts_with(['.', '-']) || rest.is_empty())
            }),
            hook: dispatched.or_else(|| hook_of_program(program)).filter(|_| action.is_none()),
            proxies: proxies(given),
            vars: Vars {
                relation: given("JUJU_RELATION"),
                relation_id: given("JUJU_RELATION_ID"),
                remote_unit: given("JUJU_REMOTE_UNIT"),
                remote_app: given("JUJU_REMOTE_APP"),
                departing: given("JUJU_DEPARTING_UNIT"),
                secret_id: given("JUJU_SECRET_ID"),
                secret_revision: given("JUJU_SECRET_REVISION"),
                action,
            },
        })
    }

    /// What Juju tells us. A relation hook's endpoint is what Juju says it is; where it doesn't, the hook's name says
    /// it, if the charm has such an endpoint.
    pub fn event(&self, metadata: &Metadata) -> Result<Event> {
        if let Some(action) = &self.vars.action {
            return Ok(Event::Action(action.clone()));
        }
        let Some(hook) = &self.hook else { return Ok(Event::None) };
        if let Some(event) = SecretKind::of_hook(hook).and_then(|kind| self.secret_event(kind)) {
            return Ok(Event::Secret(event));
        }
        let Some((prefix, kind)) = RelationKind::of_hook(hook) else { return Ok(Event::of_hook(hook)) };
        let endpoint = self.vars.relation.as_deref().unwrap_or(prefix);
        if metadata.endpoint(endpoint).is_none() {
            bail!(
                "the hook {hook} is about the endpoint {endpoint}, which metadata.yaml does not have: declare it \
                 there, or remove the hook"
            );
        }
        self.relation_event(kind)
            .map(Event::Relation)
            .with_context(|| format!("cannot read what the hook {hook} is about"))
    }

    fn relation_event(&self, kind: RelationKind) -> Result<RelationEvent> {
        let unit = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
        let id = self.vars.relation_id.as_deref().context(NO_RELATION)?;
        let remote_unit: Option<UnitName> = unit(&self.vars.remote_unit)?;
        let app = self.vars.remote_app.as_deref().or(remote_unit.as_ref().map(UnitName::app));
        Ok(RelationEvent {
            kind,
            relation: id.parse()?,
            remote_app: app.unwrap_or_default().to_owned(),
            departing: unit(&self.vars.departing)?,
            remote_unit,
        })
    }

    /// Of a secret that cannot be read nothing is known: the next look at everything sees what has changed.
    fn secret_event(&self, kind: SecretKind) -> Option<SecretEvent> {
        let secret = self.vars.secret_id.as_deref()?.parse().ok()?;
        let revision = self.vars.secret_revision.as_deref().and_then(|revision| revision.parse().ok());
        Some(SecretEvent { kind, secret, revision })
    }

    /// Where the charm's state lies: Juju keeps the folder over a refresh.
    pub fn state_dir(&self) -> PathBuf {
        self.charm_dir.join(".state")
    }
}

/// Juju leaves it to charms to use its proxies; those that it set for every program are there already.
fn proxies(given: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let names = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"];
    let value = |name: &str| given(&format!("JUJU_CHARM_{}", name.to_uppercase())).or_else(|| given(name));
    names.into_iter().filter_map(|name| Some((name.to_owned(), value(name)?))).collect()
}

/// Called by a link of another name than our own, we are that hook.
fn hook_of_program(program: &str) -> Option<String> {
    (!matches!(program, "" | "ssl-termination" | "dispatch")).then(|| program.to_owned())
}

fn base_name(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::juju::Lifecycle;

    const METADATA: &str = "name: x\nprovides:\n  tls: {interface: ssl-termination}\nrequires:\n  a-relation-joined: {interface: http}\n";

    fn event(program: &str, variables: &[(&str, &str)]) -> Result<Event> {
        let all =
            [("JUJU_CONTEXT_ID", "x/0-install-1"), ("JUJU_UNIT_NAME", "x/0"), ("JUJU_CHARM_DIR", "/charm")];
        let variables: Vec<_> = variables.iter().chain(&all).copied().collect();
        let lookup =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Context::from_variables(program, lookup, None)?.event(&Metadata::parse(METADATA).unwrap())
    }

    #[test]
    fn the_dispatch_path_comes_before_the_name_of_the_program() {
        assert!(event("install", &[]).unwrap().is(Lifecycle::Install));
        assert!(event("dispatch", &[("JUJU_DISPATCH_PATH", "hooks/start")]).unwrap().is(Lifecycle::Start));
        assert!(event("stop", &[("JUJU_DISPATCH_PATH", "hooks/start")]).unwrap().is(Lifecycle::Start));
        assert_eq!(event("ssl-termination", &[]).unwrap(), Event::None);
        assert_eq!(
            event("x", &[("JUJU_DISPATCH_PATH", "actions/go"), ("JUJU_ACTION_NAME", "go")]).unwrap(),
            Event::Action("go".into())
        );
        assert_eq!(event("storage-attached", &[]).unwrap(), Event::Other("storage-attached".into()));
    }

    #[test]
    fn juju_4_0_commits_in_parts() {
        let parts = |version: &str| {
            let lookup = |name: &str| match name {
                "JUJU_VERSION" => Some(version.to_owned()),
                "JUJU_UNIT_NAME" => Some("x/0".to_owned()),
                _ => Some("y".to_owned()),
            };
            Context::from_variables("install", lookup, None).unwrap().commits_in_parts
        };
        for (version, is_so) in [
            ("4.0.1", true),
            ("4.0-beta5", true),
            ("4.0-rc1.1", true),
            ("4.0.0", true),
            ("4.1.0", false),
            ("4.01", false),
            ("3.6.9", false),
            ("14.0.1", false),
            ("", false),
            ("what", false),
        ] {
            assert_eq!(parts(version), is_so, "{version}");
        }
    }

    #[test]
    fn a_relation_hook_is_read_from_its_end() {
        let variables =
            [("JUJU_RELATION_ID", "tls:3"), ("JUJU_REMOTE_UNIT", "blog/0"), ("JUJU_RELATION", "tls")];
        let Event::Relation(read) = event("tls-relation-changed", &variables).unwrap() else { panic!() };
        assert_eq!(read.kind, RelationKind::Changed);
        assert_eq!((read.relation.to_string(), read.remote_app.as_str()), ("tls:3".into(), "blog"));

        let variables = [
            ("JUJU_RELATION_ID", "a-relation-joined:4"),
            ("JUJU_REMOTE_UNIT", ""),
            ("JUJU_REMOTE_APP", "web"),
        ];
        let read = event("a-relation-joined-relation-broken", &variables).unwrap();
        assert_eq!(read.to_string(), "a-relation-joined-relation-broken a-relation-joined:4");
    }

    #[test]
    fn a_secret_hook_is_about_a_secret() {
        let id = ("JUJU_SECRET_ID", "secret:9m4e2mr0ui3e8a215n4g");
        let changed = event("secret-changed", &[id]).unwrap();
        assert_eq!(changed.changed_secret().unwrap().to_string(), id.1);
        assert_eq!(changed.to_string(), format!("secret-changed {}", id.1));
        let Event::Secret(removed) = event("secret-remove", &[id, ("JUJU_SECRET_REVISION", "3")]).unwrap()
        else {
            panic!()
        };
        assert_eq!((removed.kind, removed.revision), (SecretKind::Remove, Some(3)));
        assert_eq!(event("secret-changed", &[]).unwrap(), Event::Other("secret-changed".into()));
    }

    #[test]
    fn the_models_proxies_come_before_those_of_every_program() {
        let variables = |name: &str| {
            let value = match name {
                "JUJU_CHARM_HTTP_PROXY" => "http://juju:3128",
                "http_proxy" => "http://all:3128",
                "no_proxy" => "10.0.0.0/8",
                _ => "",
            };
            (!value.is_empty()).then(|| value.to_owned())
        };
        let proxies = proxies(variables);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(proxies, [pair("http_proxy", "http://juju:3128"), pair("no_proxy", "10.0.0.0/8")]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_not_a_guess() {
        let said = |program: &str, variables: &[(&str, &str)]| {
            format!("{:#}", event(program, variables).unwrap_err())
        };
        assert_eq!(
            said("db-relation-changed", &[("JUJU_RELATION_ID", "db:1")]),
            "the hook db-relation-changed is about the endpoint db, which metadata.yaml does not have: declare it there, or remove the hook"
        );
        assert_eq!(
            said("tls-relation-changed", &[]),
            "cannot read what the hook tls-relation-changed is about: Juju's variable JUJU_RELATION_ID is not set: who runs a relation's hook by hand sets it, as Juju does"
        );
        assert_eq!(
            said("tls-relation-changed", &[("JUJU_RELATION_ID", "tls:1"), ("JUJU_REMOTE_UNIT", "blog")]),
            "cannot read what the hook tls-relation-changed is about: not a unit's name such as blog/0: \"blog\""
        );
        let outside = Context::from_variables("ssl-termination", |_| None, None).unwrap_err();
        assert!(outside.to_string().starts_with("not in a hook: "), "{outside}");
    }
}
