use std::path::{Path, PathBuf};

use super::line::Line;
use crate::{Charm, HookRun, Juju, RelationId};

/// A model while a scenario is played with it.
pub(super) struct Stage {
    pub(super) juju: Juju,
    folder: PathBuf,
    /// Variables for charms to come.
    pub(super) env: Vec<(String, String)>,
    /// The hooks that ran in the last `settle` or `step`.
    pub(super) runs: Vec<HookRun>,
}

impl Stage {
    pub(super) fn new(seed: u64, folder: &Path) -> Self {
        Self { juju: Juju::new(seed), folder: folder.to_owned(), env: Vec::new(), runs: Vec::new() }
    }

    /// The charm in a folder, or a puppet from the block below the line or the line's last word.
    pub(super) fn charm(&self, place: &str, line: &Line) -> Result<Charm, String> {
        if place == "--puppet" {
            let last = line.words.last().filter(|word| word.contains(':'));
            return match last {
                Some(text) if line.block.is_empty() => Ok(Charm::puppet(text)),
                _ if !line.block.is_empty() => Ok(Charm::puppet(&line.block)),
                _ => Err("write the puppet's metadata.yaml below, indented".to_owned()),
            };
        }
        let dir = self.folder.join(place);
        if !dir.join("metadata.yaml").exists() && !dir.join("charmcraft.yaml").exists() {
            let dir = dir.display();
            return Err(format!("no metadata.yaml or charmcraft.yaml in {dir}: name the folder of a charm"));
        }
        let with = |charm: Charm, (key, value): &(String, String)| charm.env(key, value);
        Ok(self.env.iter().fold(Charm::at(dir), with))
    }

    /// A relation by its number, `ENDPOINT:NUMBER`, or `APPLICATION:ENDPOINT` where that has just one.
    pub(super) fn relation(&self, text: &str) -> Result<RelationId, String> {
        let (before, after) = text.rsplit_once(':').unwrap_or(("", text));
        if let Ok(number) = after.parse() {
            return Ok(RelationId(number));
        }
        match self.juju.relations_at(before, after).as_slice() {
            [one] => Ok(*one),
            [] => Err(format!(
                "no relation at {text:?}: write APPLICATION:ENDPOINT, or the number of a relation"
            )),
            several => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(format!("several relations at {text:?}: write the number of one: {}", several.join(", ")))
            }
        }
    }

    /// Run hooks until nothing waits. A hook that keeps failing is an error, unless it is expected.
    pub(super) fn settle(&mut self, errors: bool, say: &mut dyn FnMut(&str)) -> Result<(), String> {
        self.runs.clear();
        while let Some(run) = self.juju.step() {
            let hopeless = !run.committed && run.attempt > self.juju.retries();
            let told = format!("{} of {}", run.hook, run.unit);
            if !run.missing {
                say(&run.trace());
                self.runs.push(run);
            }
            if hopeless && errors {
                return Ok(());
            }
            if hopeless {
                return Err(format!(
                    "{told} keeps failing, its last try is above; if it should: settle --errors"
                ));
            }
        }
        Ok(())
    }
}
