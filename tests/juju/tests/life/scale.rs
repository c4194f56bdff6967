use std::os::unix::fs::MetadataExt as _;

use test_juju::{Charm, Juju};

use crate::charms::{PROVIDER, Scripted, client};

/// Puppets: what is measured is the model.
#[test]
fn a_thousand_units_on_each_side() {
    let mut juju = Juju::new(1);
    juju.deploy("provider", &Charm::puppet(PROVIDER), 1);
    juju.deploy("client", &client(), 1000);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    for unit in juju.units("client") {
        juju.relation_set(&unit, web, [("port", "80")]);
    }
    juju.settle();
    juju.remove_application("client");
    juju.settle();
    assert!(juju.units("client").is_empty() && juju.pending().is_empty());
}

#[test]
fn a_thousand_relations() {
    let mut juju = Juju::new(1);
    juju.deploy("provider", &Charm::puppet(PROVIDER), 1);
    for number in 0..1000 {
        let name = format!("client{number}");
        juju.deploy(&name, &client(), 1);
        juju.relate("provider:web", &format!("{name}:web"));
    }
    juju.settle();
    assert_eq!(juju.relations("provider").len(), 1001);
    juju.remove_application("provider");
    juju.settle();
    assert!(juju.units("provider").is_empty() && juju.pending().is_empty());
}

#[test]
fn a_large_file_of_a_charm_is_there_once() {
    let charm = Scripted::new(PROVIDER, "true");
    charm.write("large", &"x".repeat(1 << 20));
    let mut juju = Juju::new(1);
    juju.deploy("provider", &charm.charm(), 3);
    juju.settle();
    let inode = |file: &str| std::fs::metadata(file).unwrap().ino();
    let files: Vec<String> = juju
        .units("provider")
        .iter()
        .map(|unit| juju.charm_dir(unit).join("large").display().to_string())
        .collect();
    assert!(files.iter().all(|file| inode(file) == inode(&files[0])));
    std::fs::remove_file(&files[0]).unwrap();
    assert!(juju.charm_dir("provider/1").join("large").exists());
}
