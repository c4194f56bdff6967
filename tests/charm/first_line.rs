use test_juju::Charm;

use crate::world::World;

#[test]
fn a_request_raises_update_and_is_answered() {
    let mut world = World::new(1);
    let charm = world.charm();
    world.juju.deploy("proxy", &charm, 1);
    world.juju.deploy(
        "blog",
        &Charm::puppet("name: blog\nrequires: {proxy: {interface: ssl-termination}}"),
        1,
    );
    let relation = world.juju.relate("proxy:ssl-termination", "blog:proxy");
    for run in world.juju.settle() {
        println!("{run} {:?}", world.flags("proxy/0"));
        println!("{}", run.trace());
    }
    world.juju.relation_set(
        "blog/0",
        relation,
        [(
            "cert-request",
            r#"{"fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#,
        )],
    );
    for run in world.juju.settle() {
        println!("{run} {:?}", world.flags("proxy/0"));
        println!("{}", run.trace());
    }
    println!("{:?} {:?}", world.juju.bag(relation, "proxy/0"), world.juju.status("proxy/0"));
}
