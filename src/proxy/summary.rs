use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::answers::Told;
use super::tally::Tally;
use crate::cert::{Asked, Source};
use crate::juju::tool::status::{State, Status};

/// What is kept of the answers for the unit's status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Summary {
    /// What a person must put right before anything can change.
    pub(super) obstacle: Option<String>,
    /// What the operator must put right for our own site.
    own: Option<String>,
    /// Which certificates were asked for.
    asked: Option<Asked>,
    /// What there is to count of all answers.
    all: Tally,
}

impl Summary {
    /// Of what our own site is told, and the answers to everybody.
    pub(super) fn of(own: Option<&Told>, asked: &Asked, all: Tally) -> Self {
        Self { obstacle: None, own: own.and_then(trouble), asked: Some(asked.clone()), all }
    }

    /// The same, after some owners have got other answers: of those there was this to count, and is now. `recount` counts
    /// all, where it does not follow from that.
    pub(super) fn with(
        self,
        before: &Tally,
        now: &Tally,
        recount: impl FnOnce() -> Result<Tally>,
    ) -> Result<Self> {
        let all = match self.all.replaced(before, now) {
            Some(all) => all,
            None => recount()?,
        };
        Ok(Self { obstacle: None, all, ..self })
    }

    /// Whether everybody has been served, with certificates of this kind.
    pub(super) fn is_of(&self, asked: &Asked) -> bool {
        self.obstacle.is_none() && self.asked.as_ref() == Some(asked)
    }

    /// The same, with something that a person must put right first.
    pub(super) fn obstructed(self, obstacle: String) -> Self {
        Self { obstacle: Some(obstacle), ..self }
    }

    /// What `juju status` should say; nothing, if nobody asks for anything. `missing`: what our own site lacks.
    pub(super) fn status(&self, missing: Option<String>) -> Option<Status> {
        let Tally { served, first, pending, refused, waiting, .. } = &self.all;
        let (state, message) = match (&self.obstacle, missing, &self.own, served, first) {
            (Some(obstacle), ..) => (State::Blocked, obstacle.clone()),
            (None, Some(missing), ..) => (State::Blocked, missing),
            (None, None, Some(trouble), ..) => (State::Blocked, trouble.clone()),
            (.., 0, _) if pending + refused + waiting == 0 => return None,
            (.., 0, _) => (State::Waiting, format!("serving nothing{}", self.but())),
            (.., 1, Some(name)) => (State::Active, format!("serving {name}{}{}", self.how(), self.but())),
            _ => (State::Active, format!("serving {served} names{}{}", self.how(), self.but())),
        };
        Some(Status { state, message })
    }

    fn how(&self) -> &'static str {
        let is_self_signed = self.asked.as_ref().is_some_and(|asked| asked.source == Source::SelfSigned);
        if is_self_signed { " (self-signed)" } else { "" }
    }

    fn but(&self) -> String {
        let Tally { pending, refused, waiting, waits, ending, .. } = &self.all;
        let part =
            |count: usize, what: &str| if count > 0 { format!("; {count} {what}") } else { String::new() };
        let certificates = match (ending, waits) {
            (Some(ending), _) => format!("; {ending}"),
            (None, Some(waits)) if *waiting == 1 => format!("; {waits}"),
            (None, Some(waits)) => format!("; {waiting} names wait for certificates; {waits}"),
            (None, None) => String::new(),
        };
        part(*pending, "pending") + &part(*refused, "refused") + &certificates
    }
}

/// The first thing that keeps an owner's names from being served.
fn trouble(Told { answer, waiting, .. }: &Told) -> Option<String> {
    let refused =
        answer.refused.first().map(|refused| format!("our own site: {}: {}", refused.field, refused.reason));
    refused.or_else(|| {
        let mut pending = answer.pending.iter().filter(|(name, _)| !waiting.contains_key(*name));
        pending.next().map(|(name, reason)| format!("{name}: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::wanted::Owner;
    use crate::wire::{Answer, RefusedRequest, Served};

    fn told(answers: &[(Owner, Answer)], missing: Option<&str>) -> String {
        let told = |(owner, answer): &(Owner, Answer)| {
            (owner.clone(), Told { answer: answer.clone(), ..Told::default() })
        };
        let answers: std::collections::BTreeMap<Owner, Told> = answers.iter().map(told).collect();
        let asked = Asked { source: Source::Acme, server: None };
        let all = Tally::sum(answers.values().map(Tally::of).collect::<Vec<_>>().iter());
        let status = Summary::of(answers.get(&Owner::Own), &asked, all).status(missing.map(str::to_owned));
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
