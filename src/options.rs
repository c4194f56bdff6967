//! The charm's configuration, as types that hold only what can be used.

use std::str::FromStr;

mod acme;
mod domains;

pub use acme::{Acme, External, HmacKey, hmac_key};
pub use domains::Domains;

use anyhow::Result;
use serde_json::{Map, Value};

use crate::cert::signing::KeyKind;
use crate::cert::{Source, Wish};
use crate::interface::Hook;
use crate::wire::{Composed, Email, Fqdn, Network, NetworkError, Protection, Reason, SecretUri, Website};

/// Under which name the last configuration that could be used is kept.
const LAST_GOOD: &str = "options";

/// Takes the configuration into use, if it can be used. Otherwise the one before it stays in force.
pub fn take(hook: &mut Hook) -> Result<()> {
    let config = hook.state.view.config()?;
    match Options::parse(&config) {
        Ok(_) => hook.state.keep(LAST_GOOD, &config)?,
        Err(malformed) => log::warn!("{malformed}: the configuration before this one stays in force"),
    }
    Ok(())
}

/// The last configuration that could be used; nothing before there was one.
pub fn in_force(hook: &Hook) -> Result<Option<Options>> {
    let config: Option<Map<String, Value>> = hook.state.kept(LAST_GOOD)?;
    Ok(config.and_then(|config| Options::parse(&config).ok()))
}

/// What is wrong with the configuration as it is now.
pub fn malformed(hook: &Hook) -> Result<Option<Malformed>> {
    Ok(Options::parse(&hook.state.view.config()?).err())
}

/// What the operator has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The names of our own site.
    pub fqdns: Vec<Fqdn>,
    /// Who may see it; everyone if none.
    pub protection: Option<Protection>,
    /// Whether the content of a secret may be sent as text to a proxy that does not take secrets.
    pub credentials_as_text: bool,
    /// Whom a certificate authority may write to.
    pub contact_email: Option<Email>,
    /// Directives for our own site, one each.
    pub nginx_config: Vec<String>,
    /// Where visitors without TLS arrive, to be sent on.
    pub http_port: u16,
    /// Where visitors with TLS arrive.
    pub https_port: u16,
    /// Whether upstreams may lie on loopback and link-local addresses.
    pub allow_local_upstreams: bool,
    /// Senders whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Which applications may have which names.
    pub allowed_domains: Domains,
    /// Secrets with certificates of the operator's own.
    pub certificate_secrets: Vec<SecretUri>,
    /// What kind of key the application at the endpoint `certificates` is asked with.
    pub certificate_key: KeyKind,
    /// Where certificates are to come from.
    pub certificate_source: Wish,
    /// The ACME server, if that is the source.
    pub acme: Acme,
}

/// An option that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("option {option}: {reason}")]
pub struct Malformed {
    /// Its name.
    pub option: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fqdns: Vec::new(),
            protection: None,
            credentials_as_text: false,
            contact_email: None,
            nginx_config: Vec::new(),
            http_port: 80,
            https_port: 443,
            allow_local_upstreams: false,
            trusted_proxies: Vec::new(),
            allowed_domains: Domains::default(),
            certificate_secrets: Vec::new(),
            certificate_key: KeyKind::P256,
            certificate_source: Wish::Auto,
            acme: Acme::default(),
        }
    }
}

impl Options {
    /// Reads what config-get says; the first option that cannot be used is named.
    pub fn parse(config: &Map<String, Value>) -> std::result::Result<Self, Malformed> {
        let text = |option: &str| config.get(option).and_then(Value::as_str).unwrap_or_default().trim();

        let flag = |option: &str| config.get(option).and_then(Value::as_bool).unwrap_or_default();

        let options = Self {
            fqdns: text("fqdns")
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, Reason>>()
                .map_err(refused("fqdns"))?,
            protection: protection(text("credentials")).map_err(refused("credentials"))?,
            credentials_as_text: flag("credentials-as-text"),
            contact_email: optional(text("contact-email")).map_err(refused("contact-email"))?,
            nginx_config: text("nginx-config")
                .split(';')
                .map(|directive| directive.trim().to_owned())
                .filter(|directive| !directive.is_empty())
                .collect(),
            http_port: port(config, "http-port", Self::default().http_port)?,
            https_port: port(config, "https-port", Self::default().https_port)?,
            allow_local_upstreams: flag("allow-local-upstreams"),
            trusted_proxies: text("trusted-proxies")
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, NetworkError>>()
                .map_err(refused("trusted-proxies"))?,
            allowed_domains: text("allowed-domains").parse().map_err(refused("allowed-domains"))?,
            certificate_secrets: text("certificate-secrets")
                .split_whitespace()
                .map(str::parse)
                .collect::<Result<_, Reason>>()
                .map_err(refused("certificate-secrets"))?,
            certificate_key: text("certificate-key").parse().map_err(refused("certificate-key"))?,
            certificate_source: text("certificate-source").parse().map_err(refused("certificate-source"))?,
            acme: Acme::parse(config)?,
        };
        if options.certificate_source == Wish::Only(Source::Acme) && !options.acme.is_agreed {
            let reason =
                "must be true for certificate-source=acme: it says that you agree to the server's terms";
            return Err(Malformed { option: "acme-agree-tos", reason: reason.to_owned() });
        }
        if options.http_port == options.https_port {
            let reason = format!("{} is the http-port too: they must differ", options.https_port);
            return Err(Malformed { option: "https-port", reason });
        }
        let level = text("log-level");
        if !level.is_empty() && level.parse::<log::LevelFilter>().is_err() {
            let reason = format!("{level:?} is none of error, warn, info, debug, trace, off");
            return Err(Malformed { option: "log-level", reason });
        }
        Ok(options)
    }

    /// The request for our own names in front of these web servers; none without names or web servers.
    pub fn request(&self, websites: &[Website]) -> Option<Composed> {
        if websites.is_empty() {
            return None;
        }
        let mut request = Composed::new(self.fqdns.iter().cloned()).ok()?;
        request.contact_email.clone_from(&self.contact_email);
        request.protection.clone_from(&self.protection);
        request.upstreams = websites.iter().cloned().map(Into::into).collect();
        request.nginx_config.clone_from(&self.nginx_config);
        Some(request)
    }
}

fn refused<E: ToString>(option: &'static str) -> impl Fn(E) -> Malformed {
    move |reason| Malformed { option, reason: reason.to_string() }
}

fn protection(text: &str) -> std::result::Result<Option<Protection>, Reason> {
    if text.starts_with(SecretUri::SCHEME) {
        return text.parse().map(|secret| Some(Protection::Secret(secret)));
    }
    Ok(optional(text)?.map(Protection::Text))
}

fn optional<T: FromStr<Err = Reason>>(text: &str) -> std::result::Result<Option<T>, Reason> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

fn port(
    config: &Map<String, Value>,
    option: &'static str,
    default: u16,
) -> std::result::Result<u16, Malformed> {
    let Some(value) = config.get(option) else { return Ok(default) };
    let port = value.as_f64().filter(|port| port.fract() == 0.0 && (1.0..=65535.0).contains(port));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked the line before")]
    port.map(|port| port as u16).ok_or_else(|| Malformed {
        option,
        reason: format!("{value} is not a port: it must be from 1 to 65535"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(config: Value) -> std::result::Result<Options, Malformed> {
        let Value::Object(config) = config else { panic!() };
        Options::parse(&config)
    }

    #[test]
    fn unset_options_are_the_defaults() {
        let options = parse(json!({})).unwrap();
        assert_eq!((options.http_port, options.https_port), (80, 443));
        assert!(options.fqdns.is_empty() && options.protection.is_none() && !options.allow_local_upstreams);
    }

    #[test]
    fn options_become_types() {
        let options = parse(json!({
            "fqdns": " a.example.com  b.example.com ", "credentials": "ann pa55", "nginx-config": "gzip on; etag off;",
            "http-port": 8080, "https-port": 8443.0, "trusted-proxies": "10.0.0.0/8 ::1",
        }))
        .unwrap();
        assert_eq!(options.fqdns.len(), 2);
        assert_eq!(options.nginx_config, ["gzip on", "etag off"]);
        assert_eq!(options.https_port, 8443);
        assert_eq!(
            options.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.0/8", "::1/128"]
        );
    }

    #[test]
    fn a_malformed_option_is_named() {
        let cases = [
            (json!({"http-port": 0}), "option http-port: 0 is not a port: it must be from 1 to 65535"),
            (json!({"https-port": 80}), "option https-port: 80 is the http-port too: they must differ"),
            (
                json!({"trusted-proxies": "10/8"}),
                "option trusted-proxies: not an IP address or network such as 10.0.0.0/8: \"10/8\"",
            ),
            (
                json!({"trusted-proxies": "10.0.0.0/33"}),
                "option trusted-proxies: not an IP address or network such as 10.0.0.0/8: \"10.0.0.0/33\"",
            ),
            (
                json!({"log-level": "loud"}),
                "option log-level: \"loud\" is none of error, warn, info, debug, trace, off",
            ),
            (
                json!({"certificate-source": "acme"}),
                "option acme-agree-tos: must be true for certificate-source=acme: it says that you agree to the server's terms",
            ),
            (
                json!({"certificate-source": "letsencrypt"}),
                "option certificate-source: \"letsencrypt\" is none of auto, acme, certificates, self-signed",
            ),
            (json!({"certificate-key": "dsa"}), "option certificate-key: \"dsa\" is none of p256, rsa"),
            (
                json!({"acme-server": "http://acme.example"}),
                "option acme-server: not a URL such as https://acme.example/directory: \"http://acme.example\"",
            ),
            (json!({"acme-ca": "x"}), "option acme-ca: holds no PEM certificate"),
            (
                json!({"acme-eab-key-id": "x"}),
                "option acme-eab-hmac-key: must be set together with acme-eab-key-id",
            ),
            (
                json!({"acme-eab-key-id": "x", "acme-eab-hmac-key": "?"}),
                "option acme-eab-hmac-key: not in the base64url of ACME servers",
            ),
            (
                json!({"acme-eab-key-id": "x", "acme-eab-hmac-key": "secret:no"}),
                "option acme-eab-hmac-key: not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g",
            ),
        ];
        for (config, said) in cases {
            assert_eq!(parse(config).unwrap_err().to_string(), said);
        }
        for option in ["fqdns", "credentials", "contact-email"] {
            let Malformed { option: named, reason } = parse(json!({ option: "no;good" })).unwrap_err();
            assert_eq!(named, option);
            assert!(!reason.contains("no;good") || option != "credentials");
        }
    }
}
