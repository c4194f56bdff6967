//! The running nginx: its master process, told things and waited for.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, bail};

use super::candidate::{limit, nginx};
use super::complaint::Failure;
use super::holder::Holder;
use super::{Paths, Server, complaint, service};
use crate::host::{Host, ProcessId, Signal};

/// How long requests at work may keep nginx from ending.
const GRACE: Duration = Duration::from_secs(10);

/// How long nginx may take to end when it must.
const END: Duration = Duration::from_secs(5);

/// The master process that serves our configuration. A number in the pid file alone is not believed: the process must
/// call itself nginx's master and name our configuration.
pub(super) fn master(host: &Host, paths: &Paths) -> Result<Option<ProcessId>> {
    let text = host.read(&paths.pid())?.unwrap_or_default();
    if let Ok(process) = String::from_utf8_lossy(&text).trim().parse()
        && is_master(host, paths, process)?
    {
        return Ok(Some(process));
    }
    // The pid file may be lost while nginx runs.
    for process in host.list(Path::new("/proc"))?.into_iter().filter_map(|name| name.parse().ok()) {
        if is_master(host, paths, process)? {
            return Ok(Some(process));
        }
    }
    Ok(None)
}

fn is_master(host: &Host, paths: &Paths, process: ProcessId) -> Result<bool> {
    let conf = paths.nginx_conf();
    let line = host.command_line(process)?.unwrap_or_default();
    Ok(line.starts_with("nginx: master process ") && line.split(' ').any(|word| conf.as_os_str() == word))
}

/// Starts nginx on the live configuration, and waits until it serves: as a service of the machine, or below another
/// root as a plain daemon.
pub(super) fn start(host: &Host, paths: &Paths, server: &Server) -> Result<()> {
    let refusal = if host.is_machine() { service::start(host, paths)? } else { launch(host, paths, server)? };
    if let Some(said) = refusal {
        return Err(told(host, complaint::failed_start(&said, server)));
    }
    let has_begun = || -> Result<bool> {
        let Some(master) = master(host, paths)? else { return Ok(false) };
        Ok(!serving(host, master)?.is_empty())
    };
    if wait(GRACE, has_begun)? {
        return Ok(());
    }
    bail!(
        "nginx was started but has not begun to serve within {GRACE:?}: see {}",
        paths.error_log().display()
    )
}

/// Starts it as a plain daemon; what it said, if it refuses.
fn launch(host: &Host, paths: &Paths, server: &Server) -> Result<Option<String>> {
    let command = nginx(server, &paths.error_log().to_string_lossy())
        .arg("-c")
        .arg(paths.nginx_conf().to_string_lossy())
        .clean_environment();
    let output = host.run(&command).context("cannot start nginx")?;
    Ok((!output.status.success()).then_some(output.stderr))
}

/// A failure of nginx, with what only the machine knows about it.
fn told(host: &Host, failure: Failure) -> Error {
    match failure {
        Failure::Port(closed) => closed.obstacle(Holder::of(host, closed.port).as_ref()).into(),
        Failure::Other(why) => Error::msg(why),
    }
}

/// Tells the master to read its configuration of so many files again, and waits until none but new workers take
/// requests. If it cannot take it, says why.
pub(super) fn reload(
    host: &Host,
    paths: &Paths,
    server: &Server,
    master: ProcessId,
    files: usize,
) -> Result<Option<String>> {
    let log = paths.error_log();
    let before = serving(host, master)?;
    let logged = host.size(&log)?;
    host.signal(master, Signal::Reload).context("cannot tell nginx to reload")?;
    let mut failure = None;
    let is_decided = || -> Result<bool> {
        failure = complaint::failed_reload(&host.read_from(&log, logged)?, master, server);
        let (old, new): (Vec<_>, Vec<_>) =
            serving(host, master)?.into_iter().partition(|worker| before.contains(worker));
        Ok(failure.is_some() || (old.is_empty() && !new.is_empty()))
    };
    if wait(limit(files), is_decided)? {
        return match failure {
            None => Ok(None),
            Some(Failure::Other(why)) => Ok(Some(why)),
            Some(port @ Failure::Port(_)) => Err(told(host, port).context(goes_on(paths))),
        };
    }
    let said = host.read_from(&log, logged)?;
    bail!(
        "nginx (process {master}) has not taken its new configuration within {:?}; the last line in {} since then: {}",
        limit(files),
        log.display(),
        said.lines().last().unwrap_or("none")
    )
}

/// What happens where nginx cannot take a new configuration.
pub(super) fn goes_on(paths: &Paths) -> String {
    format!("nginx goes on with its old configuration ({})", paths.error_log().display())
}

/// Ends nginx: requests at work may take 10 s more, then it is told to end at once, then it is killed.
pub fn stop(host: &Host, paths: &Paths) -> Result<()> {
    if host.is_machine() {
        service::stop(host, paths)?;
    }
    if let Some(master) = master(host, paths)? {
        end(host, paths, master).context("cannot stop nginx")?;
    }
    host.remove(&paths.served())?;
    Ok(())
}

fn end(host: &Host, paths: &Paths, master: ProcessId) -> Result<()> {
    let ended = || Ok(!is_master(host, paths, master)?);
    for (signal, limit) in [(Signal::Quit, GRACE), (Signal::Terminate, END)] {
        host.signal(master, signal)?;
        if wait(limit, ended)? {
            return Ok(());
        }
    }
    let workers = host.children(master)?.unwrap_or_default();
    for process in std::iter::once(master).chain(workers) {
        host.signal(process, Signal::Kill)?;
    }
    if !wait(END, ended)? {
        bail!(
            "its process {master} is there after it was killed: see what it waits for, with `ps -o stat,wchan {master}`"
        );
    }
    host.remove(&paths.pid())?;
    Ok(())
}

/// A master's workers that take new requests: nginx gives a worker this title when it is ready, and another when it
/// is to end.
fn serving(host: &Host, master: ProcessId) -> Result<Vec<ProcessId>> {
    let children = host.children(master)?.with_context(|| {
        format!("nginx (process {master}) has ended, or the kernel does not list a process' children")
    })?;
    let mut serving = Vec::new();
    for child in children {
        if host.command_line(child)?.as_deref() == Some("nginx: worker process") {
            serving.push(child);
        }
    }
    Ok(serving)
}

/// Asks again and again until the answer is yes; whether that came within the limit.
fn wait(limit: Duration, mut is_done: impl FnMut() -> Result<bool>) -> Result<bool> {
    let deadline = Instant::now() + limit;
    loop {
        if is_done()? {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(5));
    }
}
