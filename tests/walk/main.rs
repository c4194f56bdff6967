//! A charm for random walks, written with this library: in every hook it gives each name to the first relation that
//! asked for it, and tells each relation what it has and what it was understood to ask.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};
use ssl_termination::proxy::{Claims, Owner, Policy, Resolved, Wanted, plan};
use ssl_termination::reactive::Standing;
use ssl_termination::wire::{CertRequest, Fqdn};
use ssl_termination::{Flag, Handler, Hook, RelationId, Result, provides};

const ENDPOINT: &str = "ssl-termination";
const CLAIMS: &str = "claim ";

const HANDLERS: &[Handler] = &[Handler::new("answer", &[], &[], answer)];

fn main() -> ExitCode {
    ssl_termination::main(HANDLERS, |_| Ok(None))
}

fn answer(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&Flag::update(ENDPOINT));
    let mut wanted = Vec::new();
    let mut asked: BTreeMap<RelationId, BTreeMap<String, Vec<Fqdn>>> = BTreeMap::new();
    for request in provides::get_cert_requests(hook, ENDPOINT)? {
        let names = request.parsed.iter().flat_map(CertRequest::fqdn).cloned().collect();
        asked.entry(request.relation.clone()).or_default().insert(request.unit.to_string(), names);
        let owner = Owner::Relation(request.relation.clone());
        let (app, unit) = (request.unit.app().to_owned(), request.unit.to_string());
        wanted.push(Wanted { owner, app, unit, request: request.parsed });
    }
    let policy = Policy { allow_local: true, ..Policy::default() };
    let before = claims(hook, &wanted)?;
    let claims = plan(wanted, before, &policy, &Resolved::new()).claims;
    for relation in hook.relations(ENDPOINT)? {
        let answer = asked.get(&relation).map(|asked| told(&relation, asked, &claims));
        provides::send_status_to(hook, &relation, answer.as_ref())?;
    }
    hook.state.keep_all(CLAIMS, claims.by_name())
}

fn told(relation: &RelationId, asked: &BTreeMap<String, Vec<Fqdn>>, claims: &Claims) -> Value {
    let mut granted: Vec<&str> = asked
        .values()
        .flatten()
        .filter(|name| claims.grants(name, &Owner::Relation(relation.clone())))
        .map(Fqdn::as_str)
        .collect();
    granted.sort_unstable();
    granted.dedup();
    let names = |names: &Vec<Fqdn>| names.iter().map(Fqdn::to_string).collect::<Value>();
    let asked: BTreeMap<&String, Value> = asked.iter().map(|(unit, asked)| (unit, names(asked))).collect();
    json!({"granted": granted, "asked": asked})
}

/// As kept; where nothing that is kept is sure, as our own answers say.
fn claims(hook: &Hook, requests: &[Wanted]) -> Result<Claims> {
    if hook.standing != Standing::Unknown {
        return Ok(Claims::of(hook.state.kept_all(CLAIMS)?));
    }
    Claims::recovered(requests, |relation| {
        let text = hook.published(relation, "status")?.unwrap_or_default();
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        let names = answer["granted"].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.map(|name| Ok(name.parse()?)).collect()
    })
}
