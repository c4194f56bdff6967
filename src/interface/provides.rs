//! The side that offers TLS: it reads requests and answers with a status.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{Hook, TOO_LONG};
use crate::juju::{RelationId, UnitName};
use crate::wire::{CertRequest, Features, Refusal};

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

/// The requests of all units of an endpoint, by relation and unit number. Units that ask for nothing are left out.
pub fn get_cert_requests<'a>(hook: &'a Hook, endpoint: &str) -> Result<Vec<Request<'a>>> {
    let units = hook.state.view.units(endpoint)?.into_iter();
    Ok(units
        .filter_map(|(relation, unit, bag)| {
            let text = bag.get("cert-request")?;
            let parsed = match text.strip_prefix(TOO_LONG) {
                Some(length) => {
                    Err(Refusal { field: "cert-request".to_owned(), reason: format!("too long: {length}") })
                }
                None => CertRequest::parse(text).transpose()?,
            };
            Some(Request { relation, unit, text, parsed })
        })
        .collect())
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
