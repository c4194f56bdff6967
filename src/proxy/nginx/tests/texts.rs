//! The whole text for each version and variant, and nginx's own opinion of what is meant for the nginx that is here.
//!
//! After a deliberate change, `UPDATE_EXPECT=1 cargo test texts` writes the files in `texts/` anew; read their diff.

use std::path::Path;
use std::process::Command;

use expect_test::expect_file;

use crate::cert::Source;
use crate::host::Host;
use crate::proxy::nginx::{Certificate, Paths, Server, Site, Version, Worker, parts};
use crate::wire::Fqdn;

fn server(minor: u32, patch: u32) -> Server {
    Server {
        http_port: 80,
        https_port: 443,
        trusted_proxies: Vec::new(),
        ipv6: true,
        version: Version::new(1, minor, patch),
        worker: Some(Worker::new("www-data", 33)),
        challenge: None,
        fallback: None,
    }
}

fn site(paths: &Paths) -> Site {
    let id = "blog.example.com".parse().unwrap();
    Site {
        certificates: vec![certificate(paths, &id, &["www.example.com"])],
        upstreams: ["10.0.0.4:8080", "[fd00::5]:80"].map(|text| text.parse().unwrap()).into(),
        directives: Vec::new(),
        passwords: None,
        id,
    }
}

fn certificate(paths: &Paths, id: &Fqdn, others: &[&str]) -> Certificate {
    let others = others.iter().map(|name| name.parse().unwrap());
    Certificate {
        names: std::iter::once(id.clone()).chain(others).collect(),
        pem: paths.certificates.pair(Source::SelfSigned, id),
        digest: "0".repeat(32),
    }
}

/// All files of a configuration, one after the other, each under its name.
fn together(paths: &Paths, server: &Server, sites: &[Site]) -> String {
    let files = parts::files(paths, server, sites);
    let texts: Vec<String> = files.iter().map(|(name, text)| format!("==> {name} <==\n{text}\n")).collect();
    texts.concat()
}

fn paths() -> Paths {
    Paths::new(&Host::new("/", ""), &"proxy/0".parse().unwrap()).unwrap()
}

#[test]
fn nginx_1_18() {
    let (paths, server) = (paths(), Server { fallback: Some("0".repeat(32)), ..server(18, 0) });
    expect_file!["texts/1.18.txt"].assert_eq(&together(&paths, &server, &[site(&paths)]));
}

#[test]
fn nginx_1_22() {
    let (paths, server) = (paths(), server(22, 1));
    expect_file!["texts/1.22.txt"].assert_eq(&together(&paths, &server, &[site(&paths)]));
}

#[test]
fn nginx_1_24() {
    let (paths, server) = (paths(), server(24, 0));
    expect_file!["texts/1.24.txt"].assert_eq(&together(&paths, &server, &[site(&paths)]));
}

#[test]
fn nginx_1_26() {
    let (paths, server) = (paths(), server(26, 0));
    expect_file!["texts/1.26.txt"].assert_eq(&together(&paths, &server, &[site(&paths)]));
}

/// An ordinary user, other ports, trusted proxies, no IPv6; a site with a password, one without anybody to serve it.
fn variants(paths: &Paths) -> (Server, [Site; 2]) {
    let server = Server {
        http_port: 8080,
        https_port: 8443,
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "fd00::1".parse().unwrap()],
        ipv6: false,
        worker: None,
        ..server(22, 1)
    };
    let protected = Site { passwords: Some(paths.password_file(&site(paths).id)), ..site(paths) };
    let id = "empty.example.com".parse().unwrap();
    let empty = Site {
        upstreams: Vec::new(),
        directives: Vec::new(),
        certificates: vec![certificate(paths, &id, &[])],
        id,
        ..protected.clone()
    };
    (server, [protected, empty])
}

#[test]
fn variants_of_server_and_sites() {
    let paths = paths();
    let (server, sites) = variants(&paths);
    expect_file!["texts/variants.txt"].assert_eq(&together(&paths, &server, &sites));
}

/// The same texts below another root, where their certificates are real, given to the nginx that is installed.
#[test]
fn nginx_accepts_the_texts_of_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::new(folder.path(), "/usr/sbin:/usr/bin:/sbin:/bin");
    let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
    let version = Version::ask(&host).expect("these tests need nginx: install the package nginx-light");
    let (other_server, other_sites) = variants(&paths);
    let worker = host.is_superuser().then(|| Worker::new("www-data", 33));
    let high = Server { http_port: 18080, https_port: 18443, version, worker, ..server(22, 1) };
    for said in [
        try_out(&host, &paths, &high, &[site(&paths)]),
        try_out(&host, &paths, &Server { version, ..other_server }, &other_sites),
    ] {
        assert!(said.contains("test is successful"), "{said}");
        assert!(!said.contains("[warn]"), "{said}");
    }
}

/// What nginx says of the configuration for these sites, which are given certificates.
pub(super) fn try_out(host: &Host, paths: &Paths, server: &Server, sites: &[Site]) -> String {
    for folder in [
        paths.certificates.of_source(Source::SelfSigned),
        paths.live().join("sites"),
        paths.run.clone(),
        paths.log.clone(),
        paths.bodies(),
    ] {
        host.create_folder(&folder, 0o700).unwrap();
    }
    for Certificate { names, pem, .. } in sites.iter().flat_map(|site| &site.certificates) {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        std::fs::write(pem, certificate.pem() + &key.serialize_pem()).unwrap();
    }
    std::fs::remove_dir_all(paths.live()).unwrap();
    for (name, text) in parts::files(paths, server, sites) {
        let file = paths.live().join(name);
        host.create_folder(file.parent().unwrap(), 0o700).unwrap();
        std::fs::write(file, text).unwrap();
    }
    nginx_test(&paths.live().join("nginx.conf"))
}

fn nginx_test(conf: &Path) -> String {
    let output = Command::new("nginx").args(["-e", "/dev/null", "-t", "-c"]).arg(conf).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}
