//! Whose a name is, and remains, while nothing can be served or the flag file is lost.

use serde_json::json;

use super::{NAME, answer, ask, clients, has, look, lose_the_flag_file, request};
use crate::world::{Web, World};

/// Makes the https-port one that is taken, so that nothing can be served.
fn obstruct(world: &mut World) -> Web {
    let taken = Web::start("taken");
    world.juju.configure("proxy", [("https-port", taken.port)]);
    taken
}

fn clear_the_way(world: &mut World, taken: Web) {
    drop(taken);
    let port = world.https_port;
    world.juju.configure("proxy", [("https-port", port)]);
    world.juju.settle();
}

#[test]
fn the_first_that_asks_has_the_name_though_nothing_can_be_served_yet() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("late", 1), ("early", 1)]);
    let web = Web::start("web");
    let taken = obstruct(&mut world);
    world.juju.settle();
    ask(&mut world, relations[1], "early/0", &request(&[NAME], &web));
    ask(&mut world, relations[0], "late/0", &request(&[NAME], &web));
    clear_the_way(&mut world, taken);
    assert!(has(&world, relations[1], NAME), "late has it: {}", answer(&world, relations[0]));
}

#[test]
fn claims_outlive_a_lost_flag_file_though_nothing_can_be_served_in_that_hook() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("thief", 1), ("owner", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[1], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[0], "thief/0", &request(&[NAME], &web));
    assert!(has(&world, relations[1], NAME));
    lose_the_flag_file(&world);
    let taken = obstruct(&mut world);
    world.juju.settle();
    clear_the_way(&mut world, taken);
    assert!(has(&world, relations[1], NAME), "the thief has it: {}", answer(&world, relations[0]));
}

#[test]
fn a_name_that_is_reserved_for_a_refused_request_outlives_a_lost_flag_file() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("owner", 1), ("thief", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[1], "thief/0", &request(&[NAME], &web));
    let mut bad = request(&[NAME], &web);
    bad["nginx-config"] = json!(["gzip on"]);
    ask(&mut world, relations[0], "owner/0", &bad);
    assert!(!has(&world, relations[1], NAME), "a refused request ends no claim");
    lose_the_flag_file(&world);
    look(&mut world);
    assert!(!has(&world, relations[1], NAME), "nor does a lost file");
}

#[test]
fn a_recovered_claim_ends_when_its_unit_withdraws() {
    let mut world = World::new(7);
    let relations = clients(&mut world, &[("owner", 2), ("next", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "owner/1", &json!({"fqdn": ["no;name"]}));
    ask(&mut world, relations[0], "owner/0", &request(&[NAME], &web));
    ask(&mut world, relations[1], "next/0", &request(&[NAME], &web));
    lose_the_flag_file(&world);
    look(&mut world);
    ask(&mut world, relations[0], "owner/0", &json!({}));
    assert!(has(&world, relations[1], NAME), "{}", answer(&world, relations[1]));
}
