use crate::go_yaml;
use crate::tree::Tree;

/// How a tool prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Smart,
    Json,
    Yaml,
}

impl Format {
    /// What `--format` says.
    pub(super) fn parse(text: &str, smart: bool) -> Result<Self, String> {
        match text {
            "smart" if smart => Ok(Self::Smart),
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            other => Err(format!("unknown format {other:?}")),
        }
    }

    pub(super) fn is_smart(self) -> bool {
        self == Self::Smart
    }

    /// The result as the tool prints it.
    pub(super) fn print(self, value: &Tree) -> String {
        match (self, value) {
            (Self::Json, value) => format!("{}\n", value.json()),
            (_, Tree::Null) => String::new(),
            (Self::Smart, Tree::Text(text)) => line(text),
            (Self::Smart, Tree::Bool(true)) => line("True"),
            (Self::Smart, Tree::Bool(false)) => line("False"),
            (Self::Smart, Tree::Lines(lines)) => line(&lines.join("\n")),
            (_, value) => go_yaml::text(value),
        }
    }
}

/// The text and a line break, nothing for no text.
fn line(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}
