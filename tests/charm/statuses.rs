//! docs/statuses.md explains each status: the other way round, nothing stands there that the charm does not say. That it
//! lacks none is looked at at the end of each test with a `World`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::statuses;

/// All texts of src, without breaks and tests.
fn sources() -> String {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut texts = String::new();
    while let Some(folder) = folders.pop() {
        let paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                texts.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap());
            }
        }
    }
    texts
}

/// The pieces of a message between its placeholders and colons.
fn pieces(message: &str) -> Vec<&str> {
    let is_placeholder =
        |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()) || word == "N";
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let message = message.trim_end_matches('…');
    for word in message.split_inclusive(|c: char| !c.is_ascii_uppercase()) {
        let letters = word.trim_end_matches(|c: char| !c.is_ascii_uppercase());
        if is_placeholder(letters) {
            pieces.push(&message[start..at]);
            start = at + letters.len();
        }
        at += word.len();
    }
    pieces.push(&message[start..]);
    // What stands after a colon or an "or" is often written by another function.
    let parts = pieces.into_iter().flat_map(|piece| piece.split(": ")).flat_map(|piece| piece.split(" or "));
    parts.filter(|part| part.trim().len() > 2).collect()
}

#[test]
fn nothing_is_explained_that_is_never_shown() {
    let sources = sources();
    let rows = statuses::rows();
    assert!(rows.len() > 25, "{}", rows.len());
    for row in rows {
        for piece in pieces(&row.message) {
            assert!(sources.contains(piece), "{}: src does not say {piece:?}", row.message);
        }
    }
}

#[test]
fn fixed_messages_fit_into_a_line() {
    for row in statuses::rows() {
        assert!(row.message.len() <= 110, "{}", row.message);
    }
}
