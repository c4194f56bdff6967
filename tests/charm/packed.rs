//! What the packed charm holds, and that packing it elsewhere gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::actions::declared_actions;
use crate::hooks_folder::expected_hooks;
use crate::world::packed;

#[test]
fn it_holds_this_and_nothing_else() {
    let mut expected = BTreeMap::from([("bin/ssl-termination".to_owned(), "755".to_owned())]);
    for file in
        ["LICENSE", "README.md", "actions.yaml", "config.yaml", "icon.svg", "manifest.yaml", "metadata.yaml"]
    {
        expected.insert(file.to_owned(), "644".to_owned());
    }
    for hook in expected_hooks() {
        expected.insert(format!("hooks/{hook}"), "-> ../bin/ssl-termination".to_owned());
    }
    for action in declared_actions() {
        expected.insert(format!("actions/{action}"), "-> ../bin/ssl-termination".to_owned());
    }
    assert_eq!(content(packed::folder(), ""), expected);
}

#[test]
fn its_manifest_says_on_which_bases_it_runs() {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let bases = ["22.04", "24.04", "26.04"].map(|release| {
        format!("- name: ubuntu\n  channel: \"{release}\"\n  architectures: [{architecture}]\n")
    });
    let manifest = fs::read_to_string(packed::folder().join("manifest.yaml")).unwrap();
    assert_eq!(manifest, format!("bases:\n{}", bases.concat()));
}

#[test]
fn packed_elsewhere_at_another_time_it_is_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("a clone");
    fs::create_dir_all(clone.join(".state")).unwrap();
    fs::write(clone.join(".state/flags.json"), "{}").unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [
        "scripts",
        "hooks",
        "actions",
        "metadata.yaml",
        "config.yaml",
        "actions.yaml",
        "README.md",
        "LICENSE",
        "icon.svg",
    ];
    let copied = Command::new("cp").arg("-r").args(files.map(|file| source.join(file))).arg(&clone).status();
    assert!(copied.unwrap().success());
    fs::write(clone.join("hooks/notes~"), "").unwrap();

    let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
    packed::pack(&packed::binary(), &here);
    let repacked = Command::new("sh")
        .args(["-c", "umask 077; exec scripts/pack -1 \"$0\" ../there"])
        .arg(packed::binary())
        .env("TZ", "Pacific/Auckland")
        .current_dir(&clone)
        .status();
    assert!(repacked.unwrap().success());
    assert!(fs::read(here).unwrap() == fs::read(there).unwrap(), "the charms differ");
}

/// Each file below a folder: its mode, or where the link leads.
fn content(folder: &Path, prefix: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder.join(prefix)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(content(folder, &format!("{name}/")));
        } else if kind.is_symlink() {
            found.insert(name, format!("-> {}", fs::read_link(entry.path()).unwrap().display()));
        } else {
            found.insert(name, format!("{:o}", entry.metadata().unwrap().permissions().mode() & 0o7777));
        }
    }
    found
}
