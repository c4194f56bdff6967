//! The configuration on the disk: parts that are never overwritten, since each is named after its content, and a main
//! file that names those that count. A candidate for the main file is tried beside it and takes its place in one step.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::parts::{MAIN, Part};
use super::{Paths, Server};
use crate::host::{Command, FileError, Host, Owner};

/// What is on the disk.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What lies beside the main file, by its path in the configuration's folder.
    pub(super) there: BTreeSet<String>,
    /// What of that is not what its name stands for.
    pub(super) damaged: BTreeSet<String>,
}

impl Found {
    /// Whether a part is there as it should be.
    pub(super) fn has(&self, part: &str) -> bool {
        self.there.contains(part) && !self.damaged.contains(part)
    }
}

/// Looks at all that lies beside the main file.
pub(super) fn look(host: &Host, paths: &Paths) -> Result<Found> {
    look_at(host, paths, names(host, paths)?)
}

/// Looks at these alone.
pub(super) fn look_at(host: &Host, paths: &Paths, names: impl IntoIterator<Item = String>) -> Result<Found> {
    let mut found = Found::default();
    for name in names {
        if !host.read(&paths.live().join(&name))?.is_some_and(|content| Part::is_named_after(&name, &content))
        {
            found.damaged.insert(name.clone());
        }
        found.there.insert(name);
    }
    Ok(found)
}

/// The paths of all that is there beside the main file.
fn names(host: &Host, paths: &Paths) -> Result<BTreeSet<String>, FileError> {
    let mut names = BTreeSet::new();
    for folder in ["", "sites/"] {
        names
            .extend(host.list(&paths.live().join(folder))?.into_iter().map(|name| format!("{folder}{name}")));
    }
    names.remove(MAIN);
    names.remove("sites");
    Ok(names)
}

/// Writes parts that are not there yet, and the candidate that names them and all others.
pub(super) fn write(
    host: &Host,
    paths: &Paths,
    main: &str,
    lacking: impl IntoIterator<Item = Part>,
    found: &mut Found,
) -> Result<(), FileError> {
    let live = paths.live();
    for folder in [&live, &live.join("sites")] {
        if host.is_folder(folder)? == Some(false) {
            host.remove(folder)?;
        }
        host.create_folder(folder, 0o755)?;
    }
    for part in lacking {
        host.write(&live.join(&part.name), part.text.as_bytes(), 0o644, Owner::Us)?;
        found.damaged.remove(&part.name);
        found.there.insert(part.name);
    }
    host.write(&paths.candidate(), main.as_bytes(), 0o644, Owner::Us)
}

/// Lets nginx try the candidate; what it said, if it refuses it.
pub(super) fn refusal(host: &Host, paths: &Paths, server: &Server, sites: usize) -> Result<Option<String>> {
    let command = nginx(server, "/dev/null")
        .arg("-t")
        .arg("-c")
        .arg(paths.candidate().to_string_lossy())
        .clean_environment()
        .limit(limit(sites));
    let output = host.run(&command).context("cannot let nginx try the new configuration")?;
    Ok((!output.status.success()).then_some(output.stderr))
}

/// nginx, complaining into `error_log` and not into the distribution's while it has not read ours.
pub(super) fn nginx(server: &Server, error_log: &str) -> Command {
    let command = Command::new("nginx");
    if server.version.can_name_error_log() { command.arg("-e").arg(error_log) } else { command }
}

/// How long nginx may take to read so many sites.
pub(super) fn limit(sites: usize) -> Duration {
    let sites = u32::try_from(sites).unwrap_or(u32::MAX);
    Duration::from_secs(10) + Duration::from_millis(20).saturating_mul(sites)
}

/// Makes the candidate live, in one step.
pub(super) fn swap(host: &Host, paths: &Paths) -> Result<(), FileError> {
    let live = paths.nginx_conf();
    if host.is_folder(&live)? == Some(true) {
        host.remove(&live)?;
    }
    host.rename(&paths.candidate(), &live)
}

/// Deletes what the live configuration does not name.
pub(super) fn forget_others<'p>(
    host: &Host,
    paths: &Paths,
    parts: impl IntoIterator<Item = &'p str>,
) -> Result<(), FileError> {
    let mut others = names(host, paths)?;
    for part in parts {
        others.remove(part);
    }
    forget(host, paths, &others)
}

/// Deletes these.
pub(super) fn forget<'p>(
    host: &Host,
    paths: &Paths,
    parts: impl IntoIterator<Item = &'p String>,
) -> Result<(), FileError> {
    parts.into_iter().try_for_each(|part| host.remove(&paths.live().join(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_takes_the_place_of_the_live_configuration_and_what_it_does_not_name_goes() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let part = |name: &str, text: &str| Part::of(&format!("sites/{name}"), text.to_owned());
        for (main, parts) in [
            ("1", [part("a", "same"), part("b", "old")]),
            ("2", [part("a", "same"), part("b", "new")]),
            ("3", [part("a", "same"), part("c", "new")]),
        ] {
            let mut found = look(&host, &paths).unwrap();
            assert!(found.damaged.is_empty());
            write(&host, &paths, main, parts.clone(), &mut found).unwrap();
            swap(&host, &paths).unwrap();
            forget_others(&host, &paths, parts.iter().map(|part| part.name.as_str())).unwrap();
            let found = look(&host, &paths).unwrap();
            assert_eq!(host.read(&paths.nginx_conf()).unwrap().as_deref(), Some(main.as_bytes()));
            assert_eq!(found.there, parts.map(|part| part.name).into());
        }
    }

    #[test]
    fn a_part_that_is_not_what_its_name_says_is_seen_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path(), "");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let part = Part::of("sites/a", "text".to_owned());
        let file = paths.live().join(&part.name);
        write(&host, &paths, "", [part.clone()], &mut Found::default()).unwrap();
        host.write(&file, b"other", 0o644, Owner::Us).unwrap();
        let mut found = look(&host, &paths).unwrap();
        assert!(!found.has(&part.name));
        write(&host, &paths, "", [part.clone()], &mut found).unwrap();
        assert!(found.has(&part.name));
        assert_eq!(host.read(&file).unwrap().unwrap(), b"text");
    }
}
