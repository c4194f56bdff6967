//! What nginx says when it refuses something: pure readings of its words.

use super::holder::Holder;
use super::parts::Named;
use super::{Paths, Server};
use crate::host::ProcessId;
use crate::proxy::Obstacle;
use crate::wire::Fqdn;

/// The first error, in short: what is wrong, without folders and without the programs' names.
pub(super) fn reason(said: &str) -> String {
    const LONGEST: usize = 200;
    let error = emergencies(said).next().or_else(|| said.lines().last()).unwrap_or("it did not say why");
    let error = error.rsplit_once(" in /").map_or(error, |(error, _)| error);
    without_folders(error).chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The sites whose files are named in what was said.
pub(super) fn culprits(said: &str, paths: &Paths, sites: &[Named<'_>]) -> Vec<Fqdn> {
    let Some(error) = emergencies(said).next() else { return Vec::new() };
    let names = |one: &&Named<'_>| {
        let file = format!("{}:", paths.live().join(&one.name).display());
        error.contains(&file)
            || one.site.certificates.iter().any(|one| error.contains(&format!("\"{}\"", one.pem.display())))
    };
    sites.iter().filter(names).map(|one| one.site.id.clone()).collect()
}

/// A port that nginx cannot open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClosedPort {
    /// Its number.
    pub(super) port: u16,
    option: &'static str,
    why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Taken,
    RootOnly,
    Other(String),
}

impl ClosedPort {
    /// What a person must do. `holder`: who has the port, if it is known.
    pub(super) fn obstacle(&self, holder: Option<&Holder>) -> Obstacle {
        let Self { port, option, why } = self;
        let other = format!("set another {option}");
        Obstacle(match (why, holder) {
            (Why::Taken, Some(holder @ Holder::Unit(_))) => {
                format!("port {port} is used by {holder}: {other}")
            }
            (Why::Taken, Some(holder)) => format!("port {port} is used by {holder}: stop it or {other}"),
            (Why::Taken, None) => format!(
                "port {port} is used by another program: stop that program (`ss -ltnp` shows it) or {other}"
            ),
            (Why::RootOnly, _) => {
                format!("port {port} can be opened by root only: set an {option} of 1024 or more")
            }
            (Why::Other(what), _) => format!("port {port} cannot be opened ({what}): {other}"),
        })
    }
}

/// Which port could not be opened and why; nothing if nginx complains of something else.
pub(super) fn closed_port(said: &str, server: &Server) -> Option<ClosedPort> {
    let (_, rest) = said.split_once("bind() to ")?;
    let (address, rest) = rest.split_once(" failed (")?;
    let port = address.rsplit_once(':')?.1.parse().ok()?;
    let (number, what) = rest.split_once(')')?.0.split_once(": ")?;
    let option = if port == server.http_port { "http-port" } else { "https-port" };
    let why = match number {
        "98" => Why::Taken,
        "13" => Why::RootOnly,
        _ => Why::Other(what.to_owned()),
    };
    Some(ClosedPort { port, option, why })
}

/// Why nginx could not take a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// A port is closed to it.
    Port(ClosedPort),
    /// Anything else, in its words.
    Other(String),
}

/// What kept nginx from starting, from what it has said.
pub(super) fn failed_start(said: &str, server: &Server) -> Failure {
    let other = || Failure::Other(format!("cannot start nginx: {}", reason(said)));
    closed_port(said, server).map_or_else(other, Failure::Port)
}

/// Why the master could not take a new configuration, from what has come into its error log since it was told to;
/// nothing while it may still succeed.
pub(super) fn failed_reload(log: &str, master: ProcessId, server: &Server) -> Option<Failure> {
    // Visitors write into this log too: only what stands at the very beginning of a line is nginx's own.
    let sender = format!(" [emerg] {master}#");
    let of_master =
        |line: &&str| line.get(DATE.len()..).is_some_and(|rest| rest.starts_with(&sender)) && is_dated(line);
    let own: Vec<&str> = log.lines().filter(of_master).flat_map(emergencies).collect();
    let tries_again = |line: &&&str| !line.starts_with("bind() to ");
    let last = own.iter().find(tries_again)?;
    let port = closed_port(&own.join("\n"), server).map(Failure::Port);
    port.or_else(|| Some(Failure::Other(reason(last))))
}

/// How a line of the log begins.
const DATE: &str = "0000/00/00 00:00:00";

fn is_dated(line: &str) -> bool {
    line.bytes()
        .zip(DATE.bytes())
        .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
}

/// The errors for which nginx gives up: what comes after `[emerg] ` and, in a log, the number of the process.
fn emergencies(said: &str) -> impl Iterator<Item = &str> {
    said.lines().filter_map(|line| {
        let text = line.split_once("[emerg] ")?.1;
        match text.split_once(": ") {
            Some((number, text)) if number.bytes().all(|b| b.is_ascii_digit() || b == b'#') => Some(text),
            _ => Some(text),
        }
    })
}

/// Leaves the last part of each absolute path.
fn without_folders(text: &str) -> String {
    let mut short = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        let before = &rest[..start];
        let end = rest[start..]
            .find(|c: char| !c.is_ascii_alphanumeric() && !"/._-".contains(c))
            .map_or(rest.len(), |length| start + length);
        short.push_str(before);
        let path = &rest[start..end];
        let is_absolute = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
        short.push_str(if is_absolute { path.rsplit('/').next().unwrap_or(path) } else { path });
        rest = &rest[end..];
    }
    short + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::Source;
    use crate::host::Host;
    use crate::proxy::nginx::tests::server;
    use crate::proxy::nginx::{Certificate, Site, parts};

    #[test]
    fn reasons_are_short_and_name_no_folder() {
        for (said, expected) in [
            (
                "nginx: [warn] whatever\nnginx: [emerg] unknown directive \"bogus\" in /srv/conf.new/sites/a.conf:1\nnginx: configuration file /srv/x test failed",
                "unknown directive \"bogus\"",
            ),
            (
                "nginx: [emerg] cannot load certificate \"/srv/a.pem\": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(/srv/a.pem, r))",
                "cannot load certificate \"a.pem\": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(a.pem, r))",
            ),
            ("nginx: [emerg] bad 10.0.0.0/8 word", "bad 10.0.0.0/8 word"),
            ("segfault", "segfault"),
            ("", "it did not say why"),
        ] {
            assert_eq!(reason(said), expected);
        }
    }

    #[test]
    fn the_site_is_found_by_its_file_or_its_certificate() {
        let paths = Paths::new(&Host::new("/srv", ""), &"proxy/0".parse().unwrap()).unwrap();
        let sites = ["a.example", "aa.example"].map(|name| {
            let id = name.parse().unwrap();
            Site {
                certificates: vec![Certificate {
                    names: Vec::new(),
                    pem: paths.certificates.pair(Source::SelfSigned, &id),
                    digest: String::new(),
                }],
                upstreams: Vec::new(),
                directives: Vec::new(),
                passwords: None,
                id,
            }
        });
        let named = parts::of_sites(&server(), &sites);
        let found = |said: &str| -> Vec<String> {
            culprits(said, &paths, &named).iter().map(ToString::to_string).collect()
        };
        let folder = "/srv/etc/ssl-termination/proxy-0/conf";
        let part = &named[1].name;
        assert_eq!(found(&format!("nginx: [emerg] x in {folder}/{part}:3\n")), ["aa.example"]);
        let pem = &sites[0].certificates[0].pem;
        assert_eq!(
            found(&format!("nginx: [emerg] cannot load certificate \"{}\": x", pem.display())),
            ["a.example"]
        );
        assert!(found(&format!("nginx: [emerg] x in {folder}/nginx.conf:3\n")).is_empty());
    }

    #[test]
    fn a_closed_port_is_named_with_its_option() {
        let said = |error: &str| format!("nginx: [emerg] bind() to {error}\n");
        let told = |error: &str, holder: Option<&Holder>| {
            closed_port(&said(error), &server()).map(|closed| closed.obstacle(holder).to_string())
        };
        let port = |error: &str| told(error, None);
        let taken = |holder: Holder| told("0.0.0.0:443 failed (98: Address already in use)", Some(&holder));
        assert_eq!(
            taken(Holder::Unit("edge/0".parse().unwrap())).unwrap(),
            "port 443 is used by the unit edge/0 on this machine: set another https-port"
        );
        assert_eq!(
            taken(Holder::Program("apache2".to_owned(), 12)).unwrap(),
            "port 443 is used by apache2 (process 12): stop it or set another https-port"
        );
        assert_eq!(
            port("0.0.0.0:80 failed (98: Address already in use)").unwrap(),
            "port 80 is used by another program: stop that program (`ss -ltnp` shows it) or set another http-port"
        );
        assert_eq!(
            port("[::]:443 failed (13: Permission denied)").unwrap(),
            "port 443 can be opened by root only: set an https-port of 1024 or more"
        );
        assert_eq!(port("nothing"), None);
    }

    #[test]
    fn a_reload_has_failed_when_the_master_gave_up() {
        let line = |pid: u32, text: &str| format!("2026/11/24 07:50:27 [emerg] {pid}#{pid}: {text}\n");
        let taken = line(7, "bind() to 0.0.0.0:443 failed (98: Address already in use)");
        let failed = |log: &str| {
            failed_reload(log, 7, &server()).map(|failure| match failure {
                Failure::Port(closed) => closed.obstacle(None).to_string(),
                Failure::Other(why) => why,
            })
        };
        assert_eq!(failed(&taken), None);
        assert_eq!(failed(&line(77, "unknown directive")), None);
        assert!(
            failed(&(taken + &line(7, "still could not bind()"))).unwrap().starts_with("port 443 is used")
        );
        assert_eq!(failed(&line(7, "unknown directive \"x\" in /a/b:1")).unwrap(), "unknown directive \"x\"");
    }
}
