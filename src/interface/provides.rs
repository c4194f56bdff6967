//! The side that offers TLS: it reads requests and answers with a status.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Hook, TOO_LONG};
#[cfg(feature = "charm")]
use crate::juju::{Event, RelationKind};
use crate::juju::{RelationId, UnitName};
use crate::wire::{Bag, CertRequest, Features, Refusal};

/// One unit's request, as it was sent and as it can be used.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The relation over which it came.
    pub relation: &'a RelationId,
    /// The unit that sent it.
    pub unit: &'a UnitName,
    /// The JSON text that the unit published.
    pub text: &'a str,
    /// What it asks for, or why it is refused.
    pub parsed: std::result::Result<CertRequest, Refusal>,
}

impl Request<'_> {
    /// The object that was sent, with `juju_unit`, the unit that sent it; in a refused one also `refused`, an object
    /// with `field` and `reason`.
    pub fn to_json(&self) -> Value {
        let sent = serde_json::from_str(self.text).ok();
        let mut object = match sent {
            Some(Value::Object(object)) => object,
            _ => Map::new(),
        };
        object.remove("refused");
        object.insert("juju_unit".to_owned(), Value::String(self.unit.to_string()));
        if let Err(refusal) = &self.parsed {
            object.insert("refused".to_owned(), json!({"field": refusal.field, "reason": refusal.reason}));
        }
        Value::Object(object)
    }
}

/// The requests of all units of an endpoint, by relation and unit number. Units that ask for nothing are left out; what
/// is over the limits is refused.
pub fn get_cert_requests<'a>(hook: &'a Hook, endpoint: &str) -> Result<Vec<Request<'a>>> {
    let mut count = Count::default();
    let units = hook.state.view.units(endpoint)?.into_iter();
    Ok(units.filter_map(|(relation, unit, bag)| request(relation, unit, bag, &mut count)).collect())
}

/// Those of one relation: what others have sent is not even read, but where there are so many that all must be counted.
pub fn get_cert_requests_of<'a>(hook: &'a Hook, relation: &'a RelationId) -> Result<Vec<Request<'a>>> {
    let view = &hook.state.view;
    if view.unit_count(relation.endpoint()) > MAX_OF_ENDPOINT {
        let all = get_cert_requests(hook, relation.endpoint())?.into_iter();
        return Ok(all.filter(|request| request.relation == relation).collect());
    }
    let mut count = Count::default();
    let units = view.units_of(relation)?.into_iter();
    Ok(units.filter_map(|(unit, bag)| request(relation, unit, bag, &mut count)).collect())
}

fn request<'a>(
    relation: &'a RelationId,
    unit: &'a UnitName,
    bag: &'a Bag,
    count: &mut Count<'a>,
) -> Option<Request<'a>> {
    let text = bag.get("cert-request")?;
    let parsed = match text.strip_prefix(TOO_LONG) {
        Some(length) => {
            Err(Refusal { field: "cert-request".to_owned(), reason: format!("too long: {length}") })
        }
        None => CertRequest::parse(text).transpose()?,
    };
    let admitted = count.admit(relation);
    Some(Request { relation, unit, text, parsed: admitted.and(parsed) })
}

/// The most requests that are read of one relation: the application at its other side has so many units.
const MAX_OF_RELATION: usize = 1_000;

/// The most requests that are read of an endpoint.
const MAX_OF_ENDPOINT: usize = 10_000;

/// Whether an endpoint may have, or have had until now, more requests than are read: then one that comes or goes has to do
/// with others.
#[cfg(feature = "charm")]
pub(crate) fn is_full(hook: &Hook, endpoint: &str) -> bool {
    let goes = matches!(&hook.event, Event::Relation(event)
        if matches!(event.kind, RelationKind::Departed | RelationKind::Broken));
    hook.state.view.unit_count(endpoint) + usize::from(goes) > MAX_OF_ENDPOINT
}

/// How many requests there have been.
#[derive(Debug, Default)]
struct Count<'a> {
    relation: Option<&'a RelationId>,
    of_relation: usize,
    of_endpoint: usize,
}

impl<'a> Count<'a> {
    /// Counts one more; refuses it if it is one too many. Those of one relation come one after the other.
    fn admit(&mut self, relation: &'a RelationId) -> std::result::Result<(), Refusal> {
        if self.relation.replace(relation) != Some(relation) {
            self.of_relation = 0;
        }
        self.of_relation += 1;
        self.of_endpoint += 1;
        let reason = if self.of_relation > MAX_OF_RELATION {
            format!("more than {MAX_OF_RELATION} requests over this relation")
        } else if self.of_endpoint > MAX_OF_ENDPOINT {
            format!("more than {MAX_OF_ENDPOINT} requests over all relations")
        } else {
            return Ok(());
        };
        Err(Refusal { field: "cert-request".to_owned(), reason })
    }
}

/// Answers every relation of an endpoint with the same status, any JSON value.
pub fn send_status(hook: &mut Hook, endpoint: &str, status: &Value) -> Result<()> {
    hook.relations(endpoint)?.iter().try_for_each(|relation| send_status_to(hook, relation, Some(status)))
}

/// Tells one relation what the running code understands beyond the original.
pub fn send_features_to(hook: &mut Hook, relation: &RelationId, features: &Features) -> Result<()> {
    hook.publish(relation, "features", features.to_wire())
}

/// Answers one relation; `None` takes the answer back.
pub fn send_status_to(hook: &mut Hook, relation: &RelationId, status: Option<&Value>) -> Result<()> {
    hook.publish(relation, "status", status.map(crate::wire::json::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_requests_the_last_are_refused() {
        let relations: Vec<RelationId> =
            (0..12).map(|number| format!("tls:{number}").parse().unwrap()).collect();
        let mut count = Count::default();
        let mut refused = |relation: usize, times| {
            let mut reasons = Vec::new();
            for _ in 0..times {
                reasons.extend(count.admit(&relations[relation]).err().map(|refusal| refusal.reason));
            }
            reasons
        };
        let of_relation = "more than 1000 requests over this relation";
        assert_eq!(refused(0, 1_002), [of_relation; 2]);
        for relation in 1..9 {
            assert_eq!(refused(relation, 1_000), [""; 0]);
        }
        let of_endpoint = "more than 10000 requests over all relations";
        assert_eq!(refused(9, 1_000), [of_endpoint; 2]);
        assert_eq!(refused(10, 1), [of_endpoint]);
    }
}
