use test_juju::{Charm, Juju};

use crate::charms::{PROVIDER, Scripted, client, story};

#[test]
fn a_unit_lives_from_install_to_remove() {
    let provider = Scripted::new("name: provider\nprovides: {web: {interface: http}}\n", "true");
    let mut juju = Juju::new(1);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 2);
    juju.relate("provider:web", "client:web");
    let runs = juju.settle();
    let story_so_far = story(&runs, "provider/0");
    assert_eq!(
        story_so_far[..5],
        ["install", "web-relation-created", "leader-elected", "config-changed", "start"]
    );
    let mut joins = story_so_far[5..].to_vec();
    for pair in joins.chunks(2) {
        assert_eq!(pair[0].replace("joined", "changed"), pair[1]);
    }
    joins.sort();
    assert_eq!(
        joins,
        [
            "web-relation-changed client/0",
            "web-relation-changed client/1",
            "web-relation-joined client/0",
            "web-relation-joined client/1"
        ]
    );

    juju.remove_unit("provider/0");
    assert_eq!(
        story(&juju.settle(), "provider/0"),
        [
            "web-relation-departed client/0",
            "web-relation-departed client/1",
            "web-relation-broken",
            "stop",
            "remove"
        ]
    );
    assert!(juju.units("provider").is_empty());
}

#[test]
fn a_removed_unit_departs_for_the_others_only_at_its_end() {
    let provider = Scripted::new(PROVIDER, "true");
    let mut juju = Juju::new(2);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    juju.relation_set("client/0", web, [("port", "80")]);
    juju.settle();

    juju.remove_unit("client/0");
    while let Some(run) = juju.step_unit("client/0") {
        assert!(juju.pending().iter().all(|next| *next.unit == *"client/0") || run.hook == "remove");
    }
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["web-relation-departed client/0"]);
    assert_eq!(runs[0].departing.as_deref(), Some("client/0"));
    assert_eq!(juju.bag(web, "client/0")["port"], "80");
}

#[test]
fn a_relation_that_goes_departs_and_breaks() {
    let provider = Scripted::new(
        "name: provider\nprovides: {web: {interface: http}}\n",
        r#"echo "$JUJU_DEPARTING_UNIT $(relation-ids web --format=json) $(relation-list -r ${JUJU_RELATION_ID:-0} --format=json)""#,
    );
    let mut juju = Juju::new(3);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    juju.remove_relation(web);
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["web-relation-departed client/0", "web-relation-broken"]);
    assert_eq!(runs[0].stdout, "client/0 [\"web:0\"] []\n");
    assert_eq!(runs[1].stdout, " [] []\n");
    assert!(juju.relations("provider").is_empty());
}

#[test]
fn writes_coalesce_and_other_units_are_read_from_the_cache() {
    let provider = Scripted::new(
        PROVIDER,
        "[ -z \"$JUJU_REMOTE_UNIT\" ] || relation-get -r web:1 --format=json n client/0",
    );
    let mut juju = Juju::new(4);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 2);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();

    juju.relation_set("client/0", web, [("n", "1")]);
    juju.relation_set("client/0", web, [("n", "2")]);
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["web-relation-changed client/0"]);
    assert_eq!(runs[0].stdout, "\"2\"\n");

    juju.relation_set("client/0", web, [("n", "3")]);
    juju.relation_set("client/1", web, [("n", "3")]);
    let pending = juju.pending();
    assert_eq!(pending.len(), 1, "Juju goes through the units of a relation by name");
    juju.relation_set("client/0", web, [("n", "2")]);
    let runs = juju.settle();
    assert_eq!(
        story(&runs, "provider/0"),
        ["web-relation-changed client/0", "web-relation-changed client/1"]
    );

    juju.fail_commit("provider/0");
    juju.relation_set("client/1", web, [("n", "4")]);
    juju.step();
    juju.relation_set("client/0", web, [("n", "5")]);
    let run = juju.step().unwrap();
    assert_eq!((run.remote_unit.as_deref(), run.stdout.as_str()), (Some("client/1"), "\"2\"\n"));
    assert_eq!(juju.step().unwrap().stdout, "\"5\"\n");
}

#[test]
fn configuration_leadership_refresh_and_reboot_have_their_hooks() {
    let provider = Scripted::new(PROVIDER, "config-get --format=json; is-leader --format=json");
    let mut juju = Juju::new(5);
    juju.deploy("provider", &provider.charm(), 2);
    let runs = juju.settle();
    assert_eq!(
        story(&runs, "provider/1")[..5],
        ["install", "ring-relation-created", "leader-settings-changed", "config-changed", "start"]
    );
    assert_eq!(runs.last().unwrap().stdout.lines().next(), Some(r#"{"greeting":"hello"}"#));

    juju.configure("provider", [("size", 3)]);
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["config-changed"]);
    assert_eq!(runs[0].stdout.lines().next(), Some(r#"{"greeting":"hello","size":3}"#));
    juju.configure("provider", [("size", 3)]);
    assert!(juju.settle().is_empty());

    juju.refresh("provider", &provider.charm());
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["upgrade-charm", "config-changed"]);
    assert_eq!(story(&runs, "provider/1"), ["upgrade-charm", "config-changed", "leader-settings-changed"]);

    juju.reboot(juju.machine("provider/0"));
    assert_eq!(story(&juju.settle(), "provider/0"), ["start"]);

    juju.remove_unit("provider/0");
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/1"), ["leader-elected", "ring-relation-departed provider/0"]);
}

#[test]
fn a_subordinate_sees_its_own_principal_only() {
    let agent = Scripted::new(
        "name: agent\nsubordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n",
        "true",
    );
    let mut juju = Juju::new(6);
    juju.deploy("host", &Charm::puppet("name: host\n"), 2);
    juju.deploy_subordinate("agent", &agent.charm());
    juju.relate("agent:host", "host:juju-info");
    let runs = juju.settle();
    let joined: Vec<_> = runs
        .iter()
        .filter(|run| run.hook == "host-relation-joined")
        .map(|run| (juju.machine(&run.unit), juju.machine(run.remote_unit.as_deref().unwrap())))
        .collect();
    assert_eq!(joined.len(), 2);
    assert!(joined.iter().all(|(own, remote)| own == remote));
    juju.remove_unit("host/0");
    juju.settle();
    assert_eq!(juju.units("agent").len(), 1);
}

#[test]
fn application_data_comes_with_an_empty_remote_unit() {
    let provider = Scripted::new(PROVIDER, "[ -z \"$JUJU_RELATION\" ] || relation-get --format=json -");
    let mut juju = Juju::new(7);
    juju.deploy("provider", &provider.charm(), 1);
    juju.deploy("client", &client(), 1);
    let web = juju.relate("provider:web", "client:web");
    juju.settle();
    juju.app_set("client", web, [("k", "v")]);
    let runs = juju.settle();
    assert_eq!(story(&runs, "provider/0"), ["web-relation-changed"]);
    assert_eq!(runs[0].stdout, "{\"k\":\"v\"}\n");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let life = |seed| {
        let provider = Scripted::new(PROVIDER, "true");
        let mut juju = Juju::new(seed);
        juju.deploy("provider", &provider.charm(), 2);
        for name in ["a", "b", "c"] {
            juju.deploy(name, &client(), 2);
            juju.relate("provider:web", &format!("{name}:web"));
        }
        juju.settle().iter().map(|run| format!("{} {}", run.unit, run.hook)).collect::<Vec<_>>()
    };
    assert_eq!(life(1), life(1));
    assert_ne!(life(1), life(2));
}

#[test]
fn a_thousand_units_are_no_burden() {
    let provider = Scripted::new("name: provider\nprovides: {web: {interface: http}}\n", "");
    let mut juju = Juju::new(8);
    juju.deploy("client", &client(), 1000);
    juju.settle();
    juju.deploy("provider", &provider.charm(), 1);
    let web = juju.relate("provider:web", "client:web");
    assert_eq!(juju.settle().len(), 5 + 2 * 1000);
    juju.relation_set("client/7", web, [("a", "b")]);
    assert_eq!(juju.settle().len(), 1);
}

#[test]
fn a_removed_application_takes_its_relations_and_units_along() {
    let provider = Scripted::new(PROVIDER, "echo $JUJU_DEPARTING_UNIT");
    let mut juju = Juju::new(9);
    juju.deploy("provider", &provider.charm(), 2);
    juju.deploy("client", &client(), 2);
    juju.relate("provider:web", "client:web");
    juju.settle();
    juju.add_unit("client");
    juju.remove_application("client");
    let runs = juju.settle();
    let departed = ["web-relation-departed client/0", "web-relation-departed client/1"];
    assert_eq!(story(&runs, "provider/0"), [&departed[..], &["web-relation-broken"]].concat());
    assert!(juju.units("client").is_empty());
    assert_eq!(juju.relations("provider").len(), 1);

    juju.remove_application("provider");
    let runs = juju.settle();
    assert!(runs.iter().all(|run| run.departing.as_ref().is_none_or(|departing| *departing == run.unit)));
    assert!(juju.pending().is_empty() && juju.relations("provider").is_empty());
}

#[test]
fn a_subordinate_goes_with_its_relation() {
    let agent = Charm::puppet(
        "name: agent\nsubordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n",
    );
    let mut juju = Juju::new(10);
    juju.deploy("host", &Charm::puppet("name: host\n"), 2);
    juju.deploy_subordinate("agent", &agent);
    let relation = juju.relate("agent:host", "host:juju-info");
    juju.settle();
    assert_eq!(juju.units("agent").len(), 2);
    juju.remove_relation(relation);
    juju.settle();
    assert!(juju.units("agent").is_empty() && juju.relations("host").is_empty());
}

#[test]
fn a_hundred_peers_are_no_burden_either() {
    let mut juju = Juju::new(11);
    juju.deploy("ring", &Charm::puppet("name: ring\npeers: {ring: {interface: ring}}\n"), 100);
    juju.settle();
    assert!(juju.pending().is_empty());
}
