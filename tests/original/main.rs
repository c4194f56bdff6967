//! The two charms with which the life of the Python original was recorded, written with this library: a proxy that
//! answers with all names that anybody asks for, and a client that asks once.
//!
//! One binary for both; which of them it is, metadata.yaml says. With a file `keep-update` in the charm's folder
//! nobody clears `update`.
#![allow(clippy::print_stdout, reason = "what the handlers saw is read from standard output")]

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use ssl_termination::wire::{CertRequest, Composed, Fqdn, json};
use ssl_termination::{Flag, Handler, Hook, Result, provides, requires};

const ENDPOINT: &str = "ssl-termination";
const SENT: &str = "request.sent";
const REQUEST: &str = r#"{"fqdn": ["a.example.com"], "contact-email": "", "credentials": "u p",
    "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#;

const PROXY: &[Handler] = &[
    Handler::new("somebody is there", &["endpoint.ssl-termination.available"], &[], available),
    Handler::new("answer", &["endpoint.ssl-termination.update"], &[], answer),
];

const CLIENT: &[Handler] = &[
    Handler::new("ask", &["endpoint.ssl-termination.available"], &[SENT], ask),
    Handler::new("listen", &["endpoint.ssl-termination.update"], &[], listen),
];

fn main() -> ExitCode {
    let metadata = std::fs::read_to_string("metadata.yaml").unwrap_or_default();
    let handlers = if metadata.contains("provides:") { PROXY } else { CLIENT };
    ssl_termination::main(handlers, |_| Ok(None))
}

#[expect(clippy::unnecessary_wraps, reason = "a handler")]
fn available(_: &mut Hook) -> Result<()> {
    println!("AVAILABLE");
    Ok(())
}

fn answer(hook: &mut Hook) -> Result<()> {
    let requests = provides::get_cert_requests(hook, ENDPOINT)?;
    let shown: Vec<Value> = requests.iter().map(provides::Request::to_json).collect();
    let accepted = requests.iter().filter_map(|request| request.parsed.as_ref().ok());
    let names: Value = accepted.flat_map(CertRequest::fqdn).map(Fqdn::as_str).collect();
    println!("UPDATE requests={}", json::to_string(&shown.into()));
    provides::send_status(hook, ENDPOINT, &names)?;
    clear_update(hook);
    Ok(())
}

fn ask(hook: &mut Hook) -> Result<()> {
    println!("AVAILABLE");
    println!("STATUS {}", reports(hook)?);
    let request = Composed::compose(REQUEST)?;
    requires::send_cert_info(hook, ENDPOINT, request.as_ref())?;
    hook.flags().set(SENT.parse()?);
    Ok(())
}

fn listen(hook: &mut Hook) -> Result<()> {
    println!("UPDATE status={}", reports(hook)?);
    clear_update(hook);
    Ok(())
}

fn reports(hook: &Hook) -> Result<String> {
    let reports = requires::get_status(hook, ENDPOINT)?;
    let report = |report: &requires::Report<'_>| json!({"status": report.status.to_json(), "remote_unit_name": report.remote_unit_name.to_string()});
    Ok(json::to_string(&reports.iter().map(report).collect()))
}

fn clear_update(hook: &mut Hook) {
    if !Path::new("keep-update").exists() {
        hook.flags().clear(&Flag::update(ENDPOINT));
    }
}
