//! What each owner is told, now that it is known what is served: pure.

use std::collections::BTreeMap;

use super::plan::{Plan, Site};
use super::serving::Serving;
use super::wanted::Owner;
use crate::cert::{Asked, Part, Source, Standing, rfc_3339};
use crate::wire::{Answer, Fqdn, Served};

/// With which certificates names were at the top of the last answer: name → source.
pub(super) type Before = BTreeMap<String, String>;

/// What there is to say of certificates, beside who is served.
#[derive(Debug, Default)]
pub(super) struct Certified {
    /// Whether self-signed ones are what is asked for.
    pub(super) self_signed: bool,
    /// Names that wait for the certificate that is asked for, and are served with a stand-in, with the reason.
    pub(super) waiting: BTreeMap<Fqdn, String>,
    /// Names whose certificate should have been renewed long ago, with its end and the reason.
    pub(super) ending: BTreeMap<Fqdn, String>,
}

/// The answers, and what there is to say of certificates. `troubles`: what the source says of names that it has not
/// brought yet. `before`: what an owner was told last.
///
/// A name that was ready stays so while its certificate is good, also when the operator turns to another source: the
/// move is the operator's matter, and a note tells of it.
pub(super) fn answers(
    plan: Plan,
    serving: &Serving,
    asked: &Asked,
    troubles: &BTreeMap<Fqdn, String>,
    before: impl Fn(&Owner) -> Before,
) -> (BTreeMap<Owner, Answer>, Certified) {
    let Plan { sites, mut answers, .. } = plan;
    let mut certified = Certified { self_signed: asked.source == Source::SelfSigned, ..Certified::default() };
    for site in &sites {
        let answer = answers.entry(site.owner.clone()).or_default();
        if let Some(reason) = serving.refused.get(site.name()) {
            let told = format!("nginx refuses the site: {reason}");
            answer.pending.extend(site.names.iter().map(|name| (name.clone(), told.clone())));
            continue;
        }
        for part in serving.parts.get(site.name()).into_iter().flatten() {
            tell(site, part, asked, troubles, &before, answer, &mut certified);
        }
    }
    (answers, certified)
}

fn tell(
    site: &Site,
    part: &Part,
    asked: &Asked,
    troubles: &BTreeMap<Fqdn, String>,
    before: &impl Fn(&Owner) -> Before,
    answer: &mut Answer,
    certified: &mut Certified,
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
            certified
                .ending
                .insert(name.clone(), format!("its certificate ends {}: {}", rfc_3339(part.ends), why()));
        }
        if !is_asked {
            certified.waiting.insert(name.clone(), why());
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
