//! `ssl-termination plan` says what would be served, what would change and why, and changes nothing.

use std::fs;

use serde_json::json;
use test_juju::Charm;

use crate::world::World;

#[test]
fn the_plan_is_told_and_nothing_is_changed() {
    let mut world = World::new(4);
    world.deploy_proxy("proxy");
    let client = Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}");
    world.juju.deploy("blog", &client, 2);
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    world.juju.settle();
    assert_eq!(plan(&mut world), "serve nothing\nchange nothing: nginx has this configuration\n");

    let request = json!({"fqdn": ["a.example.com", "b.example.com"], "credentials": "ann sesame",
        "upstreams": [{"hostname": "127.0.0.1", "port": 8080}]});
    world.juju.relation_set("blog/0", relation, [("cert-request", request.to_string().as_str())]);
    world.juju.relation_set("blog/1", relation, [("cert-request", r#"{"fqdn": ["A"]}"#)]);
    world.juju.settle();
    let told = "serve 1 site\n  a.example.com b.example.com: for blog (ssl-termination:0)\n    to 127.0.0.1:8080\n    \
                for the user ann alone\n\
                refuse blog/1, for blog (ssl-termination:0): fqdn[0]: an upper-case letter is in the name, which has to be in lower case: A\n";
    assert_eq!(plan(&mut world), format!("{told}change nothing: nginx has this configuration\n"));

    let conf = world.path("etc/ssl-termination/proxy-0/conf");
    fs::remove_file(conf.join("sites/a.example.com.conf")).unwrap();
    fs::write(conf.join("sites/old.conf"), "").unwrap();
    fs::write(conf.join("nginx.conf"), "").unwrap();
    assert_eq!(
        plan(&mut world),
        format!(
            "{told}rewrite nginx.conf: it says something else\n\
             write sites/a.example.com.conf: it is not there\n\
             delete sites/old.conf: nobody asks for it any more\n"
        )
    );
    assert!(conf.join("sites/old.conf").exists());
}

fn plan(world: &mut World) -> String {
    let state = world.juju.charm_dir("proxy/0").join(".state/flags.json");
    let before = fs::read(&state).unwrap();
    let run = world.juju.exec("proxy/0", &["bin/ssl-termination", "plan"]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{}", run.trace());
    assert_eq!(fs::read(&state).unwrap(), before);
    run.stdout
}
