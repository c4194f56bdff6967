use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::metadata::Metadata;

/// A charm that can be deployed: a folder with `metadata.yaml`, and what Juju may add to its environment.
#[derive(Debug, Clone)]
pub struct Charm {
    dir: Option<Arc<Path>>,
    metadata: Arc<Metadata>,
    options: Arc<BTreeMap<String, ConfigOption>>,
    env: Arc<BTreeMap<String, String>>,
}

/// One option of `config.yaml`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ConfigOption {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    default: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    options: BTreeMap<String, ConfigOption>,
}

#[derive(Deserialize)]
struct Charmcraft {
    #[serde(flatten)]
    metadata: Metadata,
    #[serde(default)]
    config: Config,
}

impl Charm {
    /// The charm in a folder: `metadata.yaml` and `config.yaml`, or both in `charmcraft.yaml`.
    /// The folder is copied for each unit when the unit is installed or refreshed.
    pub fn at(dir: impl AsRef<Path>) -> Self {
        let dir = dir.as_ref();
        let (metadata, config) = if dir.join("metadata.yaml").exists() {
            (read_yaml(&dir.join("metadata.yaml")), Config::default())
        } else {
            let charmcraft: Charmcraft = read_yaml(&dir.join("charmcraft.yaml"));
            (charmcraft.metadata, charmcraft.config)
        };
        let config_yaml = dir.join("config.yaml");
        let config = if config_yaml.exists() { read_yaml(&config_yaml) } else { config };
        Self::new(Some(dir), metadata, config.options)
    }

    /// A charm without any hook, from the text of its `metadata.yaml`: every event of its units is done
    /// at once, and the test writes their databags itself.
    pub fn puppet(metadata_yaml: &str) -> Self {
        match serde_saphyr::from_str(metadata_yaml) {
            Ok(metadata) => Self::new(None, metadata, BTreeMap::new()),
            Err(error) => panic!("metadata of a puppet: {error}"),
        }
    }

    fn new(dir: Option<&Path>, metadata: Metadata, options: BTreeMap<String, ConfigOption>) -> Self {
        Self {
            dir: dir.map(Into::into),
            metadata: Arc::new(metadata),
            options: Arc::new(options),
            env: Arc::default(),
        }
    }

    /// The same charm with one more variable in the environment of its hooks. It wins over Juju's own.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.env).insert(key.into(), value.into());
        self
    }

    /// The folder to unpack, none for a puppet.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn options(&self) -> &BTreeMap<String, ConfigOption> {
        &self.options
    }

    pub(crate) fn extra_env(&self) -> &BTreeMap<String, String> {
        &self.env
    }
}

impl ConfigOption {
    /// The value from `config.yaml`, null without one. A string without a default is unset.
    pub(crate) fn default_value(&self) -> Value {
        self.default.clone().unwrap_or(Value::Null)
    }

    /// A value from a command line.
    pub(crate) fn read(&self, text: &str) -> Value {
        match self.kind.as_str() {
            "int" | "float" | "boolean" => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            _ => text.into(),
        }
    }

    /// Whether Juju would take the value.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match self.kind.as_str() {
            "int" => value.is_i64() || value.is_u64(),
            "float" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_string(),
        }
    }
}

fn read_yaml<T: serde::de::DeserializeOwned>(path: &PathBuf) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
