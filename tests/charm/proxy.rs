//! The side that serves: what applications ask for is what curl gets, and what they are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::world::{Web, World};

const CLIENT: &str = "name: client\nrequires: {proxy: {interface: ssl-termination}}";
const WEB: &str = "name: web\nprovides: {website: {interface: http}}";

/// A proxy, and a client application whose databags the test writes.
pub(crate) fn proxy_and(clients: &[(&str, usize)]) -> (World, Vec<RelationId>) {
    proxy_in(World::new(7), clients)
}

fn proxy_in(mut world: World, clients: &[(&str, usize)]) -> (World, Vec<RelationId>) {
    world.deploy_proxy("proxy");
    let relations = clients.iter().map(|(client, units)| {
        world.juju.deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), *units);
        world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"))
    });
    let relations = relations.collect();
    world.juju.settle();
    (world, relations)
}

/// A request for names in front of web servers on this machine.
pub(crate) fn request(names: &[&str], webs: &[&Web]) -> Value {
    let upstreams: Vec<Value> =
        webs.iter().map(|web| json!({"hostname": "127.0.0.1", "port": web.port})).collect();
    json!({"fqdn": names, "upstreams": upstreams})
}

pub(crate) fn ask(world: &mut World, relation: RelationId, unit: &str, request: &Value) {
    world.juju.relation_set(unit, relation, [("cert-request", request.to_string().as_str())]);
    world.juju.settle();
}

pub(crate) fn answer(world: &World, relation: RelationId) -> Value {
    let bag = world.juju.bag(relation, "proxy/0");
    bag.get("status").map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

/// The answer without the dates, which differ from run to run.
pub(crate) fn told(world: &World, relation: RelationId) -> Value {
    let mut answer = answer(world, relation);
    for (_, served) in answer.as_object_mut().into_iter().flatten() {
        if let Some(object) = served.as_object_mut()
            && object.contains_key("expires")
        {
            object["expires"] = "…".into();
        }
    }
    answer
}

fn served() -> Value {
    json!({"certificate": "self-signed", "expires": "…"})
}

pub(crate) fn status(world: &World) -> String {
    let (state, message) = world.juju.status("proxy/0");
    format!("{state}: {message}")
}

#[test]
fn a_request_becomes_a_site_and_its_withdrawal_ends_it() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("blog-web");
    assert_eq!(answer(&world, relations[0]), Value::Null, "no request, no answer");
    assert!(!world.path("etc").exists(), "nothing is configured before the first site");

    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com", "b.example.com"], &[&web]));
    assert_eq!(told(&world, relations[0]), json!({"a.example.com": served(), "b.example.com": served()}));
    assert_eq!(status(&world), "active: serving 2 names (self-signed)");
    let ports = [world.http_port, world.https_port].map(|port| format!("{port}/tcp"));
    assert_eq!(world.juju.opened_ports("proxy/0"), ports);
    for name in ["a.example.com", "b.example.com"] {
        let got = world.get(&format!("https://{name}/")).send();
        assert_eq!((got.code, got.body.lines().next()), (200, Some("blog-web")));
        let got = world.get(&format!("http://{name}/x?y")).send();
        assert_eq!((got.code, got.location), (301, format!("https://{name}:{}/x?y", world.https_port)));
    }

    ask(&mut world, relations[0], "blog/0", &json!({}));
    assert_eq!(answer(&world, relations[0]), Value::Null);
    assert_eq!(world.juju.opened_ports("proxy/0"), Vec::<String>::new());
    assert_eq!(world.get("https://a.example.com/").send().code, 0);
    assert!(world.nginx_processes().is_empty(), "nothing is served, nginx has ended");
    assert_eq!(status(&world), "waiting: waiting for a request at ssl-termination, reverseproxy or website");
}

#[test]
fn an_upstream_that_comes_or_goes_is_used_or_left_at_once() {
    let (mut world, relations) = proxy_and(&[("blog", 2)]);
    let webs = [Web::start("one"), Web::start("two")];
    let who = |world: &World| -> Vec<String> {
        let ask =
            |_| world.get("https://a.example.com/").send().body.lines().next().unwrap_or_default().to_owned();
        let mut names: Vec<String> = (0..8).map(ask).collect();
        names.sort();
        names.dedup();
        names
    };
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&webs[0]]));
    assert_eq!(who(&world), ["one"]);
    ask(&mut world, relations[0], "blog/1", &request(&["a.example.com"], &[&webs[1]]));
    assert_eq!(who(&world), ["one", "two"]);
    world.juju.remove_unit("blog/0");
    world.juju.settle();
    assert_eq!(who(&world), ["two"]);
}

#[test]
fn one_bad_request_hurts_only_itself() {
    let (mut world, relations) = proxy_and(&[("blog", 1), ("shop", 1), ("stranger", 2)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["blog.example.com"], &[&web]));
    ask(&mut world, relations[2], "stranger/0", &request(&["x.example.com; } server { listen 1"], &[&web]));
    let mut directive = request(&["y.example.com"], &[&web]);
    directive["nginx-config"] = json!(["alias /etc/"]);
    ask(&mut world, relations[2], "stranger/1", &directive);
    ask(&mut world, relations[1], "shop/0", &request(&["shop.example.com", "blog.example.com"], &[&web]));

    assert_eq!(told(&world, relations[0]), json!({"blog.example.com": served()}));
    assert_eq!(
        told(&world, relations[1]),
        json!({"shop.example.com": served(), "_pending": {"blog.example.com": "taken"}})
    );
    let name = "a name has only lower-case ASCII letters, digits, hyphens and dots: x.example.com; } server { listen 1";
    let config = "alias: this directive is not accepted";
    assert_eq!(
        told(&world, relations[2]),
        json!({"_refused": [
            {"unit": "stranger/0", "field": "fqdn[0]", "reason": name},
            {"unit": "stranger/1", "field": "nginx-config[0]", "reason": config},
        ]})
    );
    for name in ["blog.example.com", "shop.example.com"] {
        assert_eq!(world.get(&format!("https://{name}/")).send().code, 200);
    }
    assert_eq!(status(&world), "active: serving 2 names (self-signed); 1 pending; 2 refused");

    ask(&mut world, relations[0], "blog/0", &json!({}));
    assert_eq!(
        told(&world, relations[1]),
        json!({"shop.example.com": served(), "blog.example.com": served()}),
        "the name is free"
    );
}

#[test]
fn who_is_refused_first_is_told_so_without_nginx() {
    let mut world = World::new(7);
    let called = world.path("nginx was called");
    world.put_before_nginx(&format!("touch '{}'; exit 127", called.display()));
    let (mut world, relations) = proxy_in(world, &[("stranger", 1)]);
    ask(&mut world, relations[0], "stranger/0", &request(&["*"], &[]));
    let reason = "wildcard names are not served: *";
    let refused = json!({"unit": "stranger/0", "field": "fqdn[0]", "reason": reason});
    assert_eq!(told(&world, relations[0]), json!({"_refused": [refused]}));
    assert!(!called.exists(), "there may be none yet: it is installed with the first site");
}

#[test]
fn a_password_is_asked_for_and_kept_from_all_but_the_workers() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    let mut protected = request(&["a.example.com"], &[&web]);
    protected["credentials"] = "ann sesame".into();
    ask(&mut world, relations[0], "blog/0", &protected);
    let file = world.path("var/lib/ssl-termination/proxy-0/passwords/a.example.com");
    let first = fs::read_to_string(&file).unwrap();
    assert!(first.starts_with("ann:$6$"), "{first}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o007, 0);

    assert_eq!(world.get("https://a.example.com/").send().code, 401);
    assert_eq!(world.get("https://a.example.com/").with_password("ann:wrong").send().code, 401);
    let got = world.get("https://a.example.com/").with_password("ann:sesame").send();
    assert_eq!(got.code, 200);
    assert!(!got.body.to_lowercase().contains("authorization"), "the upstream never sees it: {}", got.body);
    assert_eq!(world.get("https://a.example.com/").with(["-X", "OPTIONS"]).send().code, 200);

    protected["contact-email"] = "ann@example.com".into();
    ask(&mut world, relations[0], "blog/0", &protected);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        first,
        "the salt is kept while the credentials are the same"
    );
    protected["credentials"] = "ann open".into();
    ask(&mut world, relations[0], "blog/0", &protected);
    assert_eq!(world.get("https://a.example.com/").with_password("ann:sesame").send().code, 401);
    assert_eq!(world.get("https://a.example.com/").with_password("ann:open").send().code, 200);

    let logged = format!("{:?}", world.juju.log("proxy/0"));
    assert!(
        !logged.contains("sesame") && !answer(&world, relations[0]).to_string().contains("open"),
        "{logged}"
    );
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    assert!(!file.exists());
    assert_eq!(world.get("https://a.example.com/").send().code, 200);
}

#[test]
fn without_upstreams_a_site_keeps_its_name_and_answers_503() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[]));
    assert_eq!(
        told(&world, relations[0]),
        json!({"_pending": {"a.example.com": "no upstreams: the site answers 503"}})
    );
    assert_eq!(world.get("https://a.example.com/").send().code, 503);
    assert_eq!(status(&world), "waiting: serving nothing; 1 pending");
}

#[test]
fn an_upstream_on_the_proxy_itself_is_refused_unless_it_is_allowed() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    world.juju.configure("proxy", [("allow-local-upstreams", false)]);
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    let refused = json!([{"unit": "blog/0", "field": "upstreams[0].hostname",
        "reason": "a loopback address, which this proxy does not serve"}]);
    assert_eq!(told(&world, relations[0]), json!({"_refused": refused}));
    world.juju.configure("proxy", [("allow-local-upstreams", true)]);
    world.juju.settle();
    assert_eq!(told(&world, relations[0]), json!({"a.example.com": served()}));
}

#[test]
fn the_single_site_of_the_operator_is_served_from_the_options() {
    let mut world = World::new(3);
    world.deploy_proxy("proxy");
    world.juju.deploy("web", &Charm::puppet(WEB), 1);
    let relation = world.juju.relate("web:website", "proxy:reverseproxy");
    world.juju.settle();
    let web = Web::start("web");
    world.juju.relation_set(
        "web/0",
        relation,
        [("hostname", "127.0.0.1"), ("port", web.port.to_string().as_str())],
    );
    world.juju.settle();
    assert_eq!(status(&world), "blocked: set the option fqdns to the names of the site");

    world.juju.configure(
        "proxy",
        [("fqdns", "own.example.com www.own.example.com"), ("credentials", "ann sesame")],
    );
    world.juju.settle();
    assert_eq!(status(&world), "active: serving 2 names (self-signed)");
    let got = world.get("https://www.own.example.com/").with_password("ann:sesame").send();
    assert_eq!((got.code, got.body.lines().next()), (200, Some("web")));

    world.juju.configure("proxy", [("nginx-config", "gzip on; root /etc")]);
    world.juju.settle();
    assert_eq!(
        status(&world),
        "blocked: our own site: nginx-config[1]: root: this directive is not accepted"
    );
}

#[test]
fn a_malformed_option_is_named_and_the_last_good_ones_stay_in_force() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    world.juju.configure("proxy", [("trusted-proxies", "10.0.0.0/8 everyone")]);
    world.juju.settle();
    assert_eq!(
        status(&world),
        "blocked: option trusted-proxies: not an IP address or network such as 10.0.0.0/8: \"everyone\""
    );
    ask(&mut world, relations[0], "blog/0", &request(&["b.example.com"], &[&web]));
    assert_eq!(told(&world, relations[0]), json!({"b.example.com": served()}), "everything else goes on");
    world.juju.configure("proxy", [("trusted-proxies", "10.0.0.0/8")]);
    world.juju.settle();
    assert_eq!(status(&world), "active: serving b.example.com (self-signed)");
}

#[test]
fn ports_move_with_the_options() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    let other = World::new(0);
    (world.http_port, world.https_port) = (other.http_port, other.https_port);
    let ports = [("http-port", world.http_port), ("https-port", world.https_port)];
    world.juju.configure("proxy", ports);
    world.juju.settle();
    assert_eq!(world.juju.opened_ports("proxy/0"), ports.map(|(_, port)| format!("{port}/tcp")));
    assert_eq!(world.get("https://a.example.com/").send().code, 200);
}

/// What is said of a port on which this very process listens.
fn used_by_us(port: u16) -> String {
    let process = std::process::id();
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap();
    format!(
        "blocked: port {port} is used by {} (process {process}): stop it or set another https-port",
        name.trim()
    )
}

#[test]
fn a_port_that_is_taken_is_a_blocked_status_and_the_next_look_tries_again() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let (web, taken) = (Web::start("web"), Web::start("taken"));
    world.https_port = taken.port;
    world.juju.configure("proxy", [("https-port", taken.port)]);
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    let said = status(&world);
    assert!(said.starts_with(&used_by_us(taken.port)), "{said}");
    assert_eq!(answer(&world, relations[0]), Value::Null, "nothing is served, nothing is promised");

    drop(taken);
    world.juju.update_status("proxy/0");
    world.juju.settle();
    assert_eq!(told(&world, relations[0]), json!({"a.example.com": served()}));
    assert_eq!(world.get("https://a.example.com/").send().code, 200);
}

#[test]
fn what_somebody_breaks_is_mended_at_the_next_look() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    let conf = |world: &World| world.site_file("a.example.com");
    let text = |world: &World| fs::read_to_string(conf(world)).unwrap();
    let as_it_was = text(&world);
    let pem = world.path("var/lib/ssl-termination/proxy-0/certificates/self-signed/a.example.com.pem");
    // The last one: then a new certificate stands in the site's file.
    let damages: [&dyn Fn(&World); 4] = [
        &|world| fs::write(conf(world), "nonsense").unwrap(),
        &|world| fs::remove_file(conf(world)).unwrap(),
        &World::kill_nginx,
        &|_| fs::write(&pem, "nonsense").unwrap(),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        damage(&world);
        world.juju.update_status("proxy/0");
        world.juju.settle();
        assert_eq!(text(&world) == as_it_was, number < 3);
        assert_eq!(world.get("https://a.example.com/").send().code, 200);
    }
}

#[test]
fn stop_ends_serving_start_resumes_it_and_remove_leaves_nothing() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    world.juju.reboot(world.juju.machine("proxy/0"));
    world.juju.settle();
    assert_eq!(world.get("https://a.example.com/").send().code, 200);

    world.juju.remove_application("proxy");
    let hooks: Vec<String> = world.juju.settle().iter().map(|run| run.hook.clone()).collect();
    assert!(hooks.ends_with(&["stop".to_owned(), "remove".to_owned()]), "{hooks:?}");
    assert!(world.nginx_processes().is_empty());
    for folder in ["etc", "var/lib", "run", "var/log"] {
        assert!(!world.path(folder).join("ssl-termination").exists(), "{folder}");
    }
}

#[test]
fn a_site_that_nginx_refuses_is_told_to_its_owner_and_the_rest_goes_live() {
    // What our grammar accepts, real nginx accepts too: so another stands in front of it, which refuses one name.
    let mut world = World::new(7);
    world.put_before_nginx(
        r#"case "$*" in *-t*)
            for conf; do :; done
            parts=$(sed -n "s|^ *include \(sites/.*\);|${conf%/*}/\1|p" "$conf")
            bad=$(grep -l poison.example.com $parts /dev/null) && {
                echo "nginx: [emerg] poisoned in $bad:3" >&2
                exit 1
            } ;;
        esac"#,
    );
    let (mut world, relations) = proxy_in(world, &[("blog", 1), ("shop", 1)]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &request(&["poison.example.com"], &[&web]));
    ask(&mut world, relations[1], "shop/0", &request(&["shop.example.com"], &[&web]));
    assert_eq!(
        told(&world, relations[0]),
        json!({"_pending": {"poison.example.com": "nginx refuses the site: poisoned"}})
    );
    assert_eq!(told(&world, relations[1]), json!({"shop.example.com": served()}));
    assert_eq!(world.get("https://shop.example.com/").send().code, 200);
    assert_eq!(world.get("https://poison.example.com/").send().code, 0);
}

#[test]
fn a_port_that_is_taken_while_others_are_served_is_a_blocked_status_too() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let (web, taken) = (Web::start("web"), Web::start("taken"));
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&web]));
    world.juju.configure("proxy", [("https-port", taken.port)]);
    world.juju.settle();
    let said = status(&world);
    assert!(said.starts_with(&used_by_us(taken.port)), "{said}");
    assert_eq!(world.get("https://a.example.com/").send().code, 200, "as before");
}

#[test]
fn a_request_that_changes_no_site_costs_no_reload() {
    let (mut world, relations) = proxy_and(&[("blog", 1), ("shop", 3)]);
    let webs = [Web::start("one"), Web::start("two")];
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&webs[0]]));
    ask(&mut world, relations[1], "shop/0", &request(&["b.example.com"], &[&webs[0]]));
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com"], &[&webs[1]]));
    let workers = world.nginx_workers();
    ask(&mut world, relations[1], "shop/1", &request(&["bad_name"], &[&webs[0]]));
    assert!(world.nginx_workers().is_subset(&workers), "refused");
    ask(&mut world, relations[1], "shop/2", &request(&["a.example.com"], &[&webs[0]]));
    assert!(world.nginx_workers().is_subset(&workers), "taken");
}

#[test]
fn directives_of_a_client_count_for_its_site_alone() {
    let (mut world, relations) = proxy_and(&[("blog", 1), ("shop", 1)]);
    let web = Web::start("web");
    let mut with = request(&["a.example.com"], &[&web]);
    with["nginx-config"] =
        json!(["client_max_body_size: 1k;", "add_header X-Who \"the blog; it's us\" always"]);
    ask(&mut world, relations[0], "blog/0", &with);
    ask(&mut world, relations[1], "shop/0", &request(&["b.example.com"], &[&web]));
    let send = |name: &str| {
        let got = world.get(&format!("https://{name}/")).with(["-i", "-d", &"x".repeat(2000)]).send();
        (got.code, got.body.contains("the blog; it's us"))
    };
    assert_eq!(send("a.example.com"), (413, true));
    assert_eq!(send("b.example.com"), (200, false));
    let conf = world.site_file("a.example.com");
    let text = fs::read_to_string(conf).unwrap();
    assert!(
        text.contains(
            "        client_max_body_size 1k;\n        add_header X-Who \"the blog; it's us\" always;\n"
        ),
        "{text}"
    );
}

#[test]
fn the_operator_can_say_who_may_have_which_names() {
    let (mut world, relations) = proxy_and(&[("blog", 1), ("shop", 1)]);
    let web = Web::start("web");
    world.juju.configure("proxy", [("allowed-domains", "blog=example.com shop=shop.example.com")]);
    ask(&mut world, relations[1], "shop/0", &request(&["www.example.com", "shop.example.com"], &[&web]));
    ask(&mut world, relations[0], "blog/0", &request(&["www.example.com"], &[&web]));
    let not_allowed = "not allowed for this application by the operator of the proxy";
    assert_eq!(
        told(&world, relations[1]),
        json!({"shop.example.com": served(), "_pending": {"www.example.com": not_allowed}})
    );
    assert_eq!(told(&world, relations[0]), json!({"www.example.com": served()}));
    world.juju.configure("proxy", [("allowed-domains", "blog")]);
    world.juju.settle();
    assert_eq!(
        status(&world),
        "blocked: option allowed-domains: \"blog\" is not of the form APPLICATION=NAME,NAME (or RELATION:NUMBER=…, *=…)"
    );
}
