//! Pages whose commands are run from top to bottom: first those in blocks, then those within lines, removal last.

use std::fs;

use serde_json::Value;

use super::examples;
use super::places::{Place, place};
use super::stage::{Stage, Start};
use crate::world::pages::{Command, Page};
use crate::world::{Request, World};

/// Pages that begin elsewhere than where a site is served, and those that have a test of their own.
const OWN: [&str; 6] = [
    "README.md",
    "docs/certificates.md",
    "docs/how-to-move.md",
    "docs/how-to-operate.md",
    "docs/statuses.md",
    "docs/tutorial.md",
];

/// The stage of a page, with what is run there in its order: what removes comes apart.
fn stage(path: &str, start: Start) -> (Stage, Vec<Command>, Vec<Command>) {
    let page = Page::read(path);
    let stage = Stage::new(&page, start);
    let (blocks, lines): (Vec<_>, Vec<_>) = page
        .commands()
        .into_iter()
        .filter(|command| place(command) == Place::Stage)
        .partition(|command| command.is_in_block);
    let all = blocks.into_iter().chain(lines);
    let (removal, commands) = all.partition(|command| command.text.starts_with("juju remove-"));
    (stage, commands, removal)
}

/// The code that a visitor of the blog gets.
fn visit(world: &World, with: impl FnOnce(Request) -> Request) -> u16 {
    with(world.get("https://blog.example.com/")).send().code
}

/// Whether a text is in what commands have said.
fn has(said: &[String], text: &str) -> bool {
    said.iter().any(|said| said.contains(text))
}

#[test]
fn the_readme() {
    let (mut stage, commands, _) = stage("README.md", Start::Nothing);
    let said = stage.play(&commands);
    let root = stage.pebbles.as_ref().unwrap()[0].root();
    let by = |password: &'static str| {
        visit(&stage.world, |request| request.checked(&root).with_password(password))
    };
    assert_eq!((by("ann:0ther"), by("ann:pa55word")), (200, 401), "the secret's new content counts");
    assert_eq!(stage.world.get("https://www.example.com/").checked(&root).send().code, 200);
    for text in ["proxy/0 active serving 2 names", "ok   nginx", "\\\"certificate\\\": \\\"acme\\\""] {
        assert!(has(&said, text), "{text} is not in {said:#?}");
    }
}

#[test]
fn how_to_move() {
    let (mut stage, commands, _) = stage("docs/how-to-move.md", Start::Nothing);
    let said = stage.play(&commands);
    let failed = said.iter().flat_map(|said| said.lines()).filter(|line| line.contains("fail "));
    let failed: Vec<&str> = failed.filter(|line| !line.contains("fail name ")).collect();
    assert_eq!(failed, Vec::<&str>::new(), "all but that the name leads elsewhere");
    assert!(said.iter().any(|said| said.starts_with("web\n")), "{said:#?}");
}

#[test]
fn how_to_operate() {
    let (mut stage, commands, removal) = stage("docs/how-to-operate.md", Start::Served);
    for command in commands {
        let said = stage.play(std::slice::from_ref(&command));
        assert!(!command.text.contains("curl -v") || has(&said, "issuer: CN=ssl-termination"), "{said:?}");
        let (state, message) = stage.world.juju.status("blog-tls/0");
        assert_eq!(state, "active", "after {}: {message}", command.text);
    }
    assert_eq!(stage.world.juju.status("shop-tls/0").1, "shop.example.com served");
    assert_eq!(
        (visit(&stage.world, |it| it), visit(&stage.world, |it| it.with_password("ann:pa55word"))),
        (401, 200)
    );
    stage.play(&removal);
    assert!(stage.world.nginx_processes().is_empty());
    assert!(!stage.world.path("var/lib/ssl-termination").exists());
}

#[test]
fn certificates_of_all_sources_one_after_the_other() {
    let (mut stage, commands, _) = stage("docs/certificates.md", Start::Served);
    let source = |stage: &Stage| {
        let relation = stage.world.juju.relations_at("proxy", "ssl-termination")[0];
        let answer: Value =
            serde_json::from_str(&stage.world.juju.bag(relation, "proxy/0")["status"]).unwrap();
        answer["blog.example.com"]["certificate"].as_str().map_or_else(|| answer.to_string(), str::to_owned)
    };
    let mut sources = vec![source(&stage)];
    for command in commands {
        stage.play(&[command]);
        sources.push(source(&stage));
    }
    sources.dedup();
    assert_eq!(sources, ["self-signed", "acme", "certificates", "operator"]);
}

#[test]
fn statuses() {
    let (mut stage, commands, _) = stage("docs/statuses.md", Start::Deployed);
    stage.play(&commands);
    assert_eq!(stage.world.juju.status("blog-tls/0").1, "blog.example.com served");
}

#[test]
fn the_tutorial_in_a_real_juju() {
    let (mut stage, commands, _) = stage("docs/tutorial.md", Start::Nothing);
    stage.play(&commands);
}

#[test]
fn every_other_page() {
    for page in Page::all().iter().filter(|page| !OWN.contains(&page.path.as_str())) {
        if page.commands().iter().any(|command| place(command) == Place::Stage) {
            let (mut stage, commands, _) = stage(&page.path, Start::Served);
            let said = stage.play(&commands);
            if page.path == "docs/actions.md" {
                assert!(has(&said, "issuer: CN=ssl-termination"), "{said:#?}");
                assert!(said.iter().any(|said| said.starts_with("web\n")), "{said:#?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_run_fails() {
    let page = Page { path: String::new(), text: String::new() };
    let mut stage = Stage::new(&page, Start::Served);
    for (text, wrong) in [
        ("juju config proxy fqdn=x", "unknown option \"fqdn\""),
        ("juju deploy ./x.charm edge", "./x.charm is not there"),
        ("juju deploy ./ssl-termination_amd64.charm edge --config fqdn=x", "unknown option \"fqdn\""),
        ("juju run proxy/0 list", "no action list"),
        ("juju run proxy/0 list-sites names=x", "no parameter names"),
        ("juju integrate proxy:tls my-blog:website", "endpoint"),
        ("juju relate a b", "no command relate"),
        ("juju refresh proxy --force-it", "no switch --force-it"),
        ("juju expose proxy blog-tls", "2 arguments"),
        ("juju exec --unit proxy/0 -- bin/ssl-termination plans", "plans"),
        ("juju run proxy/0 list-sites --format=json | jq -e '.x'", "null"),
        ("curl https://blog.example.com/", "SSL certificate problem"),
    ] {
        let said = stage.run(text).expect_err(text);
        assert!(said.contains(wrong), "{text}: {said}");
    }
}

/// What README.md has for charm authors, as the hooks of a charm.
#[test]
fn the_code_for_authors_is_a_charm() {
    let page = Page::read("README.md");
    let code = page.fences("bash");
    let malformed = format!("domain='Bad name'\n{}", code[1]);
    for (code, status) in
        [(code[0], ("active", "a.example.com served")), (&malformed, ("blocked", "fqdn[0]: "))]
    {
        let charm = examples::laid_out("bash-client").unwrap();
        fs::write(charm.path().join("hooks/tls-relation-changed"), format!("#!/bin/bash\n{code}")).unwrap();
        let mut world = World::new(9);
        world.deploy_proxy("proxy");
        world.juju.deploy("author", &test_juju::Charm::at(charm.path()), 1);
        world.juju.relate("author:tls", "proxy:ssl-termination");
        world.juju.settle();
        let (state, message) = world.juju.status("author/0");
        assert!(state == status.0 && message.contains(status.1), "{state}: {message}");
    }
}
