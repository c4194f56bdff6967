//! The members of a request, each read into what it should be.

use serde_json::{Map, Value};

use super::CertRequest;
use crate::wire::directive::{self, Directive};
use crate::wire::{Fqdn, Protection, Reason, Refusal, Upstream};

pub(super) const CREDENTIALS: &str = "credentials";
pub(super) const SECRET: &str = "credentials-secret";
pub(super) const NGINX_CONFIG: &str = "nginx-config";

/// The most directives in a request that is read.
const MAX_DIRECTIVES: usize = 64;

/// What Python takes for false.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

pub(super) fn at_least_one_name() -> Refusal {
    Reason::new("at least one name is needed").at("fqdn")
}

pub(super) fn names(object: &Map<String, Value>) -> Result<Vec<Fqdn>, Refusal> {
    let Some(value) = present(object, "fqdn") else { return Err(at_least_one_name()) };
    list(value, "fqdn", CertRequest::MAX_NAMES)?
        .iter()
        .enumerate()
        .map(|(index, value)| parse_string(value).map_err(|reason| reason.at(format!("fqdn[{index}]"))))
        .collect()
}

pub(super) fn upstreams(object: &Map<String, Value>) -> Result<Vec<Upstream>, Refusal> {
    let Some(value) = present(object, "upstreams") else { return Ok(Vec::new()) };
    list(value, "upstreams", CertRequest::MAX_UPSTREAMS)?
        .iter()
        .enumerate()
        .map(|(index, value)| Upstream::parse(value, &format!("upstreams[{index}]")))
        .collect()
}

/// The texts of directives with their places: of a list, each element may hold several; of one string, each counts.
pub(super) fn nginx_config(object: &Map<String, Value>) -> Result<Vec<(usize, String)>, Refusal> {
    let bare = |text: &str| text.trim_matches([' ', '\t', '\r', '\n', ';']).to_owned();
    let parts = |text: &str| -> Vec<String> {
        directive::split(text).into_iter().map(bare).filter(|part| !part.is_empty()).collect()
    };
    match present(object, NGINX_CONFIG) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(parts(text).into_iter().enumerate().collect()),
        Some(Value::Array(list)) => {
            let mut all = Vec::new();
            for (index, element) in list.iter().enumerate() {
                let refuse = || Reason::expected("a string", element).at(format!("{NGINX_CONFIG}[{index}]"));
                let text = element.as_str().ok_or_else(refuse)?;
                all.extend(parts(text).into_iter().map(|part| (index, part)));
            }
            Ok(all)
        }
        Some(other) => Err(Reason::expected("a list of strings", other).at(NGINX_CONFIG)),
    }
}

/// The directives, each as what it should be; those that nginx takes once are there once.
pub(super) fn directives(object: &Map<String, Value>) -> Result<Vec<Directive>, Refusal> {
    let mut directives: Vec<Directive> = Vec::new();
    for (index, text) in nginx_config(object)? {
        let at = |reason: Reason| reason.at(format!("{NGINX_CONFIG}[{index}]"));
        if directives.len() == MAX_DIRECTIVES {
            return Err(at(Reason::new(format!("more than {MAX_DIRECTIVES} directives"))));
        }
        let directive: Directive = text.parse().map_err(at)?;
        if directives.iter().any(|other| other.excludes(&directive)) {
            return Err(at(Reason::new("it is there twice").about(directive.name())));
        }
        directives.push(directive);
    }
    directive::check(&directives).map_err(|reason| reason.at(NGINX_CONFIG))?;
    Ok(directives)
}

/// What is asked of visitors. Both a text and a secret are refused: one of them would be forgotten when it changes.
pub(super) fn protection(object: &Map<String, Value>) -> Result<Option<Protection>, Refusal> {
    match (optional(object, CREDENTIALS)?, optional(object, SECRET)?) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Protection::Text(text))),
        (None, Some(secret)) => Ok(Some(Protection::Secret(secret))),
        (Some(_), Some(_)) => Err(Reason::new("credentials are there too: one of them must go").at(SECRET)),
    }
}

/// A string member that may be missing, null or "".
pub(super) fn optional<T: std::str::FromStr<Err = Reason>>(
    object: &Map<String, Value>,
    field: &str,
) -> Result<Option<T>, Refusal> {
    match present(object, field) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value) => parse_string(value).map(Some).map_err(|reason| reason.at(field)),
    }
}

fn parse_string<T: std::str::FromStr<Err = Reason>>(value: &Value) -> Result<T, Reason> {
    match value {
        Value::String(text) => text.parse(),
        other => Err(Reason::expected("a string", other)),
    }
}

fn list<'a>(value: &'a Value, field: &str, limit: usize) -> Result<&'a [Value], Refusal> {
    match value {
        Value::Array(list) if list.len() > limit => {
            Err(Reason::new(format!("more than {limit} elements")).at(field))
        }
        Value::Array(list) => Ok(list),
        other => Err(Reason::expected("a list", other).at(field)),
    }
}

fn present<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}
