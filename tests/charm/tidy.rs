//! The walls of the house: which room may use which, and who touches the outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The rooms from the ground up; a room uses only rooms before it.
const ROOMS: [&str; 13] = [
    "host",
    "wire",
    "juju",
    "reactive",
    "interface",
    "cert",
    "issuer",
    "options",
    "proxy",
    "client",
    "charm",
    "actions",
    "cli",
];

/// Pairs that are apart though one stands before the other.
const APART: [(&str, &str); 7] = [
    ("client", "proxy"),
    ("proxy", "issuer"),
    ("wire", "host"),
    ("charm", "cli"),
    ("cli", "charm"),
    ("cli", "actions"),
    ("actions", "charm"),
];

/// What only one room may do: a piece of text, and where it may stand.
const FENCES: [(&str, &[&str]); 8] = [
    ("tokio::net", &["src/issuer/"]),
    ("std::fs", &["src/host/"]),
    ("fs::", &["src/host/"]),
    ("process::Command", &["src/host/"]),
    ("rustix", &["src/host/"]),
    ("std::env::", &["src/juju/context.rs"]),
    ("SSL_TERMINATION_ROOT", &["src/juju/context.rs", "src/host/mod.rs"]),
    ("cfg!(test)", &[]),
];

/// Source texts by path, without their tests.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec!["src".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if Path::new(&path).extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(entry.path()).unwrap();
                found.insert(path, text);
            }
        }
    }
    found.retain(|path, _| {
        !path.contains("/tests/") && !path.ends_with("/tests.rs") && !path.ends_with("/hostile.rs")
    });
    found
        .into_iter()
        .map(|(path, text)| (path, text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()))
        .collect()
}

/// The lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let place = |room: &str| ROOMS.iter().position(|other| *other == room);
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let room = path["src/".len()..].split(['/', '.']).next().unwrap();
        let Some(own) = place(room) else { continue };
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
                if place(used).is_some_and(|used| used > own) || APART.contains(&(room, used)) {
                    broken.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_outside_is_touched_from_one_place() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for (what, rooms) in FENCES {
            let may = rooms.iter().any(|room| path.starts_with(room));
            let does = code(&text).find(|line| line.contains(what));
            broken.extend(does.filter(|_| !may).map(|line| format!("{path}: {line}")));
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 300)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
