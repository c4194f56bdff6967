use test_juju::{Juju, Part};

use crate::charms::{PROVIDER, Scripted};

const WRITES: &str =
    "[ $JUJU_HOOK_NAME = update-status ] || exit 0\nrelation-set -r ring:0 a=b; open-port 80; state-set c=d";

fn fails_at(version: &str, part: Part) -> (usize, usize, usize) {
    let charm = Scripted::new(PROVIDER, WRITES);
    let mut juju = Juju::new(1);
    juju.set_version(version);
    juju.deploy("provider", &charm.charm(), 1);
    juju.settle();
    let ring = juju.relations("provider")[0];
    juju.fail_commit_at("provider/0", part);
    juju.update_status("provider/0");
    assert!(juju.step().is_some_and(|run| !run.committed));
    let published = juju.bag(ring, "provider/0").len() - 3;
    (published, juju.opened_ports("provider/0").len(), juju.state("provider/0").len())
}

#[test]
fn a_commit_is_one_transaction() {
    for version in ["2.9.49", "3.6.9", "3.6-beta2", "4.1.0", "whatever"] {
        for part in [Part::Relations, Part::Ports, Part::State] {
            assert_eq!(fails_at(version, part), (0, 0, 0), "{version} {part:?}");
        }
    }
}

#[test]
fn in_4_0_each_part_is_a_transaction_of_its_own() {
    for version in ["4.0.3", "4.0-rc1.1"] {
        assert_eq!(fails_at(version, Part::Relations), (0, 0, 0));
        assert_eq!(fails_at(version, Part::Ports), (1, 0, 0));
        assert_eq!(fails_at(version, Part::State), (1, 1, 0));
    }
}

#[test]
fn before_2_8_there_are_no_state_tools() {
    let charm = Scripted::new(
        PROVIDER,
        "echo $JUJU_VERSION; state-get || echo none; secret-ids || echo none; is-leader",
    );
    let mut juju = Juju::new(1);
    juju.set_version("2.7.8");
    juju.deploy("provider", &charm.charm(), 1);
    assert_eq!(juju.step().unwrap().stdout, "2.7.8\nnone\nnone\nTrue\n");
}

#[test]
fn charm_state_has_its_limits() {
    let charm = Scripted::new(PROVIDER, "true");
    let mut juju = Juju::new(1);
    juju.deploy("provider", &charm.charm(), 1);
    juju.settle();
    let fill = |count: u32, length: u32| {
        format!(
            "for n in $(seq {count}); do printf \"k$n: \"; head -c {length} /dev/zero | tr '\\0' x; echo; done | state-set --file -"
        )
    };
    let run = juju.exec("provider/0", &["sh", "-c", &fill(1, 65_537)]);
    assert_eq!(run.stderr, "ERROR max allowed value length (65536) exceeded\n");
    let run = juju.exec("provider/0", &["sh", "-c", "state-set $(head -c 257 /dev/zero | tr '\\0' k)=v"]);
    assert_eq!(run.stderr, "ERROR max allowed key length (256) exceeded\n");
    let run = juju.exec("provider/0", &["sh", "-c", &fill(33, 65_536)]);
    assert!(!run.committed && run.stderr.contains("max allowed size (2097152) exceeded"), "{}", run.stderr);
    assert!(juju.exec("provider/0", &["sh", "-c", &fill(31, 65_536)]).committed);
}
