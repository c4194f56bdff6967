//! What a call sends: from options, a file or standard input.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::host::Host;
use crate::interface::{Hook, requires};
use crate::wire::Port;

/// A request, as options or as JSON.
#[derive(Debug, Args)]
pub(super) struct Request {
    #[command(flatten)]
    options: Options,
    /// Read the request from this file instead, a JSON object; - and nothing at all are standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "Options")]
    file: Option<PathBuf>,
    /// Ask for nothing any more.
    #[arg(long, conflicts_with_all = ["Options", "file"])]
    withdraw: bool,
}

#[derive(Debug, Args)]
#[group(multiple = true)]
struct Options {
    /// A name; all names share a certificate. May be given again, as --upstream and --nginx-config may.
    #[arg(long, value_name = "NAME")]
    fqdn: Vec<String>,
    /// Where a web server is. Without a host, as in :8080, on this unit.
    #[arg(long, value_name = "[HOST]:PORT", requires = "fqdn")]
    upstream: Vec<String>,
    /// A file with user, space and password, which visitors must know. (Arguments can be seen by everybody on the
    /// machine.)
    #[arg(long, value_name = "FILE", requires = "fqdn")]
    credentials_file: Option<PathBuf>,
    /// Where the certificate authority may write to.
    #[arg(long, value_name = "ADDRESS", requires = "fqdn")]
    contact_email: Option<String>,
    /// A directive for the site.
    #[arg(long, value_name = "DIRECTIVE", requires = "fqdn")]
    nginx_config: Vec<String>,
}

/// What was read for a request: its JSON, or the credentials for one that is in options.
pub(super) struct Read(String);

/// An answer, as JSON.
#[derive(Debug, Args)]
pub(super) struct Answer {
    /// Read the status from this file; - and nothing at all are standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Take the answer back.
    #[arg(long, conflicts_with = "file")]
    withdraw: bool,
}

impl Request {
    /// Reads what has to be read. That comes before the hook is begun: a command that writes to our standard input may
    /// be one of ours, and wait for the lock.
    pub(super) fn read(&self, host: &Host) -> Result<Read> {
        let credentials = self.options.credentials_file.as_deref();
        Ok(Read(match (credentials, self.options.fqdn.is_empty()) {
            _ if self.withdraw => "{}".to_owned(),
            (Some(path), false) => read(host, path, "credentials")?.trim_end_matches('\n').to_owned(),
            (None, false) => String::new(),
            (_, true) => json_text(host, self.file.as_deref(), "request", "--fqdn, --file or --withdraw")?,
        }))
    }

    /// The JSON text of the request.
    pub(super) fn text(&self, Read(text): Read, hook: &Hook, endpoint: &str) -> Result<String> {
        if self.options.fqdn.is_empty() {
            return Ok(text);
        }
        Ok(self.options.to_value(&text, hook, endpoint)?.to_string())
    }
}

impl Options {
    /// The request as the interface has it; whether it is one is seen when it is read.
    fn to_value(&self, credentials: &str, hook: &Hook, endpoint: &str) -> Result<Value> {
        let upstreams: Vec<Value> =
            self.upstream.iter().map(|text| upstream(hook, endpoint, text)).collect::<Result<_>>()?;
        Ok(json!({
            "fqdn": self.fqdn,
            "contact-email": self.contact_email,
            "credentials": credentials,
            "upstreams": upstreams,
            "nginx-config": self.nginx_config,
        }))
    }
}

impl Answer {
    /// The status, read before the hook is begun too; nothing to take back what was said.
    pub(super) fn read(&self, host: &Host) -> Result<Option<Value>> {
        if self.withdraw {
            return Ok(None);
        }
        let text = json_text(host, self.file.as_deref(), "status", "--file or --withdraw")?;
        serde_json::from_str(&text).context("the status cannot be sent: it is not JSON").map(Some)
    }
}

fn upstream(hook: &Hook, endpoint: &str, text: &str) -> Result<Value> {
    let (host, port) = text
        .rsplit_once(':')
        .with_context(|| format!("--upstream {text}: give host and port, as in 10.0.0.4:8080, or :8080"))?;
    if host.is_empty() {
        let port: Port = port.parse().with_context(|| format!("--upstream {text}"))?;
        let own = requires::own_upstream(hook, endpoint, port)?;
        return Ok(json!({"hostname": own.host.to_string(), "port": port.to_string()}));
    }
    Ok(json!({"hostname": host, "port": port}))
}

fn json_text(host: &Host, file: Option<&Path>, what: &str, instead: &str) -> Result<String> {
    if let Some(path) = file.filter(|path| *path != Path::new("-")) {
        return read(host, path, what);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read the {what} from standard input"))?;
    ensure!(
        !text.trim().is_empty(),
        "the {what} is expected on standard input, as JSON, or else {instead}; nothing came"
    );
    Ok(text)
}

fn read(host: &Host, path: &Path, what: &str) -> Result<String> {
    let bytes = host
        .read(path)?
        .with_context(|| format!("the file for the {what}, {}, is missing", path.display()))?;
    ensure!(!bytes.trim_ascii().is_empty(), "the file for the {what}, {}, is empty", path.display());
    String::from_utf8(bytes)
        .with_context(|| format!("the file for the {what}, {}, is not UTF-8", path.display()))
}
