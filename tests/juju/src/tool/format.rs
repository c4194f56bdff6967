use serde_json::Value;

use super::flags::Flags;
use super::{Failure, Output, Result};

/// How a tool prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Smart,
    Json,
    Yaml,
}

impl Format {
    /// What `--format` says, `smart` without it.
    pub(super) fn of(flags: &Flags) -> Result<Self> {
        match flags.value("format") {
            None | Some("smart") => Ok(Self::Smart),
            Some("json") => Ok(Self::Json),
            Some("yaml") => Ok(Self::Yaml),
            Some(other) => Err(Failure::usage(format!(
                r#"invalid value "{other}" for option --format: unknown format "{other}""#
            ))),
        }
    }

    /// The result as the tool prints it.
    pub(super) fn print(self, value: &Value) -> Output {
        let text = match (self, value) {
            (Self::Json, value) => format!("{}\n", json(value)),
            (_, Value::Null) => String::new(),
            (Self::Smart, Value::String(text)) => format!("{text}\n"),
            (Self::Smart, Value::Bool(true)) => "True\n".to_owned(),
            (Self::Smart, Value::Bool(false)) => "False\n".to_owned(),
            (Self::Smart, Value::Array(lines)) => {
                lines.iter().flat_map(|line| [line.as_str().unwrap_or_default(), "\n"]).collect()
            }
            (_, value) => yaml(value),
        };
        text.into()
    }
}

/// JSON as Go writes it: fit for HTML.
fn json(value: &Value) -> String {
    let escapes = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    let escape = |text: String, c| text.replace(c, &format!("\\u{:04x}", u32::from(c)));
    escapes.into_iter().fold(value.to_string(), escape)
}

/// YAML that says the same, in flow style where Go's would use blocks: a JSON text is YAML too.
fn yaml(value: &Value) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().fold(String::new(), |text, (key, value)| {
            text + &format!("{}: {}\n", scalar(key), yaml(value).trim_end())
        }),
        Value::Array(items) if !items.is_empty() => {
            items.iter().fold(String::new(), |text, item| text + &format!("- {}\n", yaml(item).trim_end()))
        }
        Value::String(text) => format!("{}\n", scalar(text)),
        other => format!("{other}\n"),
    }
}

/// Plain where that can't be mistaken for anything but a string.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./@".contains(c))
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}
