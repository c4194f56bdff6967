//! A configuration beside the live one: built, tried, and put in its place.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Paths, Server};
use crate::host::{Command, FileError, Host, Owner};

/// Texts by their path in the configuration's folder.
pub(super) type Files = BTreeMap<String, String>;

/// The live configuration, as it is on the disk; empty if there is none.
pub(super) fn live(host: &Host, paths: &Paths) -> Result<Files> {
    let live = paths.live();
    let mut files = Files::new();
    for folder in ["", "sites/"] {
        for name in host.list(&live.join(folder))? {
            let name = format!("{folder}{name}");
            if name == "sites" {
                continue;
            }
            let content = host.read(&live.join(&name))?.unwrap_or_default();
            files.insert(name, String::from_utf8_lossy(&content).into_owned());
        }
    }
    Ok(files)
}

/// Writes the candidate. What the live configuration has already is linked, not written again.
pub(super) fn write(host: &Host, paths: &Paths, files: &Files, live: &Files) -> Result<(), FileError> {
    let folder = paths.candidate();
    host.remove_folder(&folder)?;
    host.create_folder(&folder.join("sites"), 0o755)?;
    for (name, text) in files {
        if live.get(name) == Some(text) {
            host.link(&paths.live().join(name), &folder.join(name))?;
        } else {
            host.write(&folder.join(name), text.as_bytes(), 0o644, Owner::Us)?;
        }
    }
    Ok(())
}

/// Lets nginx try the candidate; what it said, if it refuses it.
pub(super) fn refusal(host: &Host, paths: &Paths, server: &Server, files: &Files) -> Result<Option<String>> {
    let command = nginx(server, "/dev/null")
        .arg("-t")
        .arg("-c")
        .arg(paths.candidate().join("nginx.conf").to_string_lossy())
        .clean_environment()
        .limit(limit(files.len()));
    let output = host.run(&command).context("cannot let nginx try the new configuration")?;
    Ok((!output.status.success()).then_some(output.stderr))
}

/// nginx, complaining into `error_log` and not into the distribution's while it has not read ours.
pub(super) fn nginx(server: &Server, error_log: &str) -> Command {
    let command = Command::new("nginx");
    if server.version.can_name_error_log() { command.arg("-e").arg(error_log) } else { command }
}

/// How long nginx may take to read so many files.
pub(super) fn limit(files: usize) -> Duration {
    let files = u32::try_from(files).unwrap_or(u32::MAX);
    Duration::from_secs(10) + Duration::from_millis(20).saturating_mul(files)
}

/// Makes the candidate live, in one step where the file system can do that, and deletes the earlier one.
pub(super) fn swap(host: &Host, paths: &Paths) -> Result<(), FileError> {
    let (live, candidate) = (paths.live(), paths.candidate());
    if host.mode(&live)?.is_none() {
        return host.rename(&candidate, &live);
    }
    match host.exchange(&live, &candidate) {
        // ZFS before 2.2 cannot exchange.
        Err(error) if [ErrorKind::InvalidInput, ErrorKind::Unsupported].contains(&error.kind()) => {
            let old = live.with_extension("old");
            host.remove_folder(&old)?;
            host.rename(&live, &old)?;
            host.rename(&candidate, &live)?;
            host.remove_folder(&old)
        }
        exchanged => exchanged.and_then(|()| host.remove_folder(&candidate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_takes_the_place_of_the_live_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let files = |entries: &[(&str, &str)]| -> Files {
            entries.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
        };
        let mut now = live(&host, &paths).unwrap();
        assert!(now.is_empty());
        for wanted in [
            files(&[("nginx.conf", "1"), ("sites/a.conf", "a"), ("sites/b.conf", "b")]),
            files(&[("nginx.conf", "2"), ("sites/a.conf", "a"), ("sites/c.conf", "c")]),
        ] {
            write(&host, &paths, &wanted, &now).unwrap();
            swap(&host, &paths).unwrap();
            now = live(&host, &paths).unwrap();
            assert_eq!(now, wanted);
            assert_eq!(host.list(&paths.configuration).unwrap(), ["conf"]);
        }
    }
}
