//! What visitors and upstreams see.

use std::collections::BTreeMap;

use super::raw::Connection;
use super::stage::Stage;
use super::upstream::upstream;
use crate::proxy::nginx::Version;

/// curl's exit code.
const CONNECTION_RESET: i32 = 56;
/// curl's exit code.
const HANDSHAKE_FAILED: i32 = 35;

#[test]
fn a_site_is_served_over_tls_and_http_leads_there() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]).certificates[0].names.push("www.a.example".parse().unwrap());
    assert!(stage.apply().changed);
    let https_port = stage.server.https_port;

    let got = stage.http("a.example", &[]);
    assert_eq!(got.status(), "301");
    assert_eq!(got.values("Location"), [format!("https://a.example:{https_port}/path?query")]);

    let certificate = stage.paths.certificates.authority_certificate().to_string_lossy().into_owned();
    let got = stage.https("a.example", &["--cacert", &certificate]);
    assert_eq!(got.status(), "200", "{}", got.text);
    assert!(got.text.contains("\r\n\r\nGET /path?query HTTP/1.1\r\n"), "{}", got.text);
    assert_eq!(got.values("Strict-Transport-Security"), ["max-age=31536000"]);
    assert_eq!(got.values("Server"), ["nginx"]);
    assert_eq!(stage.https("www.a.example", &[]).values("Host"), [format!("www.a.example:{https_port}")]);
    assert!(stage.https("a.example", &["--http2"]).text.starts_with("HTTP/2 200"));
    assert_eq!(stage.https("a.example", &["--tls-max", "1.1"]).exit, HANDSHAKE_FAILED);
}

#[test]
fn names_that_are_not_ours_get_no_answer() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    assert_eq!(stage.http("b.example", &[]).exit, CONNECTION_RESET);
    assert_eq!(stage.https("b.example", &[]).exit, HANDSHAKE_FAILED);
    for version in ["--http2", "--http1.1"] {
        let got = stage.https("a.example", &[version, "-H", "Host: b.example"]);
        assert!(got.exit != 0 && got.text.is_empty(), "{}", got.text);
    }
}

#[test]
fn what_a_client_claims_about_itself_never_reaches_the_upstream() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let asked = format!("a.example:{}", stage.server.https_port);
    let forged = [
        "X-Forwarded-For: 203.0.113.9",
        "X-Real-IP: 203.0.113.9",
        "X-Forwarded-Proto: gopher",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Prefix: /evil",
        "X_Forwarded_For: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "Proxy: evil.example",
        "Upgrade: h2c",
        "HTTP2-Settings: x",
        "Connection: Upgrade, HTTP2-Settings",
    ];
    let args: Vec<&str> =
        std::iter::once("--http1.1").chain(forged.iter().flat_map(|header| ["-H", header])).collect();
    let seen = |stage: &Stage| {
        let got = stage.https("a.example", &args);
        assert_eq!(got.status(), "200", "{}", got.text);
        got
    };
    let got = seen(&stage);
    for (header, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", asked.as_str()),
        ("Host", asked.as_str()),
    ] {
        assert_eq!(got.values(header), [value], "{header}");
    }
    for word in ["203.0.113.9", "evil", "gopher", "h2c", "X-Forwarded-Port"] {
        assert!(!got.text.contains(word), "{word}: {}", got.text);
    }

    stage.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    stage.apply();
    let got = seen(&stage);
    assert_eq!(
        (got.values("X-Forwarded-For"), got.values("X-Real-IP")),
        (vec!["203.0.113.9"], vec!["203.0.113.9"])
    );
    assert_eq!(got.values("X-Forwarded-Proto"), ["https"]);
    let chain = ["-H", "X-Forwarded-For: 198.51.100.1, 203.0.113.9, 127.0.0.5"];
    assert_eq!(stage.https("a.example", &chain).values("X-Forwarded-For"), ["203.0.113.9"]);
    assert_eq!(stage.https("a.example", &[]).values("X-Forwarded-For"), ["127.0.0.1"]);
}

#[test]
fn the_host_that_is_handed_on_is_the_one_by_which_the_site_was_chosen() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let target = ["--http1.1", "--request-target", "https://a.example/x", "-H", "Host: evil.example:99"];
    let got = stage.https("a.example", &target);
    assert_eq!(got.values("Host"), ["a.example:99"], "{}", got.text);
    assert_eq!(stage.https("a.example", &["-H", "Host: a.example"]).values("Host"), ["a.example"]);
}

#[test]
fn a_password_is_asked_for_but_not_before_options() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.password("user", "hunter2");
    stage.apply();
    let got = stage.https("a.example", &[]);
    assert_eq!((got.status(), got.values("Strict-Transport-Security")), ("401", vec!["max-age=31536000"]));
    assert_eq!(stage.https("a.example", &["-u", "user:wrong"]).status(), "401");
    let got = stage.https("a.example", &["-u", "user:hunter2"]);
    assert_eq!((got.status(), got.values("Authorization").len()), ("200", 0), "{}", got.text);
    assert_eq!(stage.https("a.example", &["-X", "OPTIONS"]).status(), "200");
    assert_eq!(stage.https("a.example", &["-X", "POST", "-d", "x"]).status(), "401");

    stage.password("user", "changed");
    assert!(!stage.apply().changed, "a new password needs no reload");
    assert_eq!(stage.https("a.example", &["-u", "user:hunter2"]).status(), "401");
    assert_eq!(stage.https("a.example", &["-u", "user:changed"]).status(), "200");
}

#[test]
fn a_site_without_upstreams_says_that_nobody_is_there() {
    let mut stage = Stage::new();
    stage.site("a.example", &[]);
    stage.apply();
    assert_eq!(stage.https("a.example", &[]).status(), "503");
}

#[test]
fn a_websocket_passes_both_ways() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let request =
        b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nhello";
    let mut client = Connection::send(&stage, "a.example", "http/1.1", request);
    let mut text = String::new();
    while !text.ends_with("hello") {
        text.push(char::from(client.read(1).unwrap()[0]));
    }
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
}

/// What nginx 1.18 needs; later ones understand it too.
#[test]
fn where_a_handshake_cannot_be_refused_a_certificate_of_nobody_is_shown() {
    let mut stage = Stage::new();
    stage.server.version = Version::new(1, 18, 0);
    stage.site("a.example", &[upstream()]);
    stage.apply();
    assert_eq!(stage.https("a.example", &[]).status(), "200");
    let got = stage.https("b.example", &["-v"]);
    assert!(got.exit != 0 && got.exit != HANDSHAKE_FAILED && got.text.is_empty(), "{}", got.exit);
    assert!(!stage.apply().changed);
}

#[test]
fn nginx_takes_every_directive_that_a_client_may_have() {
    let mut stage = Stage::new();
    let all = [
        "add_header X-A \"b; {c} 'd' #e\" always",
        "add_header X-B \"\"",
        "allow 10.0.0.0/8",
        "allow fd00::/8",
        "deny all",
        "charset utf-8",
        "chunked_transfer_encoding off",
        "client_body_buffer_size 1m",
        "client_body_timeout 1h",
        "client_max_body_size 100g",
        "etag off",
        "expires 3650d",
        "gzip on",
        "gzip_min_length 100m",
        "gzip_types *",
        "gzip_types text/a-type-of-46-characters-the-longest-of-al",
        "gzip_vary on",
        "keepalive_timeout 0",
        "limit_rate 1g",
        "limit_rate_after 100g",
        "proxy_buffer_size 1m",
        "proxy_buffering on",
        "proxy_buffers 64 256k",
        "proxy_busy_buffers_size 2m",
        "proxy_connect_timeout 75",
        "proxy_hide_header X-Powered-By",
        "proxy_ignore_client_abort on",
        "proxy_max_temp_file_size 100g",
        "proxy_next_upstream error timeout non_idempotent http_429",
        "proxy_next_upstream_timeout 1h",
        "proxy_next_upstream_tries 100",
        "proxy_read_timeout 1d",
        "proxy_redirect default",
        "proxy_request_buffering off",
        "proxy_send_timeout 1d",
        "proxy_set_header X-Tenant \"blue\"",
        "proxy_set_header X-a-name-of-64-characters-which-is-the-longest-that-are-accepted \"blue\"",
        "proxy_socket_keepalive on",
        "send_timeout 1h",
        "tcp_nodelay off",
    ];
    stage.site("a.example", &[upstream()]);
    stage.sites[0].directives = all.map(|text| text.parse().unwrap()).into();
    assert_eq!(stage.apply().refused, BTreeMap::new());
    for one in all.iter().filter(|one| !one.starts_with("proxy_bu")) {
        stage.sites[0].directives = vec![one.parse().unwrap()];
        let refused = stage.apply().refused;
        assert!(refused.is_empty(), "{one}: {refused:?}");
    }
}
