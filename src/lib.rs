//! The `ssl-termination` interface for Juju charms: an application asks for TLS in front of its web servers, a proxy
//! reads what is asked for and answers.
//!
//! A charm is a table of handlers that run when flags match, and a `main` that runs it as every hook:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use ssl_termination::wire::Composed;
//! use ssl_termination::{Flag, Handler, Hook, Result, requires};
//!
//! const HANDLERS: &[Handler] = &[
//!     Handler::new("ask", &["endpoint.tls.available"], &[], ask),
//!     Handler::new("listen", &["endpoint.tls.update"], &[], listen),
//! ];
//!
//! fn main() -> ExitCode {
//!     ssl_termination::main(HANDLERS, |hook| requires::outcome(hook, "tls"))
//! }
//!
//! fn ask(hook: &mut Hook) -> Result<()> {
//!     let mut request = Composed::new(["blog.example.com".parse()?])?;
//!     request.upstreams.push(requires::own_upstream(hook, "tls", "8080".parse()?)?);
//!     requires::send_cert_info(hook, "tls", Some(&request))
//! }
//!
//! fn listen(hook: &mut Hook) -> Result<()> {
//!     for report in requires::get_status(hook, "tls")? {
//!         log::info!("{}: {}", report.remote_unit_name, report.status.to_json());
//!     }
//!     hook.flags().clear(&Flag::update("tls"));
//!     Ok(())
//! }
//! ```
//!
//! # Flags
//!
//! | flag | is set | until |
//! | --- | --- | --- |
//! | `endpoint.NAME.available` | while there is a unit at the other side | it is gone |
//! | `endpoint.NAME.update` | when something was published, changed or withdrawn there, or a unit has gone | a handler clears it |
//! | `hook.NAME` | in the hook of that name, those of relations excepted: `hook.install`, `hook.config-changed` | the hook ends |
//! | `hook.anew` | in a hook in which nothing remembered of the outside can be relied on: after a refresh, a reboot, a hook that Juju did not commit | the hook ends |
//!
//! NAME is any endpoint of metadata.yaml with the interface `ssl-termination`, either side, `http` or `tls-certificates`, requires
//! side.
//! All other flags are the charm's own: they stay as they are set, and go back when Juju does not commit the hook.
//!
//! # Calls
//!
//! [`requires::send_cert_info`] and [`requires::get_status`] on the side that asks, [`provides::get_cert_requests`] and
//! [`provides::send_status`] on the side that answers. What is published already is not written again, so that a
//! handler may call them in every hook. What travels is in [`wire`]; docs/interface.md says when.
//!
//! # Cost
//!
//! A hook reads the one unit that it is about and remembers the others in `.state/` in the charm's folder. Juju from
//! 2.8 says at the start of each hook whether it has committed the one before; if not, flags and all go back with it.
//!
//! # Features
//!
//! `charm` (default) is the charm that this package is too: the proxy with nginx, the client, the command line. A charm
//! of your own does without: `default-features = false`.

#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod actions;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod cert;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod charm;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod client;
#[doc(hidden)]
pub mod host;
#[doc(hidden)]
pub mod interface;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod issuer;
#[doc(hidden)]
pub mod juju;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod options;
#[cfg(feature = "charm")]
#[doc(hidden)]
pub mod proxy;
#[doc(hidden)]
pub mod reactive;
pub mod wire;

#[doc(no_inline)]
pub use anyhow::Result;

#[doc(inline)]
pub use interface::{Handler, Hook, main, provides, requires, websites};
#[doc(inline)]
pub use juju::tool::status::{State, Status};
#[doc(inline)]
pub use juju::{Event, Lifecycle, NameError, RelationEvent, RelationId, RelationKind, UnitName};
#[doc(inline)]
pub use reactive::{Flag, FlagError, Flags};
