use std::fmt;

use super::words;

/// A command, and the indented text below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) words: Vec<String>,
    /// Without its indentation.
    pub(super) block: String,
}

/// Take a text apart. Empty lines and those that begin with `#` are nothing. The error names its line.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let mut lines: Vec<Line> = Vec::new();
    let mut indent = 0;
    for (at, text) in text.lines().enumerate() {
        let number = at + 1;
        let content = text.trim_start();
        if content.is_empty() || content.starts_with('#') && content.len() == text.len() {
            continue;
        }
        if content.len() == text.len() {
            let words = words::split(text).map_err(|what| (number, what))?;
            lines.push(Line { number, words, block: String::new() });
            continue;
        }
        let Some(line) = lines.last_mut() else {
            return Err((number, "an indented line belongs to a command above it: there is none".to_owned()));
        };
        if line.block.is_empty() {
            indent = text.len() - content.len();
        }
        line.block.push_str(text.get(indent..).unwrap_or(content));
        line.block.push('\n');
    }
    Ok(lines)
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::join(&self.words))
    }
}
