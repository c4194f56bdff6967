//! The commands of docs/how-to-operate.md, run in the Juju of the tests from top to bottom; removal comes last.

use serde_json::{Map, Value};
use test_juju::{Charm, RelationId};

use super::Page;
use super::command::{Command, Juju};
use crate::world::{Web, World};

/// The model that the page speaks of: a proxy, a client and its web application, and another web application.
fn model(web: &Web) -> World {
    let mut world = World::new(8);
    world.deploy_proxy("proxy");
    world.deploy_client("blog-tls", "blog.example.com");
    for app in ["my-blog", "my-shop"] {
        world.juju.deploy(
            app,
            &Charm::puppet(&format!("name: {app}\nprovides: {{website: {{interface: http}}}}")),
            1,
        );
    }
    let website = world.juju.relate("blog-tls:website", "my-blog:website");
    world.juju.relate("blog-tls:proxy", "proxy:ssl-termination");
    world.juju.settle();
    publish(&mut world, "my-blog/0", website, web);
    world
}

fn publish(world: &mut World, unit: &str, relation: RelationId, web: &Web) {
    let port = web.port.to_string();
    world.juju.relation_set(unit, relation, [("hostname", "127.0.0.1"), ("port", &*port)]);
    world.juju.settle();
}

#[test]
fn the_operators_page_works_from_top_to_bottom() {
    let web = Web::start("web");
    let mut world = model(&web);
    let page = Page::read("docs/how-to-operate.md");
    let (removal, commands): (Vec<Command>, Vec<Command>) =
        Command::all(&page.text).into_iter().partition(|command| command.section == "Remove");
    assert!(commands.len() > 15 && removal.len() > 2);
    for command in commands {
        run(&mut world, &command, &web);
        let (state, message) = world.juju.status("blog-tls/0");
        assert_eq!(state, "active", "after {:?}: {message}", command.words);
    }
    assert_eq!(world.juju.status("shop-tls/0").1, "shop.example.com served");
    assert_eq!(world.get("https://blog.example.com/").send().code, 200);
    for command in removal {
        run(&mut world, &command, &web);
    }
    assert!(world.nginx_processes().is_empty());
    assert!(!world.path("var/lib/ssl-termination").exists());
}

fn run(world: &mut World, command: &Command, web: &Web) {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let ["juju", rest @ ..] = words.as_slice() else { return };
    let juju = Juju::parse(rest).unwrap();
    if juju.args.is_empty() {
        return; // only spoken of, or of the whole model
    }
    let pairs = |pairs: &[&str]| -> Vec<(String, String)> {
        let pair = |pair: &&str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pairs.iter().filter_map(pair).collect()
    };
    match (juju.name, juju.args.as_slice()) {
        ("deploy", [_, app]) => {
            world.juju.deploy(app, &world.charm(), 1);
            let config: Vec<&str> = juju.values.iter().map(|(_, pair)| *pair).collect();
            world.juju.configure(app, pairs(&config));
        }
        ("integrate", [one, other]) => {
            let relation = world.juju.relate(one, other);
            world.juju.settle();
            if let Some((app, "website")) = other.split_once(':') {
                publish(world, &format!("{app}/0"), relation, web);
            }
        }
        ("config", [app, given @ ..]) => world.juju.configure(app, pairs(given)),
        ("run", [unit, action, given @ ..]) => {
            let params: Map<String, Value> =
                pairs(given).into_iter().map(|(key, value)| (key, Value::from(value))).collect();
            let ran = world.juju.run_action(unit, action, Value::Object(params));
            assert_eq!(ran.failure, None, "{words:?}");
        }
        // Below another root than `/` nginx is no service.
        ("exec", args) if args[0] != "systemctl" => {
            let here = |arg: &&str| arg.strip_prefix("/var/").map(|rest| world.path("var").join(rest));
            let args: Vec<String> = args
                .iter()
                .map(|arg| here(arg).map_or((*arg).to_owned(), |path| path.display().to_string()))
                .collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let ran = world.juju.exec("proxy/0", &args);
            assert_eq!(ran.exit, 0, "{}", ran.trace());
        }
        ("add-secret", [name, content @ ..]) => {
            world.juju.add_secret(name, pairs(content));
        }
        ("grant-secret", [name, app]) => world.juju.grant_secret(name, app),
        ("refresh", [app]) => world.juju.refresh(app, &world.charm()),
        ("remove-relation", [one, other]) => {
            let at = |world: &World, end: &str| {
                let (app, endpoint) = end.split_once(':').unwrap();
                world.juju.relations_at(app, endpoint)
            };
            let others = at(world, other);
            let shared: Vec<RelationId> =
                at(world, one).into_iter().filter(|relation| others.contains(relation)).collect();
            assert_eq!(shared.len(), 1, "{words:?}");
            world.juju.remove_relation(shared[0]);
        }
        ("remove-application", [app]) => world.juju.remove_application(app),
        // What only shows something, or happens at the cloud's door.
        ("exec" | "expose" | "debug-log" | "status" | "show-unit" | "add-unit", _) => {}
        (other, _) => panic!("the test does not know how to run juju {other}: {words:?}"),
    }
    let failed: Vec<String> =
        world.juju.settle().into_iter().filter(|run| !run.committed).map(|run| run.trace()).collect();
    assert!(failed.is_empty(), "{words:?}: {}", failed.concat());
}
