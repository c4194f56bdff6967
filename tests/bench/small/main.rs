//! The small job of the benchmark, with our library: read the request of the unit that has changed, publish an answer.
//!
//! With `READ_ALL` in its environment it reads every unit's request, as charms do whose answers depend on them; with
//! `ANSWER_ALL` it publishes the answer to every relation, as charms do that tell each client of all.

mod peak;

use std::env;
use std::process::ExitCode;

use serde_json::{Value, json};
use ssl_termination::wire::{CertRequest, Fqdn};
use ssl_termination::{Event, Flag, Handler, Hook, RelationId, Result, UnitName, provides};

const ENDPOINT: &str = "front";

const HANDLERS: &[Handler] = &[Handler::new("answer", &["endpoint.front.update"], &[], answer)];

fn main() -> ExitCode {
    let code = ssl_termination::main(HANDLERS, |_| Ok(None));
    peak::note();
    code
}

fn answer(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&Flag::update(ENDPOINT));
    let known = if env::var_os("READ_ALL").is_some() {
        provides::get_cert_requests(hook, ENDPOINT)?.len()
    } else {
        1
    };
    let mut to_all = None;
    for (relation, unit) in changed(hook)? {
        let text = hook.state.view.bag(&relation, &unit)?.and_then(|bag| bag.get("cert-request"));
        let Some(Ok(request)) = text.and_then(|text| CertRequest::parse(text).transpose()) else { continue };
        let names: Value = request.fqdn().iter().map(Fqdn::as_str).collect();
        let answer = json!({"fqdn": names, "known": known});
        if env::var_os("ANSWER_ALL").is_some() {
            to_all = Some(answer);
        } else {
            provides::send_status_to(hook, &relation, Some(&answer))?;
        }
    }
    to_all.map_or(Ok(()), |answer| provides::send_status(hook, ENDPOINT, &answer))
}

/// The unit that the hook is about; all of them where it is about none.
fn changed(hook: &Hook) -> Result<Vec<(RelationId, UnitName)>> {
    if let Event::Relation(event) = &hook.event {
        return Ok(event.remote_unit.iter().map(|unit| (event.relation.clone(), unit.clone())).collect());
    }
    let units = hook.state.view.units(ENDPOINT)?.into_iter();
    Ok(units.map(|(relation, unit, _)| (relation.clone(), unit.clone())).collect())
}
