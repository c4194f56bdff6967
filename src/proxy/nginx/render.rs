//! The configuration's text, from types alone: no I/O.

use std::collections::BTreeSet;
use std::path::Path;

use super::text::Text;
use super::{Certificate, Paths, Server, Site};
use crate::wire::{Directive, Fqdn};

/// A year, in seconds.
const HSTS: &str = "max-age=31536000";

/// Mozilla's intermediate list without DHE.
const CIPHERS: [&str; 6] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// What a client may claim about itself or the way it came and no upstream shall read.
const DROPPED: [&str; 17] = [
    "Client-IP",
    "Forwarded",
    "Proxy",
    "True-Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Forwarded-By",
    "X-Forwarded-Path",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Uri",
    "X-Forwarded-User",
    "X-Original-URL",
    "X-Rewrite-URL",
];

/// By what some applications take a request for one of another method. OPTIONS needs no password, and must not become
/// another.
const METHODS: [(&str, &str); 3] = [
    ("X-HTTP-Method", "x_http_method"),
    ("X-HTTP-Method-Override", "x_http_method_override"),
    ("X-Method-Override", "x_method_override"),
];

/// The main file, with the sites' files by their names. Its includes are relative, so that a candidate beside it means the
/// same.
pub(super) fn nginx_conf(paths: &Paths, server: &Server, sites: &BTreeSet<&str>) -> String {
    let mut text = Text::new();
    if let Some(worker) = &server.worker {
        text.line(format!("user {}", worker.user()));
    }
    text.line("worker_processes auto");
    text.line("worker_rlimit_nofile 16384");
    text.line("worker_shutdown_timeout 5m");
    text.line(format!("pid {}", paths.pid().display()));
    text.line(format!("error_log {}", paths.error_log().display()));
    text.gap();
    text.block("events", |text| text.line("worker_connections 4096"));
    text.gap();
    text.block("http", |text| {
        general(text, paths);
        text.gap();
        tls(text, server);
        text.gap();
        forwarding(text, server);
        text.gap();
        unknown_names(text, paths, server);
        text.gap();
        if let Some(thumbprint) = &server.challenge {
            text.comment(&format!("The sites answer challenges of the ACME account {thumbprint}."));
        }
        for name in sites {
            text.line(format!("include {name}"));
        }
    });
    text.finish()
}

fn general(text: &mut Text, paths: &Paths) {
    text.line("server_tokens off");
    text.line(format!("access_log {} combined", paths.access_log().display()));
    for user in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        text.line(format!("{user}_temp_path {}", paths.bodies().join(user).display()));
    }
    text.line("client_header_timeout 20s");
    text.line("client_body_timeout 60s");
    text.line("send_timeout 60s");
    text.line("keepalive_timeout 75s");
    text.line("proxy_connect_timeout 10s");
    text.line("reset_timedout_connection on");
    for default in Directive::DEFAULTS {
        text.line(default);
    }
    text.line("proxy_headers_hash_bucket_size 128");
    text.line("proxy_headers_hash_max_size 1024");
    text.line("server_names_hash_bucket_size 512");
    text.line("server_names_hash_max_size 65536");
}

fn tls(text: &mut Text, server: &Server) {
    text.line("ssl_protocols TLSv1.2 TLSv1.3");
    text.line(format!("ssl_ciphers {}", CIPHERS.join(":")));
    // All are strong, so the order matters little; scanners complain of one that visitors choose.
    text.line("ssl_prefer_server_ciphers on");
    if server.version.has_ssl_conf_command() {
        text.line("ssl_conf_command Options PrioritizeChaCha");
    }
    text.line("ssl_ecdh_curve X25519:prime256v1:secp384r1");
    text.line("ssl_session_cache shared:SSL:10m");
    text.line("ssl_session_timeout 1d");
    text.line("ssl_session_tickets off");
    if server.version.has_http2_directive() {
        text.line("http2 on");
    }
}

fn forwarding(text: &mut Text, server: &Server) {
    text.comment("Only websockets: an upgrade to h2c would be a tunnel past all that is set for a request.");
    text.block("map $http_upgrade $upgrade", |text| {
        text.line("default ''");
        text.line("~*^websocket$ websocket");
    });
    text.block("map $upgrade $connection_upgrade", |text| {
        text.line("default upgrade");
        text.line("'' ''");
    });
    text.comment(
        "The port as asked: $http_host itself may be another name than the one by which the site was chosen.",
    );
    text.block("map $http_host $asked_port", |text| {
        text.line("default ''");
        text.line("\"~(?<port>:[0-9]{1,5})$\" $port");
    });
    text.comment("OPTIONS needs no password: it must not become another method behind us.");
    for (_, variable) in METHODS {
        text.block(format!("map $request_method $asked_{variable}"), |text| {
            text.line(format!("default $http_{variable}"));
            text.line("OPTIONS ''");
        });
    }
    if !server.trusted_proxies.is_empty() {
        text.comment(
            "From these, $remote_addr is the last address in X-Forwarded-For that is none of theirs.",
        );
        for network in &server.trusted_proxies {
            text.line(format!("set_real_ip_from {network}"));
        }
        text.line("real_ip_header X-Forwarded-For");
        text.line("real_ip_recursive on");
    }
}

fn unknown_names(text: &mut Text, paths: &Paths, server: &Server) {
    text.comment("Names that are not ours get no answer.");
    text.block("server", |text| {
        listen(text, server, server.http_port, " default_server");
        text.line("server_name _");
        text.line("return 444");
    });
    text.block("server", |text| {
        listen(text, server, server.https_port, &format!("{} default_server", tls_words(server)));
        text.line("server_name _");
        match &server.fallback {
            Some(digest) => certificate(text, &paths.certificates.fallback(), digest),
            None => text.line("ssl_reject_handshake on"),
        }
        text.line("return 444");
    });
}

/// What every location that hands requests on includes. It stands in the location, and not above it, since any
/// `proxy_set_header` there would drop all that are inherited.
pub(super) fn upstream_conf() -> String {
    let mut text = Text::new();
    text.line("proxy_http_version 1.1");
    for (header, value) in [
        ("Host", "$host$asked_port"),
        ("Connection", "$connection_upgrade"),
        ("Upgrade", "$upgrade"),
        ("X-Real-IP", "$remote_addr"),
        ("X-Forwarded-For", "$remote_addr"),
        ("X-Forwarded-Proto", "$scheme"),
        ("X-Forwarded-Host", "$host$asked_port"),
    ] {
        text.line(format!("proxy_set_header {header} {value}"));
    }
    for header in DROPPED {
        text.line(format!("proxy_set_header {header} ''"));
    }
    for (header, variable) in METHODS {
        text.line(format!("proxy_set_header {header} $asked_{variable}"));
    }
    text.line("proxy_hide_header Strict-Transport-Security");
    text.line("proxy_ignore_headers X-Accel-Redirect");
    text.finish()
}

/// One site's file, which includes what every location includes by its name.
pub(super) fn site(server: &Server, site: &Site, upstream_conf: &str) -> String {
    let mut text = Text::new();
    if !site.upstreams.is_empty() {
        text.block(format!("upstream {}", site.id), |text| {
            for upstream in &site.upstreams {
                text.line(format!("server {upstream}"));
            }
            text.line("keepalive 16");
        });
        text.gap();
    }
    text.block("server", |text| {
        listen(text, server, server.http_port, "");
        text.line(server_name(site.names()));
        text.gap();
        if let Some(thumbprint) = &server.challenge {
            challenge(text, thumbprint);
        }
        text.block("location /", |text| text.line(format!("return 301 {}", https(server))));
    });
    for Certificate { names, pem, digest } in &site.certificates {
        text.gap();
        text.block("server", |text| {
            listen(text, server, server.https_port, tls_words(server));
            text.line(server_name(names));
            certificate(text, pem, digest);
            text.gap();
            text.block("location /", |text| location(text, site, upstream_conf));
        });
    }
    text.finish()
}

fn server_name<'a>(names: impl IntoIterator<Item = &'a Fqdn>) -> String {
    names.into_iter().fold("server_name".to_owned(), |line, name| format!("{line} {name}"))
}

/// Answers HTTP-01 challenges (RFC 8555, 8.3) of our ACME account, whichever they are: the answer depends on nothing but
/// the question and the account's key.
fn challenge(text: &mut Text, thumbprint: &str) {
    text.block(r#"location ~ "^/\.well-known/acme-challenge/([-_A-Za-z0-9]{1,128})$""#, |text| {
        text.line("default_type text/plain");
        text.line(format!("return 200 \"$1.{thumbprint}\""));
    });
}

fn location(text: &mut Text, site: &Site, upstream_conf: &str) {
    text.line(format!("add_header Strict-Transport-Security {HSTS} always"));
    if site.upstreams.is_empty() {
        return text.line("return 503");
    }
    text.line(format!("include {upstream_conf}"));
    text.line(format!("proxy_pass http://{}", site.id));
    for directive in &site.directives {
        text.line(directive.to_string());
    }
    if let Some(passwords) = &site.passwords {
        text.line("proxy_set_header Authorization ''");
        text.block("limit_except OPTIONS", |text| {
            text.line(format!("auth_basic {}", site.id));
            text.line(format!("auth_basic_user_file {}", passwords.display()));
        });
    }
}

fn listen(text: &mut Text, server: &Server, port: u16, words: &str) {
    text.line(format!("listen {port}{words}"));
    if server.ipv6 {
        text.line(format!("listen [::]:{port}{words}"));
    }
}

fn tls_words(server: &Server) -> &'static str {
    if server.version.has_http2_directive() { " ssl" } else { " ssl http2" }
}

/// With a digest of the file: so a text stands for all that nginx reads for it, and is another when the certificate is.
fn certificate(text: &mut Text, pem: &Path, digest: &str) {
    text.comment(&format!("Its SHA-256 begins with {digest}."));
    text.line(format!("ssl_certificate {}", pem.display()));
    text.line(format!("ssl_certificate_key {}", pem.display()));
}

fn https(server: &Server) -> String {
    match server.https_port {
        443 => "https://$host$request_uri".to_owned(),
        port => format!("https://$host:{port}$request_uri"),
    }
}
