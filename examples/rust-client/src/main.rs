//! A charm that asks for TLS in front of its own unit.

use std::process::ExitCode;

use ssl_termination::wire::Composed;
use ssl_termination::{Flag, Handler, Hook, Result, requires};

const HANDLERS: &[Handler] = &[
    Handler::new("ask", &["endpoint.tls.available"], &[], ask),
    Handler::new("take note", &["endpoint.tls.update"], &[], take_note),
];

fn main() -> ExitCode {
    ssl_termination::main(HANDLERS, |hook| requires::outcome(hook, "tls"))
}

/// Composed anew in every hook, since the address may change; what is published already is not written again.
fn ask(hook: &mut Hook) -> Result<()> {
    let mut request = Composed::new(["rust.example.com".parse()?])?;
    request.upstreams.push(requires::own_upstream(hook, "tls", "8080".parse()?)?);
    requires::send_cert_info(hook, "tls", Some(&request))
}

/// The status is made anew in every hook, from what the proxy says.
fn take_note(hook: &mut Hook) -> Result<()> {
    hook.flags().clear(&Flag::update("tls"));
    Ok(())
}
