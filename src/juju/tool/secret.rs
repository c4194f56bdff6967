//! secret-get, secret-add, secret-set, secret-grant, secret-remove, secret-info-get.
//!
//! What is added, set, granted and removed is done at the hook's commit, before its transaction and outside of it: a
//! hook that fails after its commit has begun may find its own secret when it comes again. [`find`] it by its label
//! first; a label that is taken fails the commit.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{ToolError, ask, call, yaml_safe};
use crate::host::{Command, Host, Owner, ProcessError};
use crate::juju::RelationId;
use crate::wire::SecretUri;

/// What a secret holds: texts by key. Only the keys are shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Content(pub BTreeMap<String, String>);

impl Content {
    /// The text under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The newest content of a secret; from now on Juju tells this unit when there is a newer one (`secret-changed`).
pub fn get(host: &Host, secret: &SecretUri) -> Result<Content, ToolError> {
    let command = Command::new("secret-get").arg(secret.to_string()).args(["--refresh", "--format=json"]);
    ask(host, &command).map(Content)
}

/// The secret that our own unit owns under a label, if there is one.
pub fn find(host: &Host, label: &str) -> Result<Option<SecretUri>, ToolError> {
    let command = Command::new("secret-info-get").args(["--label", label, "--format=json"]);
    let found: BTreeMap<String, serde_json::Value> = match ask(host, &command) {
        Err(error) if error.is_unreadable_secret() => return Ok(None),
        found => found?,
    };
    let id = found.keys().next().map_or("", String::as_str);
    uri(&command, &format!("{}{id}", SecretUri::SCHEME)).map(Some)
}

/// Makes a secret of our own unit; Juju removes it with the unit. `folder` is ours alone.
pub fn add(host: &Host, folder: &Path, label: &str, content: &Content) -> Result<SecretUri, ToolError> {
    with_file(host, folder, content, |file| {
        let command =
            Command::new("secret-add").args(["--owner", "unit", "--label", label, "--file"]).arg(file);
        let output = host.run_ok(&command)?;
        uri(&command, String::from_utf8_lossy(&output.stdout).trim())
    })
}

/// Gives a secret of ours another content; the same again changes nothing.
pub fn set(host: &Host, folder: &Path, secret: &SecretUri, content: &Content) -> Result<(), ToolError> {
    with_file(host, folder, content, |file| {
        call(host, &Command::new("secret-set").arg(secret.to_string()).arg("--file").arg(file))
    })
}

/// Lets the application at the other side of a relation read a secret of ours, as long as there is the relation.
pub fn grant(host: &Host, secret: &SecretUri, relation: &RelationId) -> Result<(), ToolError> {
    call(host, &Command::new("secret-grant").arg(secret.to_string()).arg("-r").arg(relation.to_string()))
}

/// Removes a secret of ours, or one revision of it.
pub fn remove(host: &Host, secret: &SecretUri, revision: Option<u32>) -> Result<(), ToolError> {
    let revision = revision.map(|revision| ["--revision".to_owned(), revision.to_string()]);
    call(host, &Command::new("secret-remove").arg(secret.to_string()).args(revision.into_iter().flatten()))
}

/// Deletes what a hook that died may have left of a content.
pub fn clear(host: &Host, folder: &Path) -> Result<(), ToolError> {
    Ok(host.remove_folder(&folder.join(FOLDER))?)
}

/// Where a content lies while Juju's agent, which runs as root, reads it.
const FOLDER: &str = "secret";

/// Other users see arguments: a content is passed in a file that we alone can read and that is gone afterwards.
fn with_file<T>(
    host: &Host,
    folder: &Path,
    content: &Content,
    call: impl FnOnce(String) -> Result<T, ToolError>,
) -> Result<T, ToolError> {
    let file = folder.join(FOLDER).join("content");
    let called = host
        .create_folder(&folder.join(FOLDER), 0o700)
        .and_then(|()| host.write(&file, yaml_safe(&content.0).as_bytes(), 0o600, Owner::Us))
        .map_err(ToolError::from)
        .and_then(|()| call(file.to_string_lossy().into_owned()));
    clear(host, folder)?;
    called
}

fn uri(command: &Command, text: &str) -> Result<SecretUri, ToolError> {
    text.parse().map_err(|_| ToolError::Answer {
        command: command.to_string(),
        fault: "data",
        line: 1,
        column: 1,
    })
}

impl ToolError {
    /// Whether Juju says that a secret is not there, or not for us to read: whatever it was, it is no longer.
    pub fn is_unreadable_secret(&self) -> bool {
        let Self::Process(ProcessError::Failed { status, stderr, .. }) = self else { return false };
        self.is_gone() || status.code() == Some(2) || stderr.contains("not found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_shows_its_keys_alone() {
        let content = Content([("password".to_owned(), "sesame".to_owned())].into());
        assert_eq!(format!("{content:?}"), "{\"password\"}");
    }
}
