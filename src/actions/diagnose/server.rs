use anyhow::Result;

use super::Finding;
use crate::interface::Hook;
use crate::proxy::{Overview, nginx};

/// Whether nginx is there, runs, accepts its configuration, and has its ports.
pub(super) fn check(hook: &Hook, overview: &Overview) -> Result<Vec<Finding>> {
    let (host, options, paths) = (&hook.host, &overview.options, &overview.paths);
    let (http, https) = (options.http_port, options.https_port);
    let server = match nginx::Server::on(host, http, https, options.trusted_proxies.clone()) {
        Ok(server) => server,
        Err(error) => {
            let todo =
                "the next hook installs it; /var/log/ssl-termination has what the package manager said";
            return Ok(vec![Finding::fail("nginx", format!("{error:#}"), todo)]);
        }
    };
    let mut findings = vec![match nginx::refusal(host, paths, &server)? {
        None => Finding::ok("nginx", format!("version {} accepts its configuration", server.version)),
        Some(said) => Finding::fail(
            "nginx",
            format!("refuses its configuration: {said}"),
            "show-plan says which files were changed by hand; the next hook writes them anew",
        ),
    }];
    let log = paths.error_log().display().to_string();
    findings.push(match nginx::master(host, paths)? {
        Some(process) if overview.is_serving => Finding::ok("nginx", format!("runs as process {process}")),
        Some(process) => Finding::warn(
            "nginx",
            format!("runs as process {process}, with an older configuration"),
            format!("the next hook reloads it; see {log}"),
        ),
        None => Finding::fail(
            "nginx",
            "does not run",
            format!("the next hook starts it; see {log} for why it ended"),
        ),
    });
    for (port, option) in [(http, "http-port"), (https, "https-port")] {
        let about = format!("port {port}");
        findings.push(match nginx::listens(host, paths, port)? {
            Ok(()) => Finding::ok(about, "nginx listens; visitors come in after `juju expose`"),
            Err(None) => Finding::fail(about, "nobody listens", format!("see {log}")),
            Err(Some(other)) => Finding::fail(
                about,
                format!("{other} listens there"),
                format!("stop it or set another {option}"),
            ),
        });
    }
    Ok(findings)
}
