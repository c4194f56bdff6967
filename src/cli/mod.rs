//! The same calls for people, and for charms in other languages. Run in a hook or through `juju exec`.

mod call;
mod certificates;
mod flag;
mod input;
mod target;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use serde_json::Value;

use self::target::Target;
use crate::host::Host;
use crate::interface::{Handler, Hook, Purpose};
use crate::juju::tool::status::Status;
use crate::juju::{Context, Environment, log};
use crate::reactive::{self, Flag};
use crate::{client, proxy};

/// Terminate TLS for related applications, and ask for it.
///
/// Juju runs this program as every hook. Under its own name it is a command line, for a hook's script or for
/// `juju exec --unit UNIT -- bin/ssl-termination …`. Each command first takes in the current hook (what related units
/// have published, and the flags that follow), if none has done so yet.
///
/// Exit codes: 0 done, or yes; 1 no; 2 an error.
#[derive(Debug, Parser)]
#[command(name = "ssl-termination", version, disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "--help prints it as it is")]
enum Command {
    /// Take in the current hook, and nothing else. Call it first in each hook of the endpoint, so that the flags stay
    /// true; the other commands do the same if it was not called.
    ///
    /// With an event's name this charm's own handlers run too: certificates-changed is what its ACME client says when
    /// there is something new.
    Hook {
        /// What has happened.
        event: Option<Happening>,
    },
    /// Look at flags and change them.
    #[command(subcommand)]
    Flag(flag::Command),
    /// Ask for TLS on an endpoint of the requires side. Sending what was sent before costs nothing.
    ///
    ///   ssl-termination send-cert-info --fqdn example.com --upstream 10.0.0.4:8080
    ///
    /// The request can also be a JSON object, from --file or standard input; {} withdraws it:
    ///
    ///   {"fqdn": ["example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": 8080}],
    ///    "credentials": "user password", "contact-email": "", "nginx-config": ["gzip on"]}
    ///
    /// Only fqdn must be there. In the place of credentials there may be "credentials-secret", the URI of a secret with the
    /// keys username and password that is granted to the relation, if every unit of the proxy lists credentials-secret
    /// under its key features: another proxy would open the site.
    ///
    /// What cannot be sent is an error that names the field and the rule; what was sent before
    /// stays.
    #[command(verbatim_doc_comment)]
    SendCertInfo {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        request: input::Request,
    },
    /// Exit with 0 if all that was asked for is served, with 1 if not; print it in a line that is fit for status-set.
    Ready(Target),
    /// Print what the proxy says: a JSON list with one report for each of its units.
    ///
    ///   [{"remote_unit_name": "proxy/0", "status": {"example.com": {"certificate": "self-signed", …}}}]
    ///
    /// A name at the top of status is served. "_pending" says of the others what they wait for, "_refused" which
    /// requests are refused and why, "_notes" what you should know of names that are served. A proxy of old prints a
    /// list of names. null: it has not answered.
    #[command(verbatim_doc_comment)]
    GetStatus(Target),
    /// Print what is asked for on an endpoint of the provides side: a JSON list with one request for each unit.
    ///
    ///   [{"juju_unit": "blog/0", "fqdn": ["example.com"], "upstreams": […], …}]
    ///
    /// One that cannot be used has "refused" besides, with the field and the reason.
    #[command(verbatim_doc_comment)]
    GetCertRequests(Target),
    /// Answer on an endpoint of the provides side. The status is any JSON value, from --file or standard input.
    ///
    ///   {"example.com": {"certificate": "manual"}, "_pending": {"blog.example.com": "no certificate yet"}}
    ///
    /// A name at the top is served. Send each relation its own: --relation.
    #[command(verbatim_doc_comment)]
    SendStatus {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        answer: input::Answer,
    },
    /// Print what would be served, what would change and why; change nothing.
    Plan,
    /// Certificates from an ACME server.
    #[command(subcommand)]
    Certificates(certificates::Command),
}

/// What can happen to this charm that is no hook of Juju.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    CertificatesChanged,
}

impl std::str::FromStr for Happening {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        (text == "certificates-changed")
            .then_some(Self::CertificatesChanged)
            .ok_or("not certificates-changed")
    }
}

/// A charm's handlers and what its status says.
#[derive(Debug, Clone, Copy)]
pub struct Charm {
    /// The handler table.
    pub handlers: &'static [Handler],
    /// What `juju status` should say.
    pub status: fn(&Hook) -> Result<Option<Status>>,
}

/// Runs one command line; gives the exit code.
pub fn run(environment: &Environment, charm: Charm) -> ExitCode {
    log::start(log::Reader::Person);
    let host = Host::new(&environment.root, &environment.path);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match command(cli.command, &host, &environment.program, charm) {
        Ok(yes) => ExitCode::from(u8::from(!yes)),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Does what was asked; says no only to a question.
fn command(command: Command, host: &Host, program: &str, charm: Charm) -> Result<bool> {
    let context = || Context::read(program);
    let begin_in = |context| Hook::open(host.clone(), context, Purpose::CommitWithoutOptions);
    let begin = || begin_in(context()?);
    match command {
        Command::Certificates(command) => certificates::run(command, host, program).map(|()| true),
        Command::Hook { event: None } => begin()?.commit(None).map(|()| true),
        Command::Hook { event: Some(Happening::CertificatesChanged) } => {
            let mut hook = Hook::open(host.clone(), context()?, Purpose::Commit)?;
            hook.flags().set(Flag::hook("certificates-changed"));
            reactive::run(charm.handlers, &mut hook, Hook::flags)?;
            let status = (charm.status)(&hook)?;
            hook.commit(status).map(|()| true)
        }
        Command::Flag(command) => flag::run(&command, begin()?),
        Command::Plan => {
            let hook = Hook::open(host.clone(), context()?, Purpose::Peek)?;
            let lines = [proxy::explain(&hook)?, client::explain(&hook)?].concat();
            lines.iter().try_for_each(|line| say(line)).map(|()| true)
        }
        Command::SendCertInfo { target, request } => {
            // Outside a hook nobody is to wait for input in vain.
            let (context, read) = (context()?, request.read(host)?);
            call::send_cert_info(&target, begin_in(context)?, &request, read).map(|()| true)
        }
        Command::Ready(target) => call::ready(&target, begin()?),
        Command::SendStatus { target, answer } => {
            let (context, status) = (context()?, answer.read(host)?);
            call::send_status(&target, begin_in(context)?, status.as_ref()).map(|()| true)
        }
        Command::GetStatus(target) => call::get_status(&target, begin()?).map(|()| true),
        Command::GetCertRequests(target) => call::get_cert_requests(&target, begin()?).map(|()| true),
    }
}

fn print(value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value).context("cannot write the result as JSON")?;
    say(&text)
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
