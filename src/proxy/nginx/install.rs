//! nginx from the distribution's packages, on a machine that has none.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};

use super::{Paths, distribution};
use crate::host::{Command, Host, Output, Owner, ProcessError};
use crate::proxy::Obstacle;

/// A step on the way to an installed nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Keep the distribution's own service from starting, before it is there.
    Mask,
    /// Finish what an interrupted installation has left.
    Repair,
    /// Learn what packages there are.
    Update,
    /// Fetch what is needed; this may be interrupted.
    Download,
    /// Install it; this must not be.
    Install,
}

/// What is found on the machine.
#[derive(Debug, Clone, Copy)]
struct Found {
    nginx: Nginx,
    /// dpkg was interrupted, by whom ever.
    interrupted: bool,
    /// The distribution's service is kept from starting, by us or by somebody else.
    masked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nginx {
    None,
    /// An installation of ours has not come to its end.
    Begun,
    There,
}

/// The steps that are missing before nginx can run; below another root than `/` it is the caller's to have it.
pub fn missing(host: &Host, paths: &Paths) -> Result<Vec<Step>> {
    if !host.is_machine() {
        return Ok(Vec::new());
    }
    let journal = host.list(&host.path("var/lib/dpkg/updates"))?;
    let nginx = match host.find_program(NGINX) {
        _ if host.mode(&paths.installing())?.is_some() => Nginx::Begun,
        None => Nginx::None,
        Some(_) => Nginx::There,
    };
    Ok(steps(Found {
        nginx,
        interrupted: journal.iter().any(|name| name.bytes().all(|byte| byte.is_ascii_digit())),
        masked: distribution::is_masked(host, paths)?,
    }))
}

fn steps(found: Found) -> Vec<Step> {
    let needed = |step: &Step| match step {
        _ if found.nginx == Nginx::There => false,
        Step::Mask => !found.masked,
        Step::Repair => found.nginx == Nginx::Begun || found.interrupted,
        Step::Update | Step::Download | Step::Install => true,
    };
    let mut steps = vec![Step::Mask, Step::Repair, Step::Update, Step::Download, Step::Install];
    steps.retain(needed);
    steps
}

/// Takes the steps. A failure fails the hook, and Juju tries again: on a machine's first boot its own updates may hold
/// the package manager for longer than a hook should wait.
///
/// A step that changes packages is never killed, not even when we are: half an installation is a broken machine.
pub fn install(host: &Host, paths: &Paths, steps: &[Step], proxies: &[(String, String)]) -> Result<()> {
    if host.find_program("apt-get").is_none() {
        bail!(Obstacle(
            "nginx is not installed, and there is no apt-get to install it: install nginx".to_owned()
        ));
    }
    host.create_folder(&paths.state, 0o711)?;
    host.create_folder(&paths.log, 0o750)?;
    host.write(&paths.installing(), b"", 0o600, Owner::Us)?;
    let mut outdated = None;
    for step in steps {
        let command = command(*step).clean_environment().envs(ENVIRONMENT).envs(proxies.iter().cloned());
        if *step == Step::Mask {
            distribution::remember(host, paths)?;
        }
        let done = patiently(|| match step {
            Step::Repair | Step::Install => host.run_ok_uninterrupted(&command, &paths.install_log()),
            Step::Mask | Step::Update | Step::Download => host.run_ok(&command),
        });
        match done {
            Ok(_) => {}
            // One broken source of many is no reason: what is needed may come from another, or be known already.
            Err(error) if *step == Step::Update => outdated = Some(error),
            Err(error) => return Err(failed(error, outdated.as_ref())),
        }
    }
    Ok(host.remove(&paths.installing())?)
}

/// How long another may hold a lock.
const LOCKED: Duration = Duration::from_mins(2);

/// Runs a step, and again while another holds one of the locks for which the package manager itself does not wait.
fn patiently(run: impl Fn() -> Result<Output, ProcessError>) -> Result<Output, ProcessError> {
    let deadline = Instant::now() + LOCKED;
    loop {
        match run() {
            Err(ProcessError::Failed { stderr, .. }) if is_locked(&stderr) && Instant::now() < deadline => {
                sleep(Duration::from_secs(1));
            }
            done => return done,
        }
    }
}

/// Whether apt or dpkg complains of a lock.
fn is_locked(said: &str) -> bool {
    said.contains("Could not get lock ") || said.contains(" lock was locked by another process")
}

fn failed(error: ProcessError, outdated: Option<&ProcessError>) -> Error {
    Error::from(error).context(match outdated {
        Some(outdated) => format!("cannot install nginx, after {outdated}"),
        None => "cannot install nginx".to_owned(),
    })
}

/// Nobody is there to answer questions; no other service is to be restarted because of us; the words are English.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("APT_LISTCHANGES_FRONTEND", "none"),
    ("NEEDRESTART_SUSPEND", "1"),
    ("LC_ALL", "C.UTF-8"),
];

fn command(step: Step) -> Command {
    match step {
        Step::Mask => Command::new("systemctl").args(["mask", distribution::SERVICE]),
        Step::Repair => Command::new("dpkg").args(["--configure", "-a"]).args(KEEP_CHANGED_FILES),
        Step::Update => apt_get().arg("update").limit(Duration::from_mins(5)),
        Step::Download => {
            apt_get().args(INSTALL).args(["--download-only", NGINX]).limit(Duration::from_mins(15))
        }
        Step::Install => apt_get()
            .args(INSTALL)
            .args(
                KEEP_CHANGED_FILES
                    .iter()
                    .flat_map(|option| ["-o".to_owned(), format!("DPkg::Options::={option}")]),
            )
            .args(["--no-download", NGINX]),
    }
}

const NGINX: &str = "nginx";
const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];

/// What an administrator has changed below /etc stays, without a question.
const KEEP_CHANGED_FILES: [&str; 2] = ["--force-confdef", "--force-confold"];

/// A silent server is given up after half a minute.
fn apt_get() -> Command {
    let lock = format!("DPkg::Lock::Timeout={}", LOCKED.as_secs());
    let options = [&lock, "Acquire::Retries=3", "Acquire::http::Timeout=30", "Acquire::https::Timeout=30"];
    Command::new("apt-get").arg("--quiet=2").args(options.into_iter().flat_map(|option| ["-o", option]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Found = Found { nginx: Nginx::None, interrupted: false, masked: false };

    #[test]
    fn what_is_missing_follows_from_what_is_found() {
        use Step::{Download, Install, Mask, Repair, Update};
        for (found, expected) in [
            (NONE, &[Mask, Update, Download, Install][..]),
            (Found { masked: true, ..NONE }, &[Update, Download, Install]),
            (Found { interrupted: true, masked: true, ..NONE }, &[Repair, Update, Download, Install]),
            (Found { nginx: Nginx::There, ..NONE }, &[]),
            (Found { nginx: Nginx::There, interrupted: true, ..NONE }, &[]),
            (Found { nginx: Nginx::Begun, masked: true, ..NONE }, &[Repair, Update, Download, Install]),
        ] {
            assert_eq!(steps(found), expected, "{found:?}");
        }
    }

    #[test]
    fn the_commands_ask_nothing_and_wait_for_nobody_for_ever() {
        let apt = "apt-get --quiet=2 -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 \
                   -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30";
        let install = format!("{apt} install --yes --no-install-recommends");
        for (step, expected) in [
            (Step::Mask, "systemctl mask nginx.service".to_owned()),
            (Step::Repair, "dpkg --configure -a --force-confdef --force-confold".to_owned()),
            (Step::Update, format!("{apt} update")),
            (Step::Download, format!("{install} --download-only nginx")),
            (
                Step::Install,
                format!(
                    "{install} -o DPkg::Options::=--force-confdef -o DPkg::Options::=--force-confold \
                     --no-download nginx"
                ),
            ),
        ] {
            assert_eq!(command(step).to_string(), expected);
        }
    }

    #[test]
    fn a_lock_is_told_from_other_failures() {
        for said in [
            "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 60 (apt-get)",
            "dpkg: error: dpkg frontend lock was locked by another process with pid 60",
        ] {
            assert!(is_locked(said), "{said}");
        }
        assert!(!is_locked("E: Unable to locate package nginx"));
    }

    #[test]
    fn below_another_root_nothing_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        assert_eq!(missing(&host, &paths).unwrap(), []);
    }
}
