//! nginx as a service of the machine: it starts with the machine, and again when it dies.

use anyhow::{Context as _, Result};

use super::{Paths, Server};
use crate::host::{Command, Host, Owner};

/// Makes systemd know our service as it should be. One that runs goes on as it was started.
pub(super) fn keep(host: &Host, paths: &Paths, server: &Server) -> Result<()> {
    let program = host
        .find_program("nginx")
        .context("cannot find nginx on PATH: install it with `apt-get install nginx`")?;
    let text = text(paths, server, &program.to_string_lossy());
    if host.write_if_different(&paths.service_file(), text.as_bytes(), 0o644, Owner::Us)? {
        systemctl(host, ["daemon-reload"])?;
    }
    Ok(())
}

/// Starts it; what nginx said, if it refuses.
pub(super) fn start(host: &Host, paths: &Paths) -> Result<Option<String>> {
    let (service, log) = (paths.service(), paths.error_log());
    let logged = host.size(&log)?;
    // After too many failures systemd would not even try.
    host.run(&Command::new("systemctl").args(["reset-failed", &service]))?;
    let output = host.run(&Command::new("systemctl").args(["start", &service]))?;
    if output.status.success() {
        return Ok(None);
    }
    // systemd would try again by itself, at a time that nobody expects.
    systemctl(host, ["stop", &service])?;
    let said = host.read_from(&log, logged)?;
    Ok(Some(if said.is_empty() { journal(host, &service)? } else { said }))
}

/// What systemd says of a service that nginx' own log says nothing of: it did not even come to start it.
fn journal(host: &Host, service: &str) -> Result<String> {
    let journal =
        Command::new("journalctl").args(["--unit", service, "--lines=8", "--output=cat", "--no-pager"]);
    let said = host
        .run_ok(&journal)
        .context("systemd did not start nginx, and its journal cannot be read for the reason")?
        .stdout;
    Ok(String::from_utf8_lossy(&said)
        .lines()
        .find(|line| line.contains("Failed "))
        .unwrap_or_default()
        .to_owned())
}

/// Lets the service start with the machine.
pub(super) fn enable(host: &Host, paths: &Paths) -> Result<()> {
    let service = paths.service();
    if host.link_target(&paths.enabling_link(&service))?.is_some() {
        return Ok(());
    }
    systemctl(host, ["enable", &service])
}

/// Ends it, for this run of the machine and the next ones. Does nothing where there is no such service.
pub(super) fn stop(host: &Host, paths: &Paths) -> Result<()> {
    if host.mode(&paths.service_file())?.is_none() {
        return Ok(());
    }
    systemctl(host, ["disable", "--now", &paths.service()])
}

/// Lets systemd forget the stopped service.
pub(super) fn forget(host: &Host, paths: &Paths) -> Result<()> {
    if host.mode(&paths.service_file())?.is_none() {
        return Ok(());
    }
    host.remove(&paths.service_file())?;
    systemctl(host, ["daemon-reload"])
}

pub(in crate::proxy) fn systemctl<const N: usize>(host: &Host, args: [&str; N]) -> Result<()> {
    host.run_ok(&Command::new("systemctl").args(args)).context("cannot tell systemd what to do")?;
    Ok(())
}

/// The service for systemd.
///
/// The master must stay root: it opens ports and keys, starts workers as another user, and ends them. After a rotation
/// its logs belong to the workers, hence `CAP_DAC_OVERRIDE`.
fn text(paths: &Paths, server: &Server, program: &str) -> String {
    let error_log = if server.version.can_name_error_log() {
        format!(" -e {}", paths.error_log().display())
    } else {
        String::new()
    };
    format!(
        "# Written by the charm ssl-termination. What is changed here by hand is lost.
[Unit]
Description=TLS termination with nginx ({name})
Documentation=man:nginx(8)
After=network.target
StartLimitIntervalSec=300
StartLimitBurst=20

[Service]
Type=forking
PIDFile={pid}
RuntimeDirectory={run}
ExecStart={program}{error_log} -c {conf}
ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
KillMode=mixed
KillSignal=SIGQUIT
TimeoutStartSec=60
TimeoutStopSec=10
Restart=on-failure
RestartSec=200ms
LimitNOFILE=16384

ProtectSystem=strict
ReadWritePaths={bodies} {log}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0027

[Install]
WantedBy=multi-user.target
",
        name = paths.name(),
        pid = paths.pid().display(),
        run = paths.run.strip_prefix("/run").unwrap_or(&paths.run).display(),
        conf = paths.nginx_conf().display(),
        bodies = paths.bodies().display(),
        log = paths.log.display(),
        capabilities = "CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::nginx::tests::server;

    #[test]
    fn a_service_that_may_do_what_nginx_must() {
        let paths = Paths::new(&Host::new("/", ""), &"proxy/0".parse().unwrap()).unwrap();
        expect_test::expect_file!["tests/texts/service.txt"].assert_eq(&text(
            &paths,
            &server(),
            "/usr/sbin/nginx",
        ));
        let old = Server { version: crate::proxy::nginx::Version::new(1, 18, 0), ..server() };
        let started = text(&paths, &old, "/usr/sbin/nginx");
        assert!(
            started.contains("ExecStart=/usr/sbin/nginx -c /etc/ssl-termination/proxy-0/conf/nginx.conf\n"),
            "{started}"
        );
    }
}
