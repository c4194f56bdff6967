//! What `juju run` answers, on a proxy and on a client.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use test_juju::{Charm, RelationId};

use crate::hooks_folder::links;
use crate::world::{Web, World};

const CLIENT: &str = "name: client\nrequires: {proxy: {interface: ssl-termination}}";

/// A proxy and clients of it that are puppets.
fn proxy_and(clients: &[&str]) -> (World, Vec<RelationId>) {
    let mut world = World::new(3);
    world.put_before_nginx("");
    world.deploy_proxy("proxy");
    let mut relate = |client: &&str| {
        world.juju.deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), 1);
        world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"))
    };
    let relations = clients.iter().map(&mut relate).collect();
    world.juju.settle();
    (world, relations)
}

fn ask(world: &mut World, relation: RelationId, unit: &str, names: &[&str], ports: &[u16]) {
    let upstreams: Vec<Value> =
        ports.iter().map(|port| json!({"hostname": "127.0.0.1", "port": port})).collect();
    let request = json!({"fqdn": names, "upstreams": upstreams}).to_string();
    world.juju.relation_set(unit, relation, [("cert-request", request.as_str())]);
    world.juju.settle();
}

/// An action that must end well, and leave flags, files and databags as they are.
fn results(world: &mut World, unit: &str, action: &str, params: Value) -> BTreeMap<String, String> {
    let state = world.juju.charm_dir(unit).join(".state");
    let files = || ["flags.json", "lock"].map(|file| fs::read(state.join(file)).unwrap_or_default());
    let before = files();
    let ran = world.juju.run_action(unit, action, params);
    assert_eq!((ran.run.exit, &ran.failure, ran.run.stderr.as_str()), (0, &None, ""), "{}", ran.run.trace());
    assert!(ran.run.published.is_empty() && files() == before, "{}", ran.run.trace());
    assert!(ran.run.stdout.is_empty());
    ran.results.into_iter().collect()
}

/// Why an action fails.
fn failure(world: &mut World, unit: &str, action: &str, params: Value) -> String {
    let ran = world.juju.run_action(unit, action, params);
    assert_eq!((ran.run.exit, ran.results.len()), (0, 0), "{}", ran.run.trace());
    ran.failure.unwrap()
}

fn lines(of: &BTreeMap<String, String>) -> Vec<String> {
    of.iter().map(|(key, text)| format!("{key}: {text}")).collect()
}

/// The actions of actions.yaml.
pub(crate) fn declared_actions() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("actions.yaml")).unwrap();
    serde_saphyr::from_str::<BTreeMap<String, Value>>(&text).unwrap().into_keys().collect()
}

#[test]
fn every_action_is_a_link_to_the_binary_and_there_are_no_others() {
    assert_eq!(links("actions"), declared_actions());
}

#[test]
fn sites_and_requests_are_listed() {
    let (mut world, relations) = proxy_and(&["blog", "shop", "wiki"]);
    let (one, other) = (Web::start("one"), Web::start("other"));
    ask(&mut world, relations[0], "blog/0", &["a.example.com", "b.example.com"], &[one.port, other.port]);
    ask(&mut world, relations[1], "shop/0", &["b.example.com", "c.example.com"], &[]);
    ask(&mut world, relations[2], "wiki/0", &["not good"], &[one.port]);

    let mut sites = results(&mut world, "proxy/0", "list-sites", json!({}));
    for site in ["a-example-com", "c-example-com"] {
        let expires = sites.remove(&format!("sites.{site}.expires")).unwrap();
        assert!(expires.starts_with("20") && expires.ends_with('Z'), "{expires}");
    }
    assert_eq!(
        lines(&sites),
        [
            "certificates: self-signed: nobody is at the endpoint certificates, and no ACME server is asked without \
             acme-agree-tos",
            "count: 2",
            "sites.a-example-com.certificate: self-signed",
            "sites.a-example-com.names: a.example.com b.example.com",
            "sites.a-example-com.owner: blog (ssl-termination:0)",
            "sites.a-example-com.state: served",
            &format!("sites.a-example-com.upstreams: 127.0.0.1:{} 127.0.0.1:{}", one.port, other.port),
            "sites.c-example-com.certificate: self-signed",
            "sites.c-example-com.names: c.example.com",
            "sites.c-example-com.owner: shop (ssl-termination:1)",
            "sites.c-example-com.state: no upstreams: the site answers 503",
            "sites.c-example-com.upstreams: none",
        ]
    );
    let one_site = results(&mut world, "proxy/0", "list-sites", json!({"name": "b.ex"}));
    assert_eq!((one_site["count"].as_str(), one_site.len()), ("1", 8));
    assert_eq!(
        lines(&results(&mut world, "proxy/0", "list-sites", json!({"name": "zzz"}))),
        ["count: 0", "message: no site has such a name"]
    );

    assert_eq!(
        lines(&results(&mut world, "proxy/0", "list-requests", json!({}))),
        [
            "count: 3",
            "requests.ssl-termination-0-blog-0.names: a.example.com b.example.com",
            "requests.ssl-termination-0-blog-0.owner: blog (ssl-termination:0)",
            "requests.ssl-termination-0-blog-0.unit: blog/0",
            &format!(
                "requests.ssl-termination-0-blog-0.upstreams: 127.0.0.1:{} 127.0.0.1:{}",
                one.port, other.port
            ),
            "requests.ssl-termination-0-blog-0.verdict: served",
            "requests.ssl-termination-1-shop-0.names: b.example.com c.example.com",
            "requests.ssl-termination-1-shop-0.owner: shop (ssl-termination:1)",
            "requests.ssl-termination-1-shop-0.unit: shop/0",
            "requests.ssl-termination-1-shop-0.verdict: b.example.com: taken: blog (ssl-termination:0) has it; \
             c.example.com: no upstreams: the site answers 503",
            "requests.ssl-termination-2-wiki-0.owner: wiki (ssl-termination:2)",
            "requests.ssl-termination-2-wiki-0.unit: wiki/0",
            "requests.ssl-termination-2-wiki-0.verdict: refused: fqdn[0]: a name has only lower-case ASCII letters, digits, \
             hyphens and dots: not good",
        ]
    );
}

#[test]
fn certificates_are_given_and_keys_are_not() {
    let (mut world, relations) = proxy_and(&["blog"]);
    assert_eq!(
        failure(&mut world, "proxy/0", "get-ca-certificate", json!({})),
        "this unit has no authority of its own: it has not served anything with a self-signed certificate. \
         list-sites says where certificates come from"
    );
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &["a.example.com", "b.example.com"], &[web.port]);

    let given = results(&mut world, "proxy/0", "get-certificate", json!({"name": "b.example.com"}));
    assert_eq!(given["names"], "a.example.com b.example.com");
    assert_eq!(
        given.keys().collect::<Vec<_>>(),
        ["begins", "chain", "expires", "issuer", "names", "sha256", "subject"]
    );
    assert!(given.values().all(|text| !text.contains("PRIVATE")), "{given:?}");
    let authority = results(&mut world, "proxy/0", "get-ca-certificate", json!({}));
    assert_eq!(authority["subject"], given["issuer"]);

    // Who trusts the authority trusts the site; who doesn't, does not.
    let ca = world.path("ca.crt");
    fs::write(&ca, &authority["chain"]).unwrap();
    let visit = |arguments: &[&str]| {
        let resolve = format!("b.example.com:{}:127.0.0.1", world.https_port);
        let url = format!("https://b.example.com:{}/", world.https_port);
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--resolve", &resolve, &url])
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).starts_with("web\n"))
    };
    assert_eq!(visit(&["--cacert", ca.to_str().unwrap()]), (Some(0), true));
    assert_eq!(visit(&[]), (Some(60), false));

    for (name, said) in [
        (
            json!("c.example.com"),
            "c.example.com is not served: nobody asks for it; list-sites lists what is served",
        ),
        (
            json!("A"),
            "cannot look for the name: an upper-case letter is in the name, which has to be in lower case: A",
        ),
        (json!(""), "say which name: juju run proxy/0 get-certificate name=blog.example.com"),
    ] {
        assert_eq!(failure(&mut world, "proxy/0", "get-certificate", json!({"name": name})), said);
    }
    assert_eq!(
        failure(&mut world, "proxy/0", "get-ca-certificate", json!({"name": "x"})),
        "get-ca-certificate has no parameter name: it takes none"
    );
}

#[test]
fn certificates_are_renewed_at_once() {
    let (mut world, relations) = proxy_and(&["blog", "shop"]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &["a.example.com"], &[web.port]);
    ask(&mut world, relations[1], "shop/0", &["b.example.com"], &[web.port]);
    let digest = |world: &mut World, name: &str| {
        results(world, "proxy/0", "get-certificate", json!({"name": name}))["sha256"].clone()
    };
    let before = ["a.example.com", "b.example.com"].map(|name| digest(&mut world, name));
    let workers = world.nginx_workers();

    let mut done = results(&mut world, "proxy/0", "renew-certificates", json!({"name": "a.example"}));
    done.remove("sites.a-example-com.expires").unwrap();
    assert_eq!(
        lines(&done),
        [
            "asked: 0",
            "left: 0",
            "renewed: 1",
            "sites.a-example-com.certificate: self-signed",
            "sites.a-example-com.done: renewed",
        ]
    );
    let after = ["a.example.com", "b.example.com"].map(|name| digest(&mut world, name));
    assert!(before[0] != after[0] && before[1] == after[1]);
    assert!(!world.nginx_workers().is_subset(&workers), "nginx has been told");
    assert_eq!(world.get("https://a.example.com/").send().code, 200);

    // A hook that Juju has not committed comes first.
    world.juju.fail_commit("proxy/0");
    world.juju.configure("proxy", [("trusted-proxies", "10.0.0.0/8")]);
    world.juju.step_unit("proxy/0");
    assert_eq!(
        failure(&mut world, "proxy/0", "renew-certificates", json!({})),
        "this unit's last hook was not committed: let a hook run first (`juju resolve proxy/0`)"
    );
}

#[test]
fn flags_and_plan_are_shown() {
    let (mut world, relations) = proxy_and(&["blog"]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &["a.example.com"], &[web.port]);
    assert_eq!(
        lines(&results(&mut world, "proxy/0", "show-flags", json!({}))),
        ["count: 1", "flags: endpoint.ssl-termination.available"]
    );
    assert_eq!(
        lines(&results(&mut world, "proxy/0", "show-plan", json!({}))),
        [format!(
            "plan: serve a.example.com, for blog (ssl-termination:0)\n    to 127.0.0.1:{}\ncertificates: self-signed: \
             nobody is at the endpoint certificates, and no ACME server is asked without acme-agree-tos\nchange nothing",
            web.port
        )]
    );
}

#[test]
fn a_client_says_in_words_that_it_serves_nothing() {
    let mut world = World::new(4);
    world.deploy_client("blog", "a.example.com");
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    let relation = world.juju.relate("web:website", "blog:website");
    world.juju.settle();
    world.juju.relation_set("web/0", relation, [("hostname", "10.0.0.4"), ("port", "80")]);
    world.juju.settle();
    let words = "this unit serves nothing, it is a client: ask for a.example.com in front of 10.0.0.4:80. Run the \
                 action on a unit of the proxy";
    for action in ["list-sites", "list-requests"] {
        assert_eq!(
            lines(&results(&mut world, "blog/0", action, json!({}))),
            ["count: 0".to_owned(), format!("message: {words}")]
        );
    }
    assert_eq!(
        failure(&mut world, "blog/0", "get-certificate", json!({"name": "a.example.com"})),
        format!("a.example.com is not served: {words}")
    );
    assert_eq!(failure(&mut world, "blog/0", "renew-certificates", json!({})), words);
}

/// The checks of a diagnosis, without what differs from machine to machine.
fn checks(world: &mut World, unit: &str, params: Value) -> Vec<String> {
    let told = results(world, unit, "diagnose", params);
    let checks = told["checks"].lines().map(str::to_owned).collect::<Vec<_>>();
    let count = |level: &str| checks.iter().filter(|line| line.starts_with(level)).count();
    assert_eq!(
        told["summary"],
        format!("{} fail, {} warn, {} ok", count("fail "), count("warn "), count("ok   "))
    );
    let is_of_the_machine =
        |line: &&String| ["disk at ", "clock: "].iter().any(|about| line[5..].starts_with(about));
    assert!(checks.iter().filter(is_of_the_machine).count() >= 2, "{checks:?}");
    checks.into_iter().filter(|line| !is_of_the_machine(&line)).collect()
}

/// A line without numbers of processes, versions and dates.
fn plain(line: &str) -> String {
    let is_date = |word: &str| word.starts_with("20") && word.trim_end_matches(',').ends_with('Z');
    let mut words: Vec<&str> = line.split(' ').collect();
    for index in 1..words.len() {
        if ["process", "version", "in"].contains(&words[index - 1])
            && words[index].starts_with(|c: char| c.is_ascii_digit())
            || is_date(words[index])
        {
            words[index] = "N";
        }
    }
    words.join(" ")
}

#[test]
fn all_is_well_and_diagnose_says_so() {
    let (mut world, relations) = proxy_and(&["blog"]);
    let web = Web::start("web");
    ask(&mut world, relations[0], "blog/0", &["a.example.com", "b.example.com"], &[web.port]);
    let address = world.juju.exec("proxy/0", &["unit-get", "public-address"]).stdout;
    world.put_before("proxy/0", "getent", &format!("echo {} STREAM", address.trim()));
    let told: Vec<String> = checks(&mut world, "proxy/0", json!({})).iter().map(|line| plain(line)).collect();
    let (http, https) = (world.http_port, world.https_port);
    assert_eq!(
        told,
        [
            "warn trust: no browser trusts the self-signed certificates of a.example.com, b.example.com — set another \
             certificate-source, or have visitors trust what get-ca-certificate gives",
            "ok   hooks: the last one was committed",
            "ok   nginx: version N accepts its configuration",
            "ok   nginx: runs as process N",
            &format!("ok   port {http}: nginx listens; visitors come in after `juju expose`"),
            &format!("ok   port {https}: nginx listens; visitors come in after `juju expose`"),
            "ok   sites: 2 names are served: a.example.com, b.example.com",
            "ok   names: 2 lead to this unit: a.example.com, b.example.com",
            &format!("ok   upstreams: 1 answer: 127.0.0.1:{}", web.port),
            "ok   certificates: 2 names have one that fits and has not ended",
            "ok   renewal: the next one is due N in N days",
        ]
    );
    let said = Command::new("nginx").arg("-v").output().unwrap().stderr;
    let version = world.juju.workload_version("proxy/0");
    assert!(String::from_utf8_lossy(&said).contains(&format!("nginx/{version}")), "{version}");
}

#[test]
fn what_is_wrong_comes_first_with_what_to_do() {
    let (mut world, relations) = proxy_and(&["blog", "shop"]);
    let (one, silent) = (Web::start("one"), std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let closed = silent.local_addr().unwrap().port();
    drop(silent);
    ask(&mut world, relations[0], "blog/0", &["a.example.com", "b.example.com"], &[one.port, closed]);
    ask(&mut world, relations[1], "shop/0", &["b.example.com", "c.example.com"], &[closed]);
    world.put_before("proxy/0", "getent", "case $2 in a.*) echo 192.0.2.1 STREAM ;; *) exit 2 ;; esac");
    world.kill_nginx();
    let pem = world.path("var/lib/ssl-termination/proxy-0/certificates/self-signed/c.example.com.pem");
    fs::write(&pem, "damaged").unwrap();
    world.juju.configure("proxy", [("log-level", "loud")]);
    world.juju.settle(); // which changes nothing: the last good options are served already
    world.kill_nginx();
    fs::write(&pem, "damaged").unwrap();

    let told = checks(&mut world, "proxy/0", json!({}));
    let unit = world.juju.exec("proxy/0", &["unit-get", "public-address"]).stdout.trim().to_owned();
    let (http, https) = (world.http_port, world.https_port);
    let log = world.path("var/log/ssl-termination/proxy-0/error.log").display().to_string();
    let fails: Vec<&str> = told.iter().map(String::as_str).filter(|line| line.starts_with("fail ")).collect();
    let told_so = |whom: &str| format!("{whom} is told so too; list-requests shows what it asks for");
    let starts = "nginx does not run: the unit's next hook starts it";
    for expected in [
        "fail options: option log-level: \"loud\" is none of error, warn, info, debug, trace, off — correct it with \
         `juju config`; the last good options are in force"
            .to_owned(),
        format!("fail nginx: does not run — the next hook starts it; see {log} for why it ended"),
        format!("fail port {http}: nobody listens — see {log}"),
        format!("fail port {https}: nobody listens — see {log}"),
        format!("fail site a.example.com: {starts} — {}", told_so("blog (ssl-termination:0)")),
        format!("fail site c.example.com: {starts} — {}", told_so("shop (ssl-termination:1)")),
        format!(
            "fail upstream 127.0.0.1:{closed} of a.example.com, c.example.com: refuses connections — start the web \
             server, or correct the port that it publishes"
        ),
        format!(
            "fail certificate of c.example.com: {} is missing, damaged, or its key is another one's — the next hook \
             puts it right; renew-certificates does it now",
            pem.display()
        ),
    ] {
        assert!(fails.contains(&expected.as_str()), "{expected}\nis not in\n{told:#?}");
    }
    let unresolved = fails.iter().filter(|line| line.contains(": does not resolve — point it to ")).count();
    assert_eq!(unresolved, 2, "{told:#?}");
    assert!(
        fails.iter().any(|line| line.starts_with("fail nginx: refuses its configuration: ")),
        "{told:#?}"
    );
    let warns: Vec<&str> = told.iter().map(String::as_str).filter(|line| line.starts_with("warn ")).collect();
    assert!(
        warns
            .iter()
            .any(|line| line.starts_with("warn name a.example.com: resolves to 192.0.2.1, this unit has ")
                && line.contains(&unit)),
        "{told:#?}"
    );
    assert!(
        warns.contains(
            &"warn request of shop (ssl-termination:1) for b.example.com: taken: blog (ssl-termination:0) has it — the \
              one who has the name must give it up first"
        ),
        "{told:#?}"
    );
    // One site alone.
    let told = checks(&mut world, "proxy/0", json!({"name": "c.example"}));
    assert!(told.iter().all(|line| !line.contains("a.example.com")), "{told:#?}");
    // What was broken is put right by the next hook, as it was said.
    world.juju.configure("proxy", [("log-level", "info")]);
    world.juju.settle();
    let told = checks(&mut world, "proxy/0", json!({}));
    assert!(told.iter().all(|line| !line.contains("nginx") || line.starts_with("ok ")), "{told:#?}");
}

#[test]
fn a_client_is_diagnosed_from_where_it_stands() {
    let mut world = World::new(4);
    world.put_before_nginx("");
    world.deploy_client("blog", "a.example.com");
    let settled = checks_of_new(&mut world);
    assert_eq!(
        settled,
        ["ok   hooks: the last one was committed", "ok   requests: nobody has asked for anything"]
    );
    world.juju.deploy("web", &Charm::puppet("name: web\nprovides: {website: {interface: http}}"), 1);
    let relation = world.juju.relate("web:website", "blog:website");
    let proxy = Charm::puppet("name: proxy\nprovides: {tls: {interface: ssl-termination}}");
    world.juju.deploy("proxy", &proxy, 1);
    let to_proxy = world.juju.relate("proxy:tls", "blog:proxy");
    world.juju.settle();
    let web = Web::start("web");
    let port = web.port.to_string();
    world.juju.relation_set("web/0", relation, [("hostname", "127.0.0.1"), ("port", &*port)]);
    let refused = json!({"_refused": [{"unit": "blog/0", "field": "fqdn[0]", "reason": "no"}]}).to_string();
    world.juju.relation_set("proxy/0", to_proxy, [("status", refused.as_str())]);
    world.juju.settle();
    world.put_before("blog/0", "getent", "echo 192.0.2.7 STREAM");
    assert_eq!(
        checks(&mut world, "blog/0", json!({})),
        [
            "fail proxy: the proxy refuses the request: fqdn[0]: no — docs/statuses.md says what to do",
            "ok   hooks: the last one was committed",
            "ok   name a.example.com: resolves to 192.0.2.7",
            &format!("ok   web server 127.0.0.1:{port}: answers"),
        ]
    );
}

fn checks_of_new(world: &mut World) -> Vec<String> {
    world.juju.settle();
    checks(world, "blog/0", json!({}))
}
