//! The application at the endpoint `certificates`: what it is asked for each site, and why it has not brought it.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::handlers::RETIRED;
use super::plan::{Plan, Site};
use crate::cert::signing::{self, Asking};
use crate::cert::{self, Asked, Folder, Source, Store};
use crate::interface::{Hook, certificates};
use crate::juju::RelationId;
use crate::options::Options;
use crate::wire::Fqdn;

/// The endpoint at which certificates are asked for.
pub(super) const CERTIFICATES: &str = "certificates";

/// Under which name it is kept from hook to hook how a provider is asked.
const ASKING: &str = "asking for certificates";

/// How which provider is asked.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    relation: Option<RelationId>,
    asking: Asking,
}

/// Asks for what the sites need, and takes in what has been brought. Says why names wait for their certificate.
///
/// Who is not the source is asked for nothing, and what was asked is taken back.
pub(super) fn ask(
    hook: &mut Hook,
    folder: &Folder,
    options: &Options,
    asked: &Asked,
    plan: &Plan,
) -> Result<BTreeMap<Fqdn, String>> {
    let relation = hook.relations(CERTIFICATES)?.into_iter().next();
    let Some(relation) = relation.filter(|_| asked.source == Source::Certificates) else {
        return take_back(hook, folder, asked, plan);
    };
    let known: Known = hook.state.kept(ASKING)?;
    let mut asking =
        if known.relation.as_ref() == Some(&relation) { known.asking } else { Asking::default() };
    let store = Store::new(&hook.host, folder, asked, cert::now())?;
    let mut sites: Vec<signing::Site<'_>> = Vec::new();
    for site in &plan.sites {
        if !store.supplies(&site.names)? {
            sites.push((site.name(), &site.names));
        }
    }
    let outcome = signing::ask(
        &hook.host,
        folder,
        &sites,
        |requests| certificates::get_answers(hook, &relation, requests),
        &mut asking,
        options.certificate_key,
        cert::now(),
    )?;
    certificates::send_requests(hook, &relation, &outcome.requests)?;
    if outcome.has_retired {
        hook.flags().set(RETIRED.parse()?);
    }
    hook.state.keep(ASKING, &Known { relation: Some(relation), asking })?;
    Ok(of_names(plan, |site| outcome.waiting.get(site.name()).cloned()))
}

fn take_back(hook: &mut Hook, folder: &Folder, asked: &Asked, plan: &Plan) -> Result<BTreeMap<Fqdn, String>> {
    for relation in hook.relations(CERTIFICATES)? {
        certificates::send_requests(hook, &relation, &[].into())?;
    }
    signing::forget(&hook.host, folder)?;
    let missing = "no certificate provider is related: relate one to the endpoint certificates";
    let lacks = asked.source == Source::Certificates;
    Ok(of_names(plan, |_| lacks.then(|| missing.to_owned())))
}

/// What is said of each site, for each of its names.
fn of_names(plan: &Plan, said: impl Fn(&Site) -> Option<String>) -> BTreeMap<Fqdn, String> {
    let of_site = |site: &Site| {
        let said = said(site);
        let names = site.names.clone().into_iter();
        names.filter_map(move |name| Some((name, said.clone()?))).collect::<Vec<_>>()
    };
    plan.sites.iter().flat_map(of_site).collect()
}
