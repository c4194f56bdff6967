mod fields;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::{Map, Value};

use self::fields::{CREDENTIALS, NGINX_CONFIG, SECRET};
use super::directive::Directive;
use super::{Email, Fqdn, Protection, Reason, Refusal, Upstream, json};

/// What one unit asks for: names that share a certificate, and the servers behind them.
///
/// The value of the key `cert-request` in the unit bag of a client, a JSON object:
///
/// ```json
/// {"fqdn": ["example.com", "blog.example.com"], "contact-email": "", "credentials": "user pass",
///  "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}], "nginx-config": []}
/// ```
///
/// Only `fqdn` must be there. In the place of `credentials` there may be `credentials-secret`, the URI of a secret that
/// holds them. Other keys are ignored, `juju_unit` among them; of a key that is there twice the
/// last counts.
///
/// One that was read has [`Directive`]s, which are what they should be. One that is to be sent ([`Composed`]) has them
/// as text: the proxy that gets it is the one to judge them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertRequest<D = Directive> {
    fqdn: Vec<Fqdn>,
    /// Where the certificate authority may write to; on the wire "" for nowhere.
    pub contact_email: Option<Email>,
    /// What is asked of visitors; nothing is an open site.
    pub protection: Option<Protection>,
    /// The servers, in the client's order; none is a site that answers that it has none.
    pub upstreams: Vec<Upstream>,
    /// Directives for the location of the site in nginx.
    pub nginx_config: Vec<D>,
}

/// A request that is to be sent.
pub type Composed = CertRequest<String>;

impl<D> CertRequest<D> {
    /// A request for `fqdn`, at least one name, and nothing else; repeated names are dropped.
    pub fn new(fqdn: impl IntoIterator<Item = Fqdn>) -> Result<Self, Refusal> {
        let mut seen = HashSet::new();
        let fqdn: Vec<Fqdn> = fqdn.into_iter().filter(|name| seen.insert(name.clone())).collect();
        if fqdn.is_empty() {
            return Err(fields::at_least_one_name());
        }
        Ok(Self {
            fqdn,
            contact_email: None,
            protection: None,
            upstreams: Vec::new(),
            nginx_config: Vec::new(),
        })
    }

    fn object(text: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        const WHOLE: &str = "cert-request";
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > CertRequest::MAX_BYTES {
            return Err(Reason::new(format!("longer than {} bytes", CertRequest::MAX_BYTES)).at(WHOLE));
        }
        // Syntax errors of serde_json tell the place, and repeat nothing of the text.
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Reason::new(format!("not JSON: {error}")).at(WHOLE))?;
        match value {
            value if fields::is_nothing(&value) => Ok(None),
            Value::Object(object) => Ok(Some(object)),
            other => Err(Reason::expected("an object", &other).at(WHOLE)),
        }
    }

    /// The names, at least one, each once, in the client's order.
    pub fn fqdn(&self) -> &[Fqdn] {
        &self.fqdn
    }

    fn from_object(object: &Map<String, Value>, nginx_config: Vec<D>) -> Result<Self, Refusal> {
        let request = Self::new(fields::names(object)?)?;
        let contact_email = fields::optional(object, "contact-email")?;
        let protection = fields::protection(object)?;
        let upstreams = fields::upstreams(object)?;
        Ok(Self { contact_email, protection, upstreams, nginx_config, ..request })
    }
}

impl CertRequest {
    /// The longest request that is read, in bytes: some hundred times the longest that makes sense.
    pub const MAX_BYTES: usize = 256 * 1024;
    /// The most names in a request that is read, repeated ones too: what Let's Encrypt puts into one certificate.
    pub const MAX_NAMES: usize = 100;
    /// The most upstreams in a request that is read; one unit usually sends itself.
    pub const MAX_UPSTREAMS: usize = 256;

    /// Reads the text of a `cert-request`; `None` is no request, which is what `{} [] 0 null false ""` and no text
    /// mean. The first thing that is wrong refuses the whole.
    pub fn parse(text: &str) -> Result<Option<Self>, Refusal> {
        let Some(object) = Self::object(text)? else { return Ok(None) };
        let request = Self::from_object(&object, Vec::new())?;
        Ok(Some(Self { nginx_config: fields::directives(&object)?, ..request }))
    }
}

impl Composed {
    /// Reads the text of a request that is to be sent: as [`CertRequest::parse`] does, but whatever its directives are.
    pub fn compose(text: &str) -> Result<Option<Self>, Refusal> {
        let Some(object) = Self::object(text)? else { return Ok(None) };
        let nginx_config =
            fields::nginx_config(&object)?.into_iter().map(|(_, directive)| directive).collect();
        Self::from_object(&object, nginx_config).map(Some)
    }
}

impl<D: ToString> CertRequest<D> {
    /// The object as the Python original wrote it: what is missing is "", ports are strings; `nginx-config` and
    /// `credentials-secret` only where there is some.
    pub fn to_value(&self) -> Value {
        let mut object = Map::from_iter([
            (
                "contact-email".to_owned(),
                Value::String(self.contact_email.as_ref().map(Email::to_string).unwrap_or_default()),
            ),
            match &self.protection {
                None => (CREDENTIALS.to_owned(), Value::String(String::new())),
                Some(Protection::Text(text)) => (CREDENTIALS.to_owned(), Value::String(text.to_wire())),
                Some(Protection::Secret(secret)) => (SECRET.to_owned(), Value::String(secret.to_string())),
            },
            ("fqdn".to_owned(), self.fqdn.iter().map(Fqdn::as_str).collect()),
            ("upstreams".to_owned(), self.upstreams.iter().map(Upstream::to_value).collect()),
        ]);
        if !self.nginx_config.is_empty() {
            object.insert(NGINX_CONFIG.to_owned(), self.nginx_config.iter().map(D::to_string).collect());
        }
        Value::Object(object)
    }

    /// The text of a `cert-request`. It carries the password.
    pub fn to_wire(&self) -> String {
        json::to_string(&self.to_value())
    }
}
