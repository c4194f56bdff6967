//! What `juju run UNIT ACTION` answers: looks at what is remembered and at the machine, for a person in trouble.
//!
//! An action runs beside the hooks: it reads what Juju has committed, publishes nothing, and leaves flags and the flag
//! file as they are. Each one computes its results; the shell here hands them to Juju.

mod certificates;
mod diagnose;
mod inside;
mod renew;
mod requests;
mod results;
mod sites;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use self::results::Results;
use crate::host::Host;
use crate::interface::{Hook, Purpose};
use crate::juju::tool::action;
use crate::juju::{Context, Environment, Event, log};
use crate::proxy::{self, Overview};
use crate::wire::Fqdn;
use crate::{client, options};

/// What an action is: its name, what it may be told, what it answers.
struct Action {
    name: &'static str,
    params: &'static [&'static str],
    run: fn(&mut Hook, &Params) -> Result<Results>,
}

const ACTIONS: &[Action] = &[
    Action { name: "list-sites", params: &["name"], run: sites::list },
    Action { name: "list-requests", params: &["name"], run: requests::list },
    Action { name: "get-certificate", params: &["name"], run: certificates::of_name },
    Action { name: "get-ca-certificate", params: &[], run: certificates::of_authority },
    Action { name: "renew-certificates", params: &["name"], run: renew::renew },
    Action { name: "show-flags", params: &[], run: inside::flags },
    Action { name: "show-plan", params: &[], run: inside::plan },
    Action { name: "diagnose", params: &["name"], run: diagnose::diagnose },
];

/// What an action was told.
struct Params(Map<String, Value>);

impl Params {
    /// A text; nothing if it is missing or empty.
    fn text(&self, param: &str) -> Option<&str> {
        self.0.get(param).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether one of a site's names has the text of the parameter `name` in it; without one, all are meant.
    fn means(&self, names: &[Fqdn]) -> bool {
        self.text("name").is_none_or(|part| names.iter().any(|name| name.as_str().contains(part)))
    }
}

/// Runs the action that Juju asks for; gives the exit code. What goes wrong is the action's failure, in its own words.
pub fn run(environment: &Environment) -> ExitCode {
    log::start(log::Reader::Person);
    log::set_level(::log::LevelFilter::Warn);
    let host = Host::new(&environment.root, &environment.path);
    let told = match results(&host, &environment.program) {
        Ok(results) => action::set(&host, &results.into_pairs()),
        Err(error) => action::fail(&host, &format!("{error:#}")),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ::log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn results(host: &Host, program: &str) -> Result<Results> {
    let mut hook = Hook::open(host.clone(), Context::read(program)?, Purpose::Peek)?;
    let Event::Action(name) = &hook.event else {
        bail!("this is no action: `juju run UNIT ACTION` runs one")
    };
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        bail!("this charm has no action {name}: `juju actions APPLICATION` lists those it has")
    };
    let params = action::get(host).context("cannot read what the action was told")?;
    if let Some(unknown) = params.keys().find(|param| !action.params.contains(&param.as_str())) {
        bail!("{name} has no parameter {unknown}: it takes {}", listed(action.params));
    }
    (action.run)(&mut hook, &Params(params))
}

fn listed(params: &[&str]) -> String {
    if params.is_empty() { "none".to_owned() } else { params.join(", ") }
}

/// All that there is to know of the side that serves.
fn overview(hook: &Hook) -> Result<Overview> {
    if let Some(overview) = proxy::overview(hook)? {
        return Ok(overview);
    }
    match options::malformed(hook)? {
        Some(malformed) => bail!("{malformed}: nothing is served before the option is put right"),
        None => bail!("this unit has not run its config-changed hook yet: try again when it has settled"),
    }
}

/// What to say where nothing is served: a unit that only asks is told apart from one that nobody asks.
fn serves_nothing(hook: &Hook) -> Result<String> {
    let asks = client::explain(hook)?;
    Ok(if asks.is_empty() {
        "nothing is served: no application has asked at ssl-termination, and reverseproxy is not related"
            .to_owned()
    } else {
        format!(
            "this unit serves nothing, it is a client: {}. Run the action on a unit of the proxy",
            asks.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn actions_yaml_has_the_same_actions_and_parameters() {
        let text = include_str!("../../actions.yaml");
        let declared: Map<String, Value> = serde_saphyr::from_str(text).unwrap();
        let declared_names: BTreeSet<&str> = declared.keys().map(String::as_str).collect();
        assert_eq!(declared_names, ACTIONS.iter().map(|action| action.name).collect());
        for action in ACTIONS {
            let of = &declared[action.name];
            let params = of["params"].as_object().map(|params| params.keys().cloned().collect::<Vec<_>>());
            assert_eq!(params.unwrap_or_default(), action.params, "{}", action.name);
            assert_eq!(of["additionalProperties"], Value::Bool(false), "{}", action.name);
            assert!(of["description"].as_str().is_some_and(|text| text.len() > 20), "{}", action.name);
        }
    }
}
