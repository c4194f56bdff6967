//! What docs/statuses.md explains.

use std::fs;
use std::path::Path;

use ssl_termination::wire::Fqdn;
use test_juju::Status;

type StandsFor = fn(&str) -> bool;

/// Words of the page that stand for others, with what they stand for.
const PLACEHOLDERS: [(&str, StandsFor); 7] = [
    ("NAME", |text| text.parse::<Fqdn>().is_ok()),
    ("NAMES", |text| text.split([' ', ',']).next().is_some_and(|first| first.parse::<Fqdn>().is_ok())),
    ("N", |text| text.parse::<usize>().is_ok()),
    ("OPTION", |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')),
    ("WHO", |text| !text.is_empty()),
    ("REASON", |text| !text.is_empty()),
    ("…", |_| true),
];

/// A row of the page: the state, and the message as the page has it.
pub(crate) struct Row {
    pub(crate) state: String,
    pub(crate) message: String,
}

/// The rows of the page that begin with a state and a message.
pub(crate) fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/statuses.md");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ").map(code);
        let (state, message) = (cells.next()??.to_owned(), cells.next()??.to_owned());
        let states = ["active", "blocked", "maintenance", "waiting"];
        states.contains(&state.as_str()).then_some(Row { state, message })
    };
    fs::read_to_string(page).unwrap().lines().filter_map(row).collect()
}

/// What stands between backticks; between two of them, if there are others in it.
fn code(cell: &str) -> Option<&str> {
    let fence = if cell.starts_with("``") { "``" } else { "`" };
    cell.strip_prefix(fence)?.strip_suffix(fence)
}

/// Whether a row of the page stands for a status. One that was cut is explained by what is left of it.
pub(crate) fn explains(status: &Status) -> bool {
    let message = status.message.trim_end_matches(" …");
    let is_cut = message.len() < status.message.len();
    rows().iter().any(|row| row.state == status.state && fits(&row.message, message, is_cut))
}

/// Whether a message is what a pattern stands for, or the beginning of that.
fn fits(pattern: &str, message: &str, is_cut: bool) -> bool {
    if message.is_empty() && (pattern.is_empty() || is_cut) {
        return true;
    }
    let word = match pattern.strip_prefix('…') {
        Some(rest) => &pattern[..pattern.len() - rest.len()],
        None => &pattern[..pattern.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(pattern.len())],
    };
    let Some((_, stands_for)) = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == word) else {
        let (Some(one), Some(other)) = (pattern.chars().next(), message.chars().next()) else { return false };
        return one == other && fits(&pattern[one.len_utf8()..], &message[other.len_utf8()..], is_cut);
    };
    let rest = &pattern[word.len()..];
    let ends = message.char_indices().map(|(end, _)| end).chain([message.len()]);
    ends.into_iter().any(|end| stands_for(&message[..end]) && fits(rest, &message[end..], is_cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_it_should() {
        for (pattern, message, is_cut, expected) in [
            ("serving NAME…", "serving a.bc", false, true),
            ("serving NAME…", "serving a.bc (self-signed); 1 refused", false, true),
            ("serving NAME…", "serving nothing", false, false),
            ("serving N names…", "serving 12 names", false, true),
            ("NAME: REASON", "a.bc: taken", false, true),
            ("NAME: REASON", "no name: taken", false, false),
            ("option OPTION: REASON", "option x-y: no", false, true),
            ("installing nginx", "installing", false, false),
            ("installing nginx", "installing", true, true),
            ("installing nginx", "installing nginx and more", false, false),
        ] {
            assert_eq!(fits(pattern, message, is_cut), expected, "{pattern} {message}");
        }
    }
}
