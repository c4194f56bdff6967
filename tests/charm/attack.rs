//! What an adversary and bad luck can do: hostile visitors and clients, files that are not what they should be, hooks
//! that end in the wrong place.

mod claims;
mod committed;
mod damage;
mod plan;
mod requests;
mod scan;
mod told;
mod upstreams;
mod visitors;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use test_juju::{Charm, HookRun, RelationId};

use crate::world::{Web, World};

const NAME: &str = "a.example.com";

fn clients(world: &mut World, clients: &[(&str, usize)]) -> Vec<RelationId> {
    world.deploy_proxy("proxy");
    let relate = |&(client, units): &(&str, usize)| {
        let metadata = format!("name: {client}\nrequires: {{proxy: {{interface: ssl-termination}}}}");
        world.juju.deploy(client, &Charm::puppet(&metadata), units);
        world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"))
    };
    let relations = clients.iter().map(relate).collect();
    world.juju.settle();
    relations
}

/// A proxy that serves `NAME` for `blog`.
fn serving() -> (World, RelationId, Web) {
    let mut world = World::new(7);
    let relation = clients(&mut world, &[("blog", 1)])[0];
    let web = Web::start("web");
    ask(&mut world, relation, "blog/0", &request(&[NAME], &web));
    assert_eq!(code(&world), 200);
    (world, relation, web)
}

fn request(names: &[&str], web: &Web) -> Value {
    json!({"fqdn": names, "upstreams": [{"hostname": "127.0.0.1", "port": web.port}]})
}

fn publish(world: &mut World, relation: RelationId, unit: &str, request: &Value) {
    world.juju.relation_set(unit, relation, [("cert-request", request.to_string().as_str())]);
}

fn ask(world: &mut World, relation: RelationId, unit: &str, request: &Value) {
    publish(world, relation, unit, request);
    world.juju.settle();
}

fn look(world: &mut World) -> Vec<HookRun> {
    world.juju.update_status("proxy/0");
    world.juju.settle()
}

fn answer(world: &World, relation: RelationId) -> Value {
    let bag = world.juju.bag(relation, "proxy/0");
    bag.get("status").map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn has(world: &World, relation: RelationId, name: &str) -> bool {
    answer(world, relation).get(name).is_some()
}

fn code(world: &World) -> u16 {
    world.get(&format!("https://{NAME}/")).send().code
}

fn state(world: &World) -> PathBuf {
    world.juju.charm_dir("proxy/0").join(".state")
}

fn lose_the_flag_file(world: &World) {
    fs::remove_file(state(world).join("flags.json")).unwrap();
}
