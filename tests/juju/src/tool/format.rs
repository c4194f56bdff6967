use serde_json::Value;

use super::flags::Flags;
use super::{Failure, Output, Result, go_yaml};

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
            (_, value) => go_yaml::text(value),
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
