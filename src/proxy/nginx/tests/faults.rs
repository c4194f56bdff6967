//! Changes, refusals and faults.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::stage::{Stage, free_port, https};
use super::upstream::upstream;
use crate::host::{Host, Owner};
use crate::proxy::nginx::parts::Named;
use crate::proxy::nginx::reach::Others;
use crate::proxy::nginx::taken::Taken;
use crate::proxy::nginx::trial::trial;
use crate::proxy::nginx::{Applied, Reach, Version, apply, candidate, daemon, parts, stop};
use crate::reactive::digest;

#[test]
fn nothing_happens_twice_and_stop_leaves_no_process() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    assert!(stage.apply().changed);
    assert_eq!(stage.apply(), Applied::default());
    let master = daemon::master(&stage.host, &stage.paths).unwrap();
    assert!(master.is_some());

    std::fs::remove_file(&stage.sites[0].certificates[0].pem).unwrap();
    stage.sites.clear();
    stage.site("a.example", &[upstream()]);
    assert!(stage.apply().changed);
    assert_eq!(daemon::master(&stage.host, &stage.paths).unwrap(), master);

    stop(&stage.host, &stage.paths).unwrap();
    assert!(stage.processes().is_empty());
    assert!(stage.apply().changed);
    assert_eq!(stage.https("a.example", &[]).status(), "200");
}

#[test]
fn remove_leaves_no_folder_and_touches_no_other_units() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let other = stage.host.path("var/lib/ssl-termination/proxy-1");
    stage.host.create_folder(&other, 0o711).unwrap();
    crate::proxy::nginx::remove(&stage.host, &stage.paths).unwrap();
    assert_eq!(stage.host.list(&stage.host.path("var/lib/ssl-termination")).unwrap(), ["proxy-1"]);
    for folder in ["etc", "run", "var/log"] {
        assert!(stage.host.list(&stage.host.path(folder)).unwrap().is_empty(), "{folder}");
    }
    assert!(stage.processes().is_empty());
}

#[test]
fn a_refused_site_is_left_out_and_its_neighbour_is_served() {
    let mut stage = Stage::new();
    for name in ["a.example", "b.example", "c.example"] {
        stage.site(name, &[upstream()]);
    }
    stage.apply();
    assert_eq!(stage.https("b.example", &[]).status(), "200");

    let certificate = stage.sites[1].certificates[0].pem.clone();
    stage.host.write(&certificate, b"garbage", 0o600, Owner::Us).unwrap();
    stage.site("d.example", &[upstream()]);
    let applied = stage.apply();
    let reason = &applied.refused[&stage.sites[1].id];
    assert!(reason.starts_with("cannot load certificate \"b.example.pem\""), "{reason}");
    assert!(applied.changed && applied.refused.len() == 1);
    for (name, exit) in [("a.example", 0), ("b.example", 35), ("c.example", 0), ("d.example", 0)] {
        assert_eq!(stage.https(name, &[]).exit, exit, "{name}");
    }
    let again = stage.apply();
    assert_eq!(again, Applied { changed: false, ..applied });
    assert_eq!(stage.host.list(&stage.paths.configuration).unwrap(), ["conf"]);
}

#[test]
fn nginx_tries_only_what_it_does_not_serve_yet() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let certificate = stage.sites[0].certificates[0].pem.clone();
    stage.host.write(&certificate, b"garbage", 0o600, Owner::Us).unwrap();
    stage.site("b.example", &[upstream()]);
    let refused = |served: &[&str]| -> Vec<String> {
        let (host, paths, server) = (&stage.host, &stage.paths, &stage.server);
        let wanted = parts::of_sites(server, &stage.sites);
        let found = candidate::look(host, paths).unwrap();
        let is_served = |one: &Named<'_>| served.contains(&&*one.name);
        let trial = trial(host, paths, server, wanted, found, &Others::default(), is_served).unwrap();
        let named: BTreeSet<&str> = parts::named_in(&trial.main).collect();
        assert_eq!(named, trial.accepted.iter().map(|site| site.name.as_str()).collect());
        assert_eq!(stage.host.read(&paths.candidate()).unwrap().unwrap(), trial.main.as_bytes());
        trial.refused.keys().map(ToString::to_string).collect()
    };
    let wanted = parts::of_sites(&stage.server, &stage.sites);
    assert!(refused(&[&wanted[0].name]).is_empty());
    assert_eq!(refused(&[]), ["a.example"]);
}

#[test]
fn what_nginx_has_taken_is_that_only_as_it_was() {
    let mut stage = Stage::new();
    for name in ["a.example", "b.example"] {
        stage.site(name, &[upstream()]);
    }
    stage.apply();
    let (host, paths, version) = (&stage.host, &stage.paths, stage.server.version);
    let live = String::from_utf8(host.read(&paths.nginx_conf()).unwrap().unwrap()).unwrap();
    let wanted = parts::of_sites(&stage.server, &stage.sites);
    let note = Taken::read(host, paths).unwrap().unwrap();
    let names: BTreeSet<&str> = wanted.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        note.parts(version, &live).unwrap().iter().map(String::as_str).collect::<BTreeSet<_>>(),
        names
    );
    assert_eq!(note.parts(version, &live.replace("on;", "off;")), None);
    assert_eq!(note.parts(Version::new(9, 0, 0), &live), None);
    host.write(&paths.served(), b"garbage", 0o600, Owner::Us).unwrap();
    assert_eq!(Taken::read(host, paths).unwrap(), None);
}

#[test]
fn a_certificate_that_nginx_does_not_take_is_found_before_the_reload() {
    let mut stage = Stage::new();
    for name in ["a.example", "b.example"] {
        stage.site(name, &[upstream()]);
    }
    stage.apply();
    let certificate = &mut stage.sites[0].certificates[0];
    stage.host.write(&certificate.pem, b"garbage", 0o600, Owner::Us).unwrap();
    certificate.digest = digest(b"garbage");
    assert_eq!(stage.apply().refused.len(), 1);
    let log = String::from_utf8(stage.host.read(&stage.paths.error_log()).unwrap().unwrap()).unwrap();
    let of_a_reload = |line: &&str| line.contains("[emerg]") && line.contains('#');
    assert_eq!(log.lines().find(of_a_reload), None);
    assert_eq!(stage.https("b.example", &[]).status(), "200");
}

#[test]
fn what_nginx_cannot_take_leaves_the_live_configuration_as_it_was() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let files = || {
        let live = stage.paths.live();
        let names = stage.host.list(&live.join("sites")).unwrap();
        (stage.host.read(&stage.paths.nginx_conf()).unwrap(), names)
    };
    let before = files();
    let taken = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let mut server = stage.server.clone();
    server.https_port = taken.local_addr().unwrap().port();
    apply(&stage.host, &stage.paths, &server, &stage.sites, Reach::All).unwrap_err();
    let after = files();
    assert_eq!(after.0, before.0);
    assert!(before.1.iter().all(|name| after.1.contains(name)), "{after:?}");
}

#[test]
fn a_file_that_somebody_has_broken_is_no_sites_fault() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let sites = stage.paths.live().join("sites");
    let file = sites.join(&stage.host.list(&sites).unwrap()[0]);
    stage.host.write(&file, b"garbage", 0o644, Owner::Us).unwrap();
    stage.site("b.example", &[upstream()]);
    assert_eq!(stage.apply(), Applied { changed: true, ..Applied::default() });
    for name in ["a.example", "b.example"] {
        assert_eq!(stage.https(name, &[]).status(), "200", "{name}");
    }
}

#[test]
fn a_new_site_answers_at_once_and_no_request_is_lost_over_twenty_reloads() {
    // HTTP/1.1: an old worker may close a connection of HTTP/2 before its first request, which clients then repeat.
    let mut stage = Stage::new();
    stage.site("steady.example", &[upstream()]);
    stage.apply();
    let (server, done) = (stage.server.clone(), Arc::new(AtomicBool::new(false)));
    let load = thread::spawn({
        let done = done.clone();
        move || {
            let mut answers = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let got = https(&server, "steady.example", &["--http1.1"]);
                answers.push(format!("{} {}", got.exit, got.status()));
            }
            answers
        }
    });
    for number in 0..20 {
        let name = format!("n{number}.example");
        stage.site(&name, &[upstream()]);
        assert!(stage.apply().changed);
        assert_eq!(stage.https(&name, &[]).status(), "200", "{name}");
    }
    done.store(true, Ordering::Relaxed);
    let answers = load.join().unwrap();
    assert!(answers.len() >= 20, "{}", answers.len());
    assert!(answers.iter().all(|status| status == "0 200"), "{answers:?}");
}

#[test]
fn a_reload_that_does_not_come_is_an_error_and_is_made_up_for() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let taken = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let (before, port) = (stage.server.https_port, taken.local_addr().unwrap().port());
    stage.server.https_port = port;
    assert_eq!(
        format!("{:#}", stage.try_apply().unwrap_err()),
        format!(
            "nginx goes on with its old configuration ({}): {}",
            stage.paths.error_log().display(),
            used_by_us(port, "https-port")
        )
    );
    stage.server.https_port = before;
    assert_eq!(stage.https("a.example", &[]).status(), "200");
    stage.server.https_port = port;
    drop(taken);
    assert!(stage.apply().changed);
    assert_eq!(stage.https("a.example", &[]).status(), "200");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    let port = free_port();
    let _taken = TcpListener::bind(("0.0.0.0", port)).unwrap();
    stage.server.http_port = port;
    assert_eq!(stage.try_apply().unwrap_err().to_string(), used_by_us(port, "http-port"));
}

fn used_by_us(port: u16, option: &str) -> String {
    let process = std::process::id();
    let name = Host::new("/", "").program_name(process).unwrap();
    format!("port {port} is used by {name} (process {process}): stop it or set another {option}")
}

#[test]
fn a_stale_process_number_is_not_believed() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.apply();
    let master = daemon::master(&stage.host, &stage.paths).unwrap().unwrap();
    stop(&stage.host, &stage.paths).unwrap();
    for stale in [std::process::id(), 1, master] {
        stage.host.write(&stage.paths.pid(), stale.to_string().as_bytes(), 0o644, Owner::Us).unwrap();
        assert_eq!(daemon::master(&stage.host, &stage.paths).unwrap(), None);
    }
    assert!(stage.apply().changed);
}

#[test]
fn a_folder_that_the_workers_cannot_enter_is_named() {
    let mut stage = Stage::new();
    if !stage.host.is_superuser() {
        println!("LEFT OUT: only root's workers are somebody else");
        return;
    }
    stage.site("a.example", &[upstream()]);
    stage.host.create_folder(stage.host.root(), 0o700).unwrap();
    let error = stage.try_apply().unwrap_err().to_string();
    let root = stage.host.root().display().to_string();
    assert!(
        error.starts_with(&format!("nginx works as www-data and cannot enter {root} (mode 700):")),
        "{error}"
    );
}

#[test]
fn keys_and_hashes_are_closed_to_others() {
    let mut stage = Stage::new();
    stage.site("a.example", &[upstream()]);
    stage.password("user", "hunter2");
    stage.apply();
    let secret = |path| stage.host.mode(path).unwrap().unwrap() & 0o007;
    assert_eq!(secret(&stage.sites[0].certificates[0].pem), 0);
    assert_eq!(secret(stage.sites[0].passwords.as_ref().unwrap()), 0);
    for folder in [&stage.paths.certificates.certificates(), &stage.paths.log] {
        assert_eq!(secret(folder), 0, "{}", folder.display());
    }
    let line = stage.host.read(&stage.paths.error_log()).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&line).contains("hunter2"));
}
