use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answers::Certified;
use super::wanted::Owner;
use crate::juju::tool::status::{State, Status};
use crate::wire::{Answer, Fqdn};

/// What is kept of the answers for the unit's status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    /// What a person must put right before anything can change.
    pub(super) obstacle: Option<String>,
    /// How many names are served.
    served: usize,
    /// The first of them.
    first: Option<String>,
    /// What the operator must put right for our own site.
    own: Option<String>,
    /// How many names of clients wait.
    pending: usize,
    /// How many requests are refused.
    refused: usize,
    /// Whether self-signed certificates are what is asked for.
    self_signed: bool,
    /// How many names wait for a certificate, and the first of them with its reason.
    waiting: usize,
    /// See `waiting`.
    waits: Option<String>,
    /// The first name whose certificate ends soon, with the reason.
    ending: Option<String>,
}

impl Summary {
    /// Of these answers.
    pub(super) fn of(answers: &BTreeMap<Owner, Answer>, certified: &Certified) -> Self {
        let all = || answers.values();
        let waits = |name: &Fqdn| certified.waiting.contains_key(name);
        let served = all().find_map(|answer| answer.served.keys().next());
        Self {
            obstacle: None,
            served: all().map(|answer| answer.served.len()).sum(),
            first: served.map(Fqdn::to_string),
            own: answers.get(&Owner::Own).and_then(|answer| trouble(answer, certified)),
            pending: all().flat_map(|answer| answer.pending.keys()).filter(|name| !waits(name)).count(),
            refused: all().map(|answer| answer.refused.len()).sum(),
            self_signed: certified.self_signed,
            waiting: certified.waiting.len(),
            waits: first(&certified.waiting),
            ending: first(&certified.ending),
        }
    }

    /// The same, with something that a person must put right first.
    pub(super) fn obstructed(self, obstacle: String) -> Self {
        Self { obstacle: Some(obstacle), ..self }
    }

    /// What `juju status` should say; nothing, if nobody asks for anything. `missing`: what our own site lacks.
    pub(super) fn status(&self, missing: Option<String>) -> Option<Status> {
        let (state, message) = match self {
            Self { obstacle: Some(obstacle), .. } => (State::Blocked, obstacle.clone()),
            _ if missing.is_some() => (State::Blocked, missing.unwrap_or_default()),
            Self { own: Some(trouble), .. } => (State::Blocked, trouble.clone()),
            Self { served: 0, pending: 0, refused: 0, waiting: 0, .. } => return None,
            Self { served: 0, .. } => (State::Waiting, format!("serving nothing{}", self.but())),
            Self { served: 1, first: Some(name), .. } => {
                (State::Active, format!("serving {name}{}{}", self.how(), self.but()))
            }
            Self { served, .. } => {
                (State::Active, format!("serving {served} names{}{}", self.how(), self.but()))
            }
        };
        Some(Status { state, message })
    }

    fn how(&self) -> &'static str {
        if self.self_signed { " (self-signed)" } else { "" }
    }

    fn but(&self) -> String {
        let part =
            |count: usize, what: &str| if count > 0 { format!("; {count} {what}") } else { String::new() };
        let certificates = match (&self.ending, &self.waits) {
            (Some(ending), _) => format!("; {ending}"),
            (None, Some(waits)) if self.waiting == 1 => format!("; {waits}"),
            (None, Some(waits)) => format!("; {} names wait for certificates; {waits}", self.waiting),
            (None, None) => String::new(),
        };
        part(self.pending, "pending") + &part(self.refused, "refused") + &certificates
    }
}

/// The first thing that keeps an owner's names from being served.
fn trouble(answer: &Answer, certified: &Certified) -> Option<String> {
    let refused =
        answer.refused.first().map(|refused| format!("our own site: {}: {}", refused.field, refused.reason));
    refused.or_else(|| {
        let mut pending = answer.pending.iter().filter(|(name, _)| !certified.waiting.contains_key(*name));
        pending.next().map(|(name, reason)| format!("{name}: {reason}"))
    })
}

fn first(of: &BTreeMap<Fqdn, String>) -> Option<String> {
    of.iter().next().map(|(name, reason)| format!("{name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{RefusedRequest, Served};

    fn told(answers: &[(Owner, Answer)], missing: Option<&str>) -> String {
        let status = Summary::of(&answers.iter().cloned().collect(), &Certified::default())
            .status(missing.map(str::to_owned));
        status.map_or("nothing".to_owned(), |status| format!("{}: {}", status.state, status.message))
    }

    fn serving(names: &[&str]) -> Answer {
        let served = Served { certificate: "self-signed".to_owned(), expires: None };
        let served = names.iter().map(|name| (name.parse().unwrap(), served.clone())).collect();
        Answer { served, ..Answer::default() }
    }

    #[test]
    fn the_status_counts_what_clients_have_and_names_what_the_operator_must_do() {
        let client = Owner::Relation("tls:1".parse().unwrap());
        assert_eq!(told(&[], None), "nothing");
        assert_eq!(told(&[], Some("set the option fqdns")), "blocked: set the option fqdns");
        assert_eq!(told(&[(client.clone(), serving(&["a.bc"]))], None), "active: serving a.bc");
        let refused = RefusedRequest { unit: "x/0".into(), field: "fqdn[0]".into(), reason: "no".into() };
        let mut some = serving(&["a.bc", "d.ef"]);
        some.refused.push(refused.clone());
        assert_eq!(told(&[(client.clone(), some)], None), "active: serving 2 names; 1 refused");
        let mut none = Answer { refused: vec![refused], ..Answer::default() };
        none.pending.insert("a.bc".parse().unwrap(), "taken".to_owned());
        assert_eq!(told(&[(client, none.clone())], None), "waiting: serving nothing; 1 pending; 1 refused");
        assert_eq!(told(&[(Owner::Own, none)], None), "blocked: our own site: fqdn[0]: no");
    }
}
