//! Whatever a client asks for: what is written for it is one upstream, one server that leads to https and one for each
//! certificate, with known directives, and nginx takes it.

use std::net::SocketAddr;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::server;
use super::stage::free_port;
use super::texts::try_out;
use crate::cert::Source;
use crate::host::Host;
use crate::proxy::nginx::{Certificate, Paths, Server, Site, Version, Worker, render};
use crate::wire::{CertRequest, Directive, Fqdn, UpstreamHost};

/// A configuration as nginx takes it: what ends in a semicolon, and what has braces.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Line(Vec<String>),
    Block(Vec<String>, Vec<Node>),
}

/// Reads a configuration by nginx's rules: words, quotes, backslashes, comments, semicolons, braces.
fn read(text: &str) -> Vec<Node> {
    let mut blocks = vec![(Vec::new(), Vec::new())];
    let (mut words, mut chars) = (Vec::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' => blocks.last_mut().unwrap().1.push(Node::Line(std::mem::take(&mut words))),
            '{' => blocks.push((std::mem::take(&mut words), Vec::new())),
            '}' => {
                assert_eq!(words, [""; 0], "a brace closes in the middle of a directive: {text}");
                let (name, inside) = blocks.pop().unwrap();
                blocks.last_mut().unwrap().1.push(Node::Block(name, inside));
            }
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match chars.next().unwrap() {
                        '\\' => word.push(chars.next().unwrap()),
                        end if end == c => break,
                        inside => word.push(inside),
                    }
                }
                words.push(word);
            }
            _ => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !" \t\r\n;{".contains(*c)) {
                    word.push(if c == '\\' { chars.next().unwrap() } else { c });
                }
                words.push(word);
            }
        }
    }
    assert!(words.is_empty() && blocks.len() == 1, "something is left open: {text}");
    blocks.remove(0).1
}

fn line(words: &[&str]) -> Node {
    Node::Line(words.iter().map(|word| (*word).to_owned()).collect())
}

fn block(words: &[&str], inside: Vec<Node>) -> Node {
    Node::Block(words.iter().map(|word| (*word).to_owned()).collect(), inside)
}

/// What should stand in a site's file; its directives are in their own place.
fn expected(site: &Site) -> Vec<Node> {
    let id = site.id.as_str();
    let all: Vec<&str> = site.names().map(Fqdn::as_str).collect();
    let named = |names: &[&str]| line(&[&["server_name"], names].concat());
    let mut location = vec![line(&["add_header", "Strict-Transport-Security", "max-age=31536000", "always"])];
    let mut file = Vec::new();
    if site.upstreams.is_empty() {
        location.push(line(&["return", "503"]));
    } else {
        let mut servers: Vec<Node> =
            site.upstreams.iter().map(|upstream| line(&["server", &upstream.to_string()])).collect();
        servers.push(line(&["keepalive", "16"]));
        file.push(block(&["upstream", id], servers));
        location.push(line(&["include", "upstream.conf"]));
        location.push(line(&["proxy_pass", &format!("http://{id}")]));
        if let Some(passwords) = &site.passwords {
            location.push(line(&["proxy_set_header", "Authorization", ""]));
            let file = passwords.to_str().unwrap();
            let asks = vec![line(&["auth_basic", id]), line(&["auth_basic_user_file", file])];
            location.push(block(&["limit_except", "OPTIONS"], asks));
        }
    }
    let leads = vec![line(&["return", "301", "https://$host$request_uri"])];
    file.push(block(
        &["server"],
        vec![line(&["listen", "80"]), named(&all), block(&["location", "/"], leads)],
    ));
    for Certificate { names, pem, .. } in &site.certificates {
        let pem = pem.to_str().unwrap();
        let names: Vec<&str> = names.iter().map(Fqdn::as_str).collect();
        file.push(block(
            &["server"],
            vec![
                line(&["listen", "443", "ssl", "http2"]),
                named(&names),
                line(&["ssl_certificate", pem]),
                line(&["ssl_certificate_key", pem]),
                block(&["location", "/"], location.clone()),
            ],
        ));
    }
    file
}

/// Takes a client's directives out of a server's tree: whatever line of the location is one, word for word.
fn take_directives(server: &mut Node, directives: &[Directive]) -> Vec<Directive> {
    let Node::Block(_, inside) = server else { panic!("no server: {server:?}") };
    let Some(Node::Block(_, location)) = inside.last_mut() else { panic!("no location: {inside:?}") };
    let as_client = |node: &Node| match node {
        Node::Line(words) => {
            let quoted: Vec<String> = words[1..].iter().map(|word| format!("\"{word}\"")).collect();
            format!("{} {}", words[0], quoted.join(" ")).parse::<Directive>().ok()
        }
        Node::Block(..) => None,
    };
    let mut taken = Vec::new();
    location.retain(|node| match as_client(node) {
        Some(directive) if directives.contains(&directive) => {
            taken.push(directive);
            false
        }
        _ => true,
    });
    taken
}

/// A site as the plan makes one of a good request; which of its certificates covers the first name, the second and so on.
fn site(paths: &Paths, request: &CertRequest, covers: &[usize]) -> Site {
    let names = request.fqdn();
    let mut certificates: Vec<Certificate> = Vec::new();
    for (name, number) in names.iter().zip(covers.iter().cycle()) {
        let digest = number.to_string();
        match certificates.iter_mut().find(|certificate| certificate.digest == digest) {
            Some(certificate) => certificate.names.push(name.clone()),
            None => certificates.push(Certificate {
                names: vec![name.clone()],
                pem: paths.certificates.pair(Source::SelfSigned, name),
                digest,
            }),
        }
    }
    let addresses = |upstream: &crate::wire::Upstream| match &upstream.host {
        UpstreamHost::Address(address) => SocketAddr::new(*address, upstream.port.get()),
        UpstreamHost::Name(_) => SocketAddr::new([10, 0, 0, 1].into(), upstream.port.get()),
    };
    Site {
        id: names[0].clone(),
        upstreams: request.upstreams.iter().map(addresses).collect(),
        certificates,
        directives: request.nginx_config.clone(),
        passwords: request.protection.as_ref().map(|_| paths.password_file(&names[0])),
    }
}

/// Directives that are mostly good, and the same with anything behind them.
fn directive() -> BoxedStrategy<String> {
    const SIZE: &str = "[1-9][0-9]{0,3}[kKmMgG]?";
    const TIME: &str = "[0-9]{1,4}[smhd]?";
    const HEADER: &str = "[A-Za-z][A-Za-z0-9-]{0,63} (\"[ -~]{0,60}\"|'[ -~]{0,9}'|[!-~]{1,60})";
    let form = |name: &str, arguments: &str| format!("{name}:? {{1,2}}{arguments};?");
    let mut forms = Vec::new();
    for name in [
        "client_max_body_size",
        "client_body_buffer_size",
        "gzip_min_length",
        "limit_rate",
        "limit_rate_after",
        "proxy_buffer_size",
        "proxy_busy_buffers_size",
        "proxy_max_temp_file_size",
    ] {
        forms.push(form(name, SIZE));
    }
    for name in [
        "client_body_timeout",
        "send_timeout",
        "keepalive_timeout",
        "expires",
        "proxy_connect_timeout",
        "proxy_read_timeout",
        "proxy_send_timeout",
        "proxy_next_upstream_timeout",
    ] {
        forms.push(form(name, TIME));
    }
    for name in [
        "gzip",
        "gzip_vary",
        "etag",
        "tcp_nodelay",
        "chunked_transfer_encoding",
        "proxy_buffering",
        "proxy_request_buffering",
        "proxy_ignore_client_abort",
        "proxy_socket_keepalive",
    ] {
        forms.push(form(name, "(on|off)"));
    }
    forms.extend([
        form("proxy_buffers", &format!("[0-9]{{1,2}} {SIZE}")),
        form("proxy_next_upstream", "(error|timeout|off|http_50[0234]|non_idempotent)( http_404)?"),
        form("proxy_next_upstream_tries", "[0-9]{1,3}"),
        form("proxy_redirect", "(off|default)"),
        form("gzip_types", "(\\*|[a-z]{1,9}/[a-z+.-]{1,80})( text/css)?( text/html)?"),
        form("charset", "[A-Za-z0-9_-]{1,32}"),
        form(
            "(allow|deny)",
            "(all|[0-9]{1,3}\\.0\\.0\\.[0-9]{1,2}(/[0-9]{1,2})?|[0-9a-f]{1,4}::(/[0-9]{1,3})?)",
        ),
        form("proxy_hide_header", "[A-Za-z][A-Za-z0-9-]{0,63}"),
        form("add_header", &format!("{HEADER}( always)?")),
        form("proxy_set_header", HEADER),
        form("[a-z_]{1,24}", "[ -~\\n\\t]{0,40}"),
    ]);
    let strategy = |form: String| proptest::string::string_regex(&form).unwrap().boxed();
    proptest::strategy::Union::new(forms.into_iter().map(strategy)).boxed()
}

/// A request, good or not.
fn request() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(
        "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?){1,6}|[ -~]{1,12}\\.[a-z]{2}",
        1..4,
    );
    let host = prop_oneof![any::<std::net::IpAddr>().prop_map(|address| address.to_string()), "[a-z]{1,9}"];
    let upstreams = prop::collection::vec((host, 0..65536_u32), 0..4);
    let credentials = prop_oneof![Just(String::new()), "[a-z@._-]{1,64} [!-~]{1,128}"];
    let directives = prop::collection::vec(directive(), 0..6);
    (names, upstreams, credentials, directives).prop_map(|(names, upstreams, credentials, directives)| {
        let upstreams: Vec<_> =
            upstreams.iter().map(|(host, port)| json!({"hostname": host, "port": port})).collect();
        let request =
            json!({"fqdn": names, "upstreams": upstreams, "credentials": credentials, "nginx-config": directives});
        request.to_string()
    })
}

/// Which certificate covers which name of a site: mostly one for all.
fn covers() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![0]), prop::collection::vec(0..3_usize, 1..4)]
}

fn paths() -> Paths {
    Paths::new(&Host::new("/", ""), &"proxy/0".parse().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn what_is_written_for_a_request_is_what_should_be(text in request(), covers in covers()) {
        let Ok(Some(request)) = CertRequest::parse(&text) else { return Err(TestCaseError::reject("refused")) };
        let site = site(&paths(), &request, &covers);
        let mut tree = read(&render::site(&server(), &site, "upstream.conf"));
        // Nobody is there to be asked if there are no upstreams.
        let asked = if site.upstreams.is_empty() { &[][..] } else { &site.directives };
        let leads_to_https = tree.len() - site.certificates.len() - 1;
        for server in &mut tree[leads_to_https + 1..] {
            prop_assert_eq!(take_directives(server, asked), asked);
        }
        prop_assert_eq!(tree, expected(&site));
    }
}

/// Good requests, their names apart: nginx would not look at the second of two.
fn good_requests(count: usize) -> Vec<CertRequest> {
    let (mut runner, request) = (TestRunner::default(), request());
    let drawn = std::iter::repeat_with(|| request.new_tree(&mut runner).unwrap().current());
    let good = drawn.filter_map(|text| CertRequest::parse(&text).ok().flatten());
    let apart = |(number, request): (usize, CertRequest)| {
        let names = request.fqdn().iter().map(|name| format!("n{number}.{name}").parse());
        let mut named = CertRequest::new(names.collect::<Result<Vec<_>, _>>().ok()?).ok()?;
        named.protection = request.protection;
        named.upstreams = request.upstreams;
        named.nginx_config = request.nginx_config;
        Some(named)
    };
    good.enumerate().filter_map(apart).take(count).collect()
}

/// One request that is read as good and that nginx refuses would cost each hook a search for it among all sites.
#[test]
fn nginx_takes_every_good_request() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new(folder.path(), "/usr/sbin:/usr/bin:/sbin:/bin");
    let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
    let version = Version::ask(&host).expect("this test needs nginx: install the package nginx-light");
    let worker = host.is_superuser().then(|| Worker::new("www-data", 33));
    let server = Server { http_port: free_port(), https_port: free_port(), version, worker, ..server() };
    let covers = [&[0][..], &[0, 1], &[0, 1, 0], &[0, 1, 2]].into_iter().cycle();
    let sites: Vec<Site> = good_requests(300)
        .iter()
        .zip(covers)
        .map(|(request, covers)| site(&paths, request, covers))
        .collect();
    let said = try_out(&host, &paths, &server, &sites);
    let refused: Vec<&str> = said.lines().filter(|line| line.contains("[emerg]")).collect();
    let directives = sites.iter().flat_map(|site| &site.directives).map(ToString::to_string);
    assert_eq!(refused, [""; 0], "{:#?}", directives.collect::<Vec<_>>());
    assert!(said.contains("test is successful"), "{said}");
}

/// What is set for every site could be set twice, were a client free to name it.
#[test]
fn no_header_that_is_the_proxys_can_be_set_by_a_client() {
    let set = |node: Node| match node {
        Node::Line(words) if words[0] == "proxy_set_header" => Some(words[1].clone()),
        _ => None,
    };
    let headers: Vec<String> = read(&render::upstream_conf()).into_iter().filter_map(set).collect();
    assert!(headers.len() > 20);
    for header in headers {
        let said = format!("proxy_set_header {header} x").parse::<Directive>().unwrap_err().to_string();
        assert_eq!(said, format!("proxy_set_header: this header is the proxy's to set: {header}"));
    }
}
