//! The links in hooks/ are exactly those that metadata.yaml asks for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ssl_termination::juju::Metadata;

const LIFECYCLE: [&str; 9] = [
    "install",
    "config-changed",
    "start",
    "stop",
    "remove",
    "upgrade-charm",
    "update-status",
    "leader-elected",
    "leader-settings-changed",
];

const SECRETS: [&str; 2] = ["secret-changed", "secret-remove"];

/// The hooks that Juju may run.
pub(crate) fn expected_hooks() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metadata = Metadata::parse(&fs::read_to_string(source.join("metadata.yaml")).unwrap()).unwrap();
    let mut expected: BTreeSet<String> = LIFECYCLE.into_iter().chain(SECRETS).map(str::to_owned).collect();
    for endpoint in metadata.endpoints() {
        for kind in ["created", "joined", "changed", "departed", "broken"] {
            expected.insert(format!("{}-relation-{kind}", endpoint.name));
        }
    }
    expected
}

/// What lies in a folder of the charm, where all must be links to the binary.
pub(crate) fn links(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for link in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let link = link.unwrap();
        assert_eq!(fs::read_link(link.path()).unwrap(), Path::new("../bin/ssl-termination"), "{link:?}");
        found.insert(link.file_name().into_string().unwrap());
    }
    found
}

#[test]
fn every_hook_is_a_link_to_the_binary_and_there_are_no_others() {
    assert_eq!(links("hooks"), expected_hooks());
}
