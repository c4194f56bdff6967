use serde_json::Value;

use crate::wire::excerpt::one_line;
use crate::wire::{Fqdn, Reason};

/// How much of the list of domains is shown, in characters.
const MAX_SHOWN: usize = 100;

/// What a provider says it can issue, as far as it matters for names. What it does not say is not known: it is no
/// "no".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The domains for which it issues certificates; none said, or an empty list, for all.
    pub allowed_domains: Vec<String>,
    /// Whether names below those domains are among them.
    pub supports_subdomain: Option<bool>,
}

impl Capabilities {
    /// Reads the value of the key; a member of another type than it should have counts as not there.
    pub(super) fn parse(value: &Value) -> Result<Self, Reason> {
        let Value::Object(members) = value else {
            return if value.is_null() {
                Ok(Self::default())
            } else {
                Err(Reason::expected("an object", value))
            };
        };
        let domains = members.get("allowed_domains").and_then(Value::as_array);
        let domain = |value: &Value| Some(value.as_str()?.trim_start_matches("*.").to_ascii_lowercase());
        Ok(Self {
            allowed_domains: domains.into_iter().flatten().filter_map(domain).collect(),
            supports_subdomain: members.get("supports_subdomain").and_then(Value::as_bool),
        })
    }

    /// Whether a certificate for the name can be asked for; otherwise why not.
    pub fn check(&self, name: &Fqdn) -> Result<(), String> {
        let subdomains = self.supports_subdomain != Some(false);
        let covers = |domain: &String| {
            let above = name.as_str().strip_suffix(domain.as_str());
            above.is_some_and(|rest| rest.is_empty() || (subdomains && rest.ends_with('.')))
        };
        if self.allowed_domains.is_empty() || self.allowed_domains.iter().any(covers) {
            return Ok(());
        }
        let domains = one_line(&self.allowed_domains.join(", "), MAX_SHOWN);
        let but = if subdomains { "" } else { " and not for names below them" };
        Err(format!("the certificate provider issues certificates for {domains} alone{but}"))
    }
}
