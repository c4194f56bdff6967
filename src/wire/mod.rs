//! What travels over relations, as types that can only hold valid values.
//!
//! Everything hostile is parsed here, once: who holds an [`Fqdn`] or a [`Credentials`] need not look at it
//! again, whether it goes into a configuration file or into a log. What is not valid becomes a [`Refusal`],
//! which names the field and the rule, and whose text is safe to publish and to show.
//!
//! This room does no I/O and knows neither Juju nor nginx: it sees text, JSON and bags of text. What an
//! address may be used for is decided by the proxy; here it is only classified ([`Locality`]).

mod cert_request;
mod credentials;
mod directive;
mod dns_name;
mod email;
mod excerpt;
mod features;
mod fqdn;
mod host_name;
#[cfg(test)]
mod hostile;
mod http;
pub mod json;
mod locality;
mod network;
mod port;
mod protection;
mod reason;
mod refusal;
mod secret_uri;
mod status;
pub mod tls_certificates;
mod upstream;
mod upstream_host;

pub use cert_request::{CertRequest, Composed};
pub use credentials::Credentials;
pub use directive::Directive;
pub use email::Email;
pub use features::Features;
pub use fqdn::Fqdn;
pub use host_name::HostName;
pub use http::Website;
pub use locality::Locality;
pub use network::{Network, NetworkError};
pub use port::Port;
pub use protection::Protection;
pub use reason::Reason;
pub use refusal::Refusal;
pub use secret_uri::SecretUri;
pub use status::{Answer, Published, Readiness, RefusedRequest, Served, readiness};
pub use upstream::Upstream;
pub use upstream_host::UpstreamHost;

/// A databag: all values are text. A sorted list, since it has few keys, and there are as many as there are units.
pub type Bag = litemap::LiteMap<String, String>;
