//! The state files in every wrong shape: the unit recovers by itself.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use test_juju::RelationId;

use crate::charms::Model;
use crate::protocol::{ANSWER, proxy_and_web};

/// A way to spoil a file, and what it is called.
type Damage = (&'static str, fn(&Path));

const DAMAGES: &[Damage] = &[
    ("missing", |path| remove(path)),
    ("empty", |path| replace(path, b"")),
    ("garbage", |path| replace(path, b"\xff\0{]")),
    ("another JSON", |path| replace(path, b"[]")),
    ("cut by a byte", |path| cut(path, 1)),
    ("cut by half", |path| cut(path, fs::metadata(path).unwrap().len() / 2)),
    ("a folder", |path| {
        remove(path);
        fs::create_dir_all(path.join("with something in it")).unwrap();
    }),
    ("somebody else's, readable for nobody", |path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        // Without being root there is nobody else to give it to.
        let _ = chown(path, Some(65_534), Some(65_534));
    }),
];

fn remove(path: &Path) {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
}

fn replace(path: &Path, content: &[u8]) {
    remove(path);
    fs::write(path, content).unwrap();
}

fn cut(path: &Path, by: u64) {
    if path.is_file() {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len().saturating_sub(by)).unwrap();
    }
}

/// Every file and folder of the unit's state.
fn places(model: &Model) -> Vec<PathBuf> {
    let state = state(model);
    let view = fs::read_dir(state.join("view")).unwrap().map(|entry| entry.unwrap().path());
    let mut places: Vec<PathBuf> = view.collect();
    places.sort();
    places.extend(["view", "flags.json", "lock"].map(|name| state.join(name)));
    places.push(state);
    places
}

fn state(model: &Model) -> PathBuf {
    model.juju.charm_dir("proxy/0").join(".state")
}

/// After at most one failed hook, all is as it was, and the hooks that follow are well.
fn recovers(model: &mut Model, relation: RelationId, what: &str) {
    model.juju.update_status("proxy/0");
    let first = model.attempt();
    if !first.committed {
        assert_eq!(first.log.len(), 1, "{what}: one error: {}", first.trace());
        model.one();
    }
    let expected = [("status".to_owned(), ANSWER.to_owned())].into();
    assert_eq!(model.published(relation, "proxy/0"), expected, "{what}");
    assert_eq!(model.flags("proxy/0"), ["endpoint.ssl-termination.available"], "{what}");
    let folder = fs::metadata(state(model)).unwrap();
    assert_eq!((folder.uid(), folder.mode() & 0o777), (geteuid().as_raw(), 0o700), "{what}: for nobody else");
    model.juju.update_status("proxy/0");
    let next = model.one();
    assert_eq!(next.stderr, "", "{what}: {}", next.trace());
}

#[test]
fn a_state_file_in_any_wrong_shape_is_replaced() {
    let (mut model, relation) = proxy_and_web();
    let count = places(&model).len();
    for place in 0..count {
        for (what, damage) in DAMAGES {
            let places = places(&model);
            let Some(path) = places.get(place) else { continue };
            damage(path);
            recovers(&mut model, relation, &format!("{} is {what}", path.display()));
        }
    }
}

#[test]
fn what_was_set_aside_before_is_in_nobodys_way() {
    let (mut model, relation) = proxy_and_web();
    for name in ["flags.json", "lock", "view"] {
        let path = state(&model).join(name);
        for (what, damage) in [DAMAGES[6], DAMAGES[2], DAMAGES[6]] {
            damage(&path);
            recovers(&mut model, relation, &format!("{name} is {what}, again"));
        }
    }
}

#[test]
fn a_state_file_that_cannot_be_changed_is_one_clear_error_until_it_can() {
    let (mut model, relation) = proxy_and_web();
    let path = state(&model).join("flags.json");
    let chattr = |flag: &str| {
        Command::new("chattr").arg(flag).arg(&path).output().is_ok_and(|output| output.status.success())
    };
    if !chattr("+i") {
        eprintln!("skipped: no file can be made unchangeable here");
        return;
    }
    model.juju.relation_set("web/0", relation, [("cert-request", r#"{"fqdn": ["b.example.com"]}"#)]);
    model.waiting();
    for _ in 0..2 {
        let run = model.attempt();
        let [(_, said)] = run.log.as_slice() else { panic!("one error: {}", run.trace()) };
        let expected = format!("cannot write {}: Operation not permitted", path.display());
        assert!(!run.committed && said.contains(&expected), "{said}");
    }
    assert!(chattr("-i"));
    model.one();
    let expected = [("status".to_owned(), r#"["b.example.com"]"#.to_owned())].into();
    assert_eq!(model.published(relation, "proxy/0"), expected);
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_one_clear_error_and_left_alone() {
    let (mut model, relation) = proxy_and_web();
    let path = state(&model).join("flags.json");
    let before = fs::read_to_string(&path).unwrap();
    let newer = r#"{"format": 99, "stamp": "9.0", "what": "nobody knows"}"#;
    fs::write(&path, newer).unwrap();
    model.juju.update_status("proxy/0");
    let run = model.attempt();
    let [(_, said)] = run.log.as_slice() else { panic!("one error: {}", run.trace()) };
    assert!(said.ends_with("refresh the charm to that version again"), "{said}");
    assert_eq!((run.exit, fs::read_to_string(&path).unwrap().as_str()), (1, newer));
    fs::write(&path, before).unwrap();
    model.one();
    recovers(&mut model, relation, "after it");
}

#[test]
fn a_file_of_another_version_is_taken_over_and_everything_read_again() {
    let (mut model, relation) = proxy_and_web();
    let path = state(&model).join("flags.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(env!("CARGO_PKG_VERSION"), "0.0.1")).unwrap();
    model.juju.update_status("proxy/0");
    let run = model.one();
    assert!(run.calls.iter().any(|call| call.argv[0] == "relation-get"), "{}", run.trace());
    assert!(!fs::read_to_string(&path).unwrap().contains("0.0.1"));
    recovers(&mut model, relation, "after it");
}
