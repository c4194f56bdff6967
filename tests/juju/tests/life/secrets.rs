#![expect(clippy::unwrap_used, reason = "a test whose hook doesn't run is to fail")]

use test_juju::{Charm, Fault, HookRun, Juju, Part, RelationId};

use crate::charms::{PROVIDER, Scripted, story};

const READER: &str = "name: reader\nrequires: {web: {interface: http}}\n";

/// A provider that runs `script` in update-status, and a reader that does what the databag tells it.
struct Pair {
    charms: [Scripted; 2],
    juju: Juju,
    web: RelationId,
}

fn pair(script: &str) -> Pair {
    let provider =
        Scripted::new(PROVIDER, &format!("[ $JUJU_HOOK_NAME = update-status ] || exit 0\n{script}"));
    let reader = Scripted::new(READER, "env | grep ^JUJU_SECRET | sort | tr '\\n' ' '");
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("reader", &reader.charm(), 2);
    let web = juju.relate("provider:web", "reader:web");
    juju.settle();
    Pair { charms: [provider, reader], juju, web }
}

fn update(juju: &mut Juju) -> HookRun {
    juju.update_status("provider/0");
    juju.step_unit("provider/0").unwrap()
}

fn sh(juju: &mut Juju, unit: &str, script: &str) -> (String, String) {
    let run = juju.exec(unit, &["sh", "-c", script]);
    (run.stdout, run.stderr)
}

#[test]
fn a_secret_is_added_granted_read_and_revised() {
    let Pair { mut juju, web, charms: _charms } = pair(
        "id=$(secret-info-get --label pw --format=json 2>/dev/null | cut -d'\"' -f2)\n\
         if [ -z \"$id\" ]; then id=$(secret-add --label pw --description 'for the reader' pass=one)\n\
         secret-grant $id -r web:1; relation-set -r web:1 secret=$id; secret-get $id pass\n\
         else secret-set $id pass=two; secret-get $id --peek pass; secret-get $id pass; fi",
    );
    let run = update(&mut juju);
    assert!(run.committed && run.stdout == "one\n", "{}", run.trace());
    let uri = juju.bag(web, "provider/0")["secret"].clone();
    assert_eq!((juju.secret(&uri)["pass"].as_str(), juju.secret_owner(&uri).as_str()), ("one", "provider"));
    assert_eq!(juju.settle().len(), 2, "the readers see the databag");

    let read = format!("secret-get {uri} --label mine --format=json");
    assert_eq!(sh(&mut juju, "reader/0", &read).0, "{\"pass\":\"one\"}\n");
    assert_eq!(sh(&mut juju, "reader/0", &format!("secret-get {uri} pass#base64")).0, "b25l\n");
    assert!(juju.settle().is_empty());

    let run = update(&mut juju);
    assert_eq!(run.stdout, "two\none\n", "{}", run.trace());
    let runs = juju.settle();
    assert_eq!(story(&runs, "reader/0"), ["secret-changed"]);
    assert_eq!(story(&runs, "reader/1"), [""; 0], "it has never read the secret");
    assert_eq!(runs[0].stdout, format!("JUJU_SECRET_ID={uri} JUJU_SECRET_LABEL=mine "));
    assert_eq!(
        sh(&mut juju, "reader/0", "secret-get --label mine; secret-get --label mine --peek").0,
        "pass: one\npass: two\n"
    );
    assert_eq!(
        sh(&mut juju, "reader/0", "secret-get --label mine --refresh; secret-get --label mine").0,
        "pass: two\npass: two\n"
    );
    let info = sh(&mut juju, "provider/0", "secret-info-get --label pw; secret-ids");
    let id = uri.trim_start_matches("secret:");
    assert_eq!(
        info.0,
        format!(
            "{id}:\n  revision: 2\n  label: pw\n  owner: application\n  description: for the reader\n  access:\n  \
             - target: application-reader\n    scope: relation-reader.web#provider.web\n    role: view\n{id}\n"
        )
    );
    juju.remove_relation(web);
    juju.settle();
    assert_eq!(sh(&mut juju, "reader/0", &format!("secret-get {uri}")).1, "ERROR permission denied\n");
}

#[test]
fn a_label_that_is_taken_fails_at_the_commit_in_every_retry() {
    let Pair { mut juju, charms: _charms, .. } = pair("secret-add --label pw pass=one");
    assert!(update(&mut juju).committed);
    juju.set_retries(2);
    juju.update_status("provider/0");
    let failed = juju.try_settle().unwrap_err();
    assert_eq!((failed.exit, failed.committed, failed.attempt), (0, false, 3));
    assert!(failed.stderr.contains("secret with label \"pw\" already exists"), "{}", failed.stderr);
    assert_eq!(juju.secrets().len(), 1);
    let unit = sh(&mut juju, "provider/0", "secret-add --owner unit --label pw pass=one");
    assert!(unit.0.starts_with("secret:"), "another owner, another label: {unit:?}");
    assert_eq!(juju.secrets().len(), 2);
}

#[test]
fn secrets_are_written_before_the_transaction_and_outside_of_it() {
    let Pair { mut juju, web, charms: _charms } =
        pair("secret-add --label pw pass=one; relation-set -r web:1 a=b; state-set c=d");
    juju.fail_commit_at("provider/0", Part::Relations);
    assert!(!update(&mut juju).committed);
    assert_eq!(juju.secrets().len(), 1);
    assert!(juju.state("provider/0").is_empty() && !juju.bag(web, "provider/0").contains_key("a"));

    let Pair { mut juju, charms: _charms, .. } = pair("secret-add --label pw pass=one; is-leader");
    juju.on_call("provider/0", 2, Fault::Kill);
    update(&mut juju);
    assert!(juju.secrets().is_empty(), "a hook that doesn't come to its end writes none");
}

#[test]
fn only_the_leader_has_the_applications_secrets() {
    let Pair { mut juju, charms: _charms, .. } = pair("secret-add --label pw pass=one");
    juju.add_unit("provider");
    juju.settle();
    update(&mut juju);
    let (out, err) = sh(&mut juju, "provider/1", "secret-add pass=one; secret-ids; secret-get --label pw");
    assert_eq!((out.as_str(), err.as_str()), ("pass: one\n", "ERROR this unit is not the leader\n"));
    juju.elect("provider/1");
    juju.settle();
    assert!(sh(&mut juju, "provider/1", "secret-ids").0.starts_with('d'));
}

#[test]
fn the_owner_is_told_of_time_and_of_what_nobody_reads() {
    let Pair { mut juju, charms: _charms, .. } = pair("true");
    let uri = sh(&mut juju, "provider/0", "secret-add --label pw --rotate daily --expire 24h pass=one").0;
    let uri = uri.trim_end();
    juju.rotate_secret(uri);
    juju.expire_secret(uri);
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["secret-expired", "secret-rotate"]);
    sh(&mut juju, "provider/0", &format!("secret-set {uri} pass=two"));
    assert_eq!(story(&juju.settle(), "provider/0"), ["secret-remove"]);
    assert!(juju.settle().is_empty());
    sh(&mut juju, "provider/0", &format!("secret-remove {uri} --revision 1"));
    assert_eq!(juju.secret_revisions(uri), [2]);
    sh(&mut juju, "provider/0", &format!("secret-remove {uri}"));
    assert!(juju.secrets().is_empty());
}

#[test]
fn the_operator_has_secrets_too() {
    let reader = Scripted::new("name: reader\n", "true");
    reader.write("config.yaml", "options: {password: {type: secret}}\n");
    let mut juju = Juju::new(1);
    juju.deploy("reader", &reader.charm(), 1);
    let uri = juju.add_secret("db", [("password", "one")]);
    juju.configure("reader", [("password", uri.as_str())]);
    juju.settle();
    let read = "secret-get $(config-get password) password";
    assert_eq!(sh(&mut juju, "reader/0", read).1, "ERROR permission denied\n");
    juju.grant_secret("db", "reader");
    assert_eq!(sh(&mut juju, "reader/0", read).0, "one\n");
    juju.update_secret(&uri, [("password", "two")]);
    assert_eq!(story(&juju.settle(), "reader/0"), ["secret-changed"]);
    assert_eq!(sh(&mut juju, "reader/0", &format!("{read} --refresh")).0, "two\n");
    juju.revoke_secret("db", "reader");
    assert_eq!(sh(&mut juju, "reader/0", read).1, "ERROR permission denied\n");
}

#[test]
fn what_is_no_secret_is_refused() {
    let mut juju = Juju::new(1);
    let charm = Scripted::new(PROVIDER, "true");
    juju.deploy("provider", &charm.charm(), 1);
    juju.deploy("client", &Charm::puppet(READER), 1);
    juju.relate("provider:web", "client:web");
    juju.settle();
    for (call, error) in [
        ("secret-add", "missing secret value or filename"),
        ("secret-add pass", "key value \"pass\" not valid"),
        ("secret-add ab=x", "key \"ab\" not valid"),
        ("secret-add Pass=x", "key \"Pass\" not valid"),
        ("secret-add pass--word=x", "key \"pass--word\" not valid"),
        ("secret-add --rotate never-ever pass=x", "rotate policy \"never-ever\" not valid"),
        ("secret-add --expire soon pass=x", "expire time or duration \"soon\" not valid"),
        ("secret-add --owner me pass=x", "secret owner \"me\" not valid"),
        ("secret-get", "require either a secret URI or label"),
        ("secret-get nonsense", "secret URI \"nonsense\" not valid"),
        ("secret-get --label no", "consumer label \"no\" not found"),
        ("secret-get --label no --peek --refresh", "specify one of --peek or --refresh but not both"),
        ("secret-grant d0000000000000000000", "no relation id specified"),
        ("secret-info-get --label no", "secret \"no\" not found"),
        ("secret-revoke d0000000000000000000", "missing relation or application or unit"),
    ] {
        assert_eq!(sh(&mut juju, "provider/0", call).1, format!("ERROR {error}\n"), "{call}");
    }
}
