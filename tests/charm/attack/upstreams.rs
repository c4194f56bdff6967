//! Upstreams: where a client may have its requests sent, and what its name server can do.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ssl_termination::host::{self, Host};
use ssl_termination::proxy::{Claims, Known, Owner, Policy, Wanted, plan};
use ssl_termination::wire::CertRequest;
use test_juju::RelationId;

use super::{NAME, answer, ask, clients, code, has, look, publish};
use crate::world::{Web, World};

/// As `serving`, but the upstream is the name `backend`, and a script answers who that is.
fn serving_a_name(getent: &str) -> (World, RelationId, Web) {
    let mut world = World::new(7);
    world.put_before_nginx("");
    let relation = clients(&mut world, &[("blog", 1)])[0];
    world.put_before("proxy/0", "getent", getent);
    let web = Web::start("web");
    let request = json!({"fqdn": [NAME], "upstreams": [{"hostname": "backend", "port": web.port}]});
    ask(&mut world, relation, "blog/0", &request);
    (world, relation, web)
}

/// The machine itself may serve what a client wants on it, but not through the proxy's own ports.
#[test]
fn an_upstream_at_the_proxys_own_address_and_port_is_a_loop() {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Ok(()) = socket.connect("192.0.2.1:9") else { return };
    let own = socket.local_addr().unwrap().ip();
    let mut world = World::new(7);
    let relation = clients(&mut world, &[("blog", 1)])[0];
    world.juju.configure("proxy", [("allow-local-upstreams", false)]);
    for (port, served) in [(world.http_port, false), (world.https_port, false), (22, true)] {
        let request = json!({"fqdn": [NAME], "upstreams": [{"hostname": own.to_string(), "port": port}]});
        ask(&mut world, relation, "blog/0", &request);
        assert_eq!(has(&world, relation, NAME), served, "{own}:{port}: {}", answer(&world, relation));
    }
}

/// A client's own name server may be slow for each of 256 upstreams of each of its units.
#[test]
fn many_slow_names_of_one_client_do_not_hold_up_the_hook() {
    let mut world = World::new(7);
    world.put_before_nginx("");
    let relation = clients(&mut world, &[("blog", 1)])[0];
    world.put_before("proxy/0", "getent", "sleep 1; exit 2");
    let slow: Vec<Value> =
        (0..30).map(|n| json!({"hostname": format!("h{n}.slow.example"), "port": 80})).collect();
    publish(&mut world, relation, "blog/0", &json!({"fqdn": [NAME], "upstreams": slow}));
    let began = Instant::now();
    world.juju.settle();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?} for 30 names", began.elapsed());
}

/// DNS may give thousands of addresses for a name.
#[test]
fn a_name_with_thousands_of_addresses_is_no_burden() {
    let upstreams: Vec<Value> = (0..256).map(|n| json!({"hostname": format!("h{n}"), "port": 80})).collect();
    let text = json!({"fqdn": [NAME], "upstreams": upstreams}).to_string();
    let wanted = Wanted {
        owner: Owner::Relation("tls:1".parse().unwrap()),
        app: "x".to_owned(),
        unit: "blog/0".to_owned(),
        request: CertRequest::parse(&text).map(Option::unwrap),
    };
    let addresses =
        |host: u32| (0..100).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 + host * 100 + n).into()).collect();
    let resolved =
        (0..256).map(|n| (format!("h{n}"), Known { addresses: addresses(n), trouble: None })).collect();
    let sites = plan(vec![wanted], Claims::default(), &Policy::default(), &resolved).sites;
    assert_eq!(sites.iter().map(|site| site.upstreams.len()).sum::<usize>(), 256 * 100);
}

/// The sequence of a name's addresses differs from answer to answer.
#[test]
fn the_sequence_of_a_names_addresses_reloads_nothing() {
    let rotate = "f=${0%/*}/turn; if [ -e $f ]; then rm $f; echo 127.0.0.1; echo 127.0.0.2; \
        else touch $f; echo 127.0.0.2; echo 127.0.0.1; fi";
    let (mut world, _, _web) = serving_a_name(rotate);
    let conf = world.site_file(NAME);
    let before = fs::read_to_string(&conf).unwrap();
    look(&mut world);
    assert_eq!(world.site_file(NAME), conf);
    assert_eq!(fs::read_to_string(&conf).unwrap(), before);
}

/// A name server that does not answer once is no reason to stop serving.
#[test]
fn a_name_that_cannot_be_looked_up_once_keeps_its_last_addresses() {
    let (mut world, relation, _web) = serving_a_name("echo 127.0.0.1");
    assert_eq!(code(&world), 200);
    world.put_before("proxy/0", "getent", "exit 2");
    look(&mut world);
    assert_eq!((code(&world), has(&world, relation, NAME)), (200, true));
}

/// A name server of a client's own can say one thing today and another tomorrow.
#[test]
fn a_name_that_comes_to_mean_the_clouds_metadata_is_no_upstream_any_more() {
    let (mut world, relation, _web) = serving_a_name("echo 10.0.0.9");
    world.juju.configure("proxy", [("allow-local-upstreams", false)]);
    world.juju.settle();
    assert!(has(&world, relation, NAME));
    for addresses in
        ["echo 169.254.169.254", "echo 10.0.0.9; echo 169.254.169.254", "echo ::ffff:169.254.169.254"]
    {
        world.put_before("proxy/0", "getent", addresses);
        look(&mut world);
        let told = "no upstreams: the site answers 503; \
                    the upstream backend is a cloud's metadata address, which this proxy does not serve";
        assert_eq!(answer(&world, relation), json!({"_pending": {NAME: told}}), "{addresses}");
        assert!(!fs::read_to_string(world.site_file(NAME)).unwrap().contains("upstream"), "{addresses}");
    }
}

/// Where many clients name their upstreams, a hook about one of them must not wait for all their name servers.
#[test]
fn names_are_looked_up_when_their_client_speaks_and_at_each_look_at_everything() {
    let mut world = World::new(7);
    world.put_before_nginx("");
    let relations = clients(&mut world, &[("blog", 1), ("shop", 1)]);
    let notes = world.path("looked-up");
    world.put_before(
        "proxy/0",
        "getent",
        &format!("echo $2 >> {}; [ $2 = blog ] && echo 127.0.0.1", notes.display()),
    );
    let looked_up = |act: &mut dyn FnMut()| {
        fs::write(&notes, "").unwrap();
        act();
        let mut names: Vec<String> = fs::read_to_string(&notes).unwrap().lines().map(str::to_owned).collect();
        names.sort();
        names.join(" ")
    };
    let request = |client: &str| {
        let upstream = json!({"hostname": client, "port": 8080});
        json!({"fqdn": [format!("{client}.example.com")], "upstreams": [upstream]})
    };
    assert_eq!(looked_up(&mut || ask(&mut world, relations[0], "blog/0", &request("blog"))), "blog");
    assert_eq!(looked_up(&mut || ask(&mut world, relations[1], "shop/0", &request("shop"))), "shop");
    let told =
        json!({"shop.example.com": "no upstreams: the site answers 503; the upstream shop does not resolve"});
    assert_eq!(answer(&world, relations[1])["_pending"], told);
    let mut again = request("blog");
    again["contact-email"] = "admin@example.com".into();
    assert_eq!(looked_up(&mut || ask(&mut world, relations[0], "blog/0", &again)), "blog");
    assert_eq!(answer(&world, relations[1])["_pending"], told, "what is known of a name stays");
    assert_eq!(looked_up(&mut || drop(look(&mut world))), "blog shop");
    let configure = &mut || {
        world.juju.configure("proxy", [("trusted-proxies", "10.0.0.0/8")]);
        world.juju.settle();
    };
    assert_eq!(looked_up(configure), "");
}

#[test]
fn a_program_that_never_stops_writing_is_killed_at_its_limit() {
    let host = Host::new("/", "/usr/bin:/bin");
    let folder = tempfile::tempdir().unwrap();
    let ended = folder.path().join("ended");
    // It would end by itself after a while, and say so.
    let endless =
        "for n in 1 2 3; do timeout 3 cat /dev/zero & timeout 3 cat /dev/zero >&2 & done; wait; touch \"$0\"";
    let command = host::Command::new("sh").args(["-c", endless, ended.to_str().unwrap()]);
    let error = host.run(&command.limit(Duration::from_millis(100)).most(usize::MAX)).unwrap_err();
    assert!(error.to_string().contains("did not finish"), "{error}");
    assert!(!ended.exists(), "it was not killed at its limit");
}
