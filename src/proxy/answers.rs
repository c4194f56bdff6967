//! What each owner is told, now that it is known what is served: pure.

use std::collections::BTreeMap;

use super::plan::{Plan, Site};
use super::serving::Serving;
use super::wanted::Owner;
use crate::cert::{Asked, Part, Source, Standing, rfc_3339};
use crate::wire::{Answer, Fqdn, Served};

/// With which certificates names were at the top of the last answer: name → source.
pub(super) type Before = BTreeMap<String, String>;

/// What an owner is told, and what there is to say of its certificates besides.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The answer.
    pub(super) answer: Answer,
    /// Names that wait for the certificate that is asked for, and are served with a stand-in, with the reason.
    pub(super) waiting: BTreeMap<Fqdn, String>,
    /// Names whose certificate should have been renewed long ago, with its end and the reason.
    pub(super) ending: BTreeMap<Fqdn, String>,
}

/// The answers, by owner. `troubles`: what the source says of names that it has not brought yet. `before`: what an owner
/// was told last.
///
/// A name that was ready stays so while its certificate is good, also when the operator turns to another source: the
/// move is the operator's matter, and a note tells of it.
pub(super) fn answers(
    plan: Plan,
    serving: &Serving,
    asked: &Asked,
    troubles: &BTreeMap<Fqdn, String>,
    before: impl Fn(&Owner) -> Before,
) -> BTreeMap<Owner, Told> {
    let Plan { sites, answers, .. } = plan;
    let told = |(owner, answer): (Owner, Answer)| (owner, Told { answer, ..Told::default() });
    let mut all: BTreeMap<Owner, Told> = answers.into_iter().map(told).collect();
    for site in &sites {
        let told = all.entry(site.owner.clone()).or_default();
        if let Some(reason) = serving.refused.get(site.name()) {
            let why = format!("nginx refuses the site: {reason}");
            told.answer.pending.extend(site.names.iter().map(|name| (name.clone(), why.clone())));
            continue;
        }
        for part in serving.parts.get(site.name()).into_iter().flatten() {
            tell(site, part, asked, troubles, &before, told);
        }
    }
    all
}

fn tell(
    site: &Site,
    part: &Part,
    asked: &Asked,
    troubles: &BTreeMap<Fqdn, String>,
    before: &impl Fn(&Owner) -> Before,
    Told { answer, waiting, ending }: &mut Told,
) {
    let is_asked = part.standing == Standing::Asked;
    let was = if part.standing == Standing::Another { before(&site.owner) } else { Before::new() };
    let stays = |name: &Fqdn| was.get(name.as_str()).is_some_and(|source| *source == part.source.as_str());
    for name in &part.names {
        let why = || match troubles.get(name) {
            _ if part.source == Source::Operator => "give its secret a new one".to_owned(),
            Some(trouble) => trouble.clone(),
            None => format!("waiting for a certificate from {}", asked.source),
        };
        if part.is_late {
            ending.insert(name.clone(), format!("its certificate ends {}: {}", rfc_3339(part.ends), why()));
        }
        if !is_asked {
            waiting.insert(name.clone(), why());
        }
        if site.upstreams.is_empty() {
            continue;
        }
        if !is_asked && !stays(name) {
            answer.pending.insert(name.clone(), format!("{}; until then a stand-in is served", why()));
            continue;
        }
        if !is_asked {
            let note = format!("moves to {}: {}", asked.source, why());
            let notes = answer.notes.remove(name).map(|notes| format!("{notes}; ")).unwrap_or_default();
            answer.notes.insert(name.clone(), notes + &note);
        }
        let served = Served { certificate: part.source.to_string(), expires: Some(rfc_3339(part.ends)) };
        answer.served.insert(name.clone(), served);
    }
}
