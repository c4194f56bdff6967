//! What goes wrong with an ACME server, and what becomes of it. Nothing of it takes anything from who is served.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::acme::{Stage, UNIT, acme, make, make_old};
use crate::guard::{Act, Guard};
use crate::world::pebble::Manners;
use crate::world::{Request, World};

pub(crate) fn guarded(manners: Manners) -> (Stage, Guard) {
    let mut stage = Stage::new(manners);
    let guard = Guard::before(&stage.pebble);
    stage.world.juju.configure("proxy", [("acme-server", guard.directory())]);
    stage.world.juju.settle();
    (stage, guard)
}

fn soak() -> bool {
    std::env::var_os("SOAK").is_some()
}

pub(crate) fn problem(status: u16, kind: &str, headers: &str) -> Act {
    let body = json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "not today"});
    Act::Answer(status, format!("{headers}Content-Type: application/problem+json\r\n"), body.to_string())
}

fn answer(status: u16, body: &str) -> Act {
    Act::Answer(status, "Content-Type: text/html\r\n".to_owned(), body.to_owned())
}

#[test]
fn a_server_on_a_bad_day_is_told_of_and_left_alone_for_a_while() {
    let (mut stage, guard) = guarded(Manners::default());
    stage.ask(&["a.example.com"]);
    stage.work();
    assert_eq!(stage.told(), json!({"a.example.com": acme()}), "{}", stage.log());
    let root = stage.pebble.root();
    let mut cases = vec![
        ("/order-plz", Act::Close, "does not answer", 15),
        ("/order-plz", answer(503, "<p>"), "the server answers 503", 15),
        (
            "/order-plz",
            problem(429, "rateLimited", "Retry-After: 7200\r\n"),
            "a limit of the authority is reached (rateLimited: not today)",
            120,
        ),
        ("/order-plz", problem(403, "rejectedIdentifier", ""), "the authority does not serve this name", 15),
        ("/dir", answer(200, "<p>"), "the server's answer cannot be read", 15),
        ("/finalize-order/", problem(500, "serverInternal", ""), "the server answers 500", 15),
        ("/certZ/", Act::Close, "does not answer", 15),
    ];
    if soak() {
        cases.push(("/order-plz", Act::Hang, "does not answer: nothing within 45s", 15));
    }
    for (number, (path, act, said, minutes)) in cases.into_iter().enumerate() {
        let name = format!("n{number}.example.com");
        guard.rule(move |line| if line.contains(path) { act.clone() } else { Act::Pass });
        stage.ask(&["a.example.com", &name]);
        stage.work();
        let told = stage.told();
        let why = told["_pending"][&name].as_str().unwrap_or_default();
        assert!(why.contains(said), "{path}: {told} {}", stage.log());
        assert_eq!(told["a.example.com"], acme());
        assert_eq!(stage.visit("a.example.com", &root), 200);
        assert!(stage.status().contains(said), "{}", stage.status());

        let progress: Value =
            serde_json::from_slice(&fs::read(stage.file("acme/progress.json")).unwrap()).unwrap();
        let trouble = progress["names"].get(&name).unwrap_or(&progress["server"]);
        let waits = trouble["again"].as_i64().unwrap() - trouble["tried"].as_i64().unwrap();
        assert_eq!(waits, minutes * 60, "{path}: {progress}");
        guard.rule(|_| Act::Pass);
        stage.world.juju.update_status(UNIT);
        stage.world.juju.settle();
        stage.world.wait_for_issuer();
        assert_eq!(guard.seen(), [], "it is left alone");

        stage.again();
        assert_eq!(stage.told(), json!({"a.example.com": acme(), &*name: acme()}), "{path}: {}", stage.log());
        assert_eq!(stage.visit(&name, &root), 200);
    }
    stage.pebble.stop_server();
    stage.ask(&["a.example.com", "last.example.com"]);
    stage.work();
    assert_eq!(stage.told()["a.example.com"], acme(), "the server has gone");
    assert_eq!(stage.visit("a.example.com", &root), 200);

    // It is gone for weeks.
    make_old(&stage.file("certificates/acme/a.example.com.pem"), &guard.directory());
    stage.again();
    let status = stage.status();
    assert!(
        status.starts_with("active: serving ") && status.contains("; a.example.com: its certificate ends "),
        "{status}"
    );
}

#[test]
fn what_is_wanted_while_the_client_is_at_work_is_not_left_for_later() {
    let (mut stage, guard) = guarded(Manners::default());
    let refused = || problem(403, "rejectedIdentifier", "");
    guard.rule(move |line| if line.contains("/order-plz") { refused() } else { Act::Pass });
    stage.ask(&["a.example.com"]);
    stage.work();
    // When it is time for another try, that one finds the same trouble: it has nothing to tell.
    let file = stage.file("acme/progress.json");
    let mut progress: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    progress["names"]["a.example.com"]["again"] = 0.into();
    fs::write(&file, progress.to_string()).unwrap();
    let (at_order, is_at_order) = mpsc::channel();
    let (go_on, gate) = mpsc::channel::<()>();
    guard.rule(move |line| {
        if !line.contains("/order-plz") {
            return Act::Pass;
        }
        let _ = at_order.send(());
        gate.recv().map_or(Act::Pass, |()| refused())
    });
    let root = stage.world.root().to_string_lossy().into_owned();
    let renew = "bin/ssl-termination certificates renew --unit";
    let script = format!("SSL_TERMINATION_ROOT={root} {renew} {UNIT} > /dev/null 2>&1 &");
    assert_eq!(stage.world.juju.exec(UNIT, &["sh", "-c", &script]).exit, 0);
    is_at_order.recv().unwrap();
    stage.ask(&["b.example.com"]);
    go_on.send(()).unwrap();
    drop(go_on);
    stage.work();
    assert!(stage.log().contains("another run is at work"), "{}", stage.log());
    assert_eq!(stage.told(), json!({"b.example.com": acme()}), "{}", stage.log());
}

#[test]
fn the_server_says_when_to_renew() {
    let (mut stage, guard) = guarded(Manners::default());
    let port = guard.port;
    let window = |days: i64| {
        move |line: &str| match line {
            _ if line.ends_with("/dir") => {
                let more = format!("{{\n   \"renewalInfo\": \"https://localhost:{port}/renewal\",");
                Act::Change("{".to_owned(), more)
            }
            _ if line.contains("/renewal/") => {
                let begins = time::OffsetDateTime::now_utc() + time::Duration::days(days);
                let date = |time: time::OffsetDateTime| {
                    format!("{:04}-{:02}-{:02}T00:00:00Z", time.year(), u8::from(time.month()), time.day())
                };
                let window = json!({"start": date(begins), "end": date(begins + time::Duration::days(1))});
                let headers = "Retry-After: 21600\r\nContent-Type: application/json\r\n".to_owned();
                Act::Answer(200, headers, json!({"suggestedWindow": window}).to_string())
            }
            _ => Act::Pass,
        }
    };
    guard.rule(window(40));
    stage.ask(&["a.example.com"]);
    stage.work();
    let pem = stage.file("certificates/acme/a.example.com.pem");
    let first = fs::read(&pem).unwrap();
    stage.again();
    assert_eq!(fs::read(&pem).unwrap(), first, "not yet: {}", stage.log());
    let asked = |guard: &Guard| guard.seen().iter().filter(|(line, _)| line.contains("/renewal/")).count();
    assert_eq!(asked(&guard), 1);
    stage.again();
    assert_eq!(asked(&guard), 1, "the server has said when to ask again");

    guard.rule(window(-3));
    let progress = stage.file("acme/progress.json");
    let mut known: Value = serde_json::from_slice(&fs::read(&progress).unwrap()).unwrap();
    known["renewals"]["a.example.com"]["ask"] = 0.into();
    fs::write(&progress, known.to_string()).unwrap();
    stage.again();
    assert_ne!(fs::read(&pem).unwrap(), first, "{}", stage.log());
    assert_eq!(stage.told(), json!({"a.example.com": acme()}));
    let order = guard.seen().into_iter().find(|(line, _)| line.contains("/order-plz")).unwrap().1;
    let payload: Value = serde_json::from_str(&order).unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload["payload"].as_str().unwrap()).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["replaces"], known["renewals"]["a.example.com"]["certificate"]);
}

#[test]
fn a_client_that_is_killed_at_any_step_leaves_nothing_broken() {
    World::needs_strace();
    let mut stage = Stage::new(Manners::default());
    let root = stage.world.root().to_string_lossy().into_owned();
    let binary = stage.world.juju.charm_dir(UNIT).join("bin/ssl-termination");
    let most = if soak() { 20 } else { 4 };
    for (call, name) in [("/^rename", "r"), ("/^connect", "c")] {
        for number in 1..=most {
            // A new name each time, so that there is an order to kill.
            let name = format!("{name}{number}.example.com");
            fs::create_dir_all(stage.file("acme")).unwrap();
            let lock = fs::File::create(stage.file("acme/lock")).unwrap();
            lock.lock().unwrap(); // the hook's own client leaves the work to us
            stage.ask(&["a.example.com", &name]);
            stage.world.wait_for_issuer();
            drop(lock);
            let inject = format!("inject={call}:signal=SIGKILL:when={number}");
            Command::new("strace")
                .args(["-f", "-qq", "-o", "/dev/null", "-e", &inject])
                .arg(&binary)
                .args(["certificates", "renew", "--unit", UNIT, "--again"])
                .env("SSL_TERMINATION_ROOT", &root)
                .output()
                .unwrap();
            stage.again();
            assert_eq!(
                stage.told(),
                json!({"a.example.com": acme(), &*name: acme()}),
                "{inject} {}",
                stage.log()
            );
            assert_eq!(stage.visit(&name, &stage.pebble.root()), 200, "{inject}");
        }
    }
}

#[test]
fn no_request_is_lost_while_certificates_change() {
    let mut stage = Stage::new(Manners::default());
    stage.ask(&["a.example.com"]);
    let (http, https) = (stage.world.http_port, stage.world.https_port);
    let ends = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..2)
        .map(|_| {
            let ends = Arc::clone(&ends);
            thread::spawn(move || {
                let mut answers = Vec::new();
                while !ends.load(Ordering::Relaxed) {
                    // By HTTP/1.1: nginx ends idle connections of HTTP/2 at a reload, also one that is about to ask.
                    let request = Request::to("https://a.example.com/", http, https).with(["--http1.1"]);
                    let answer = request.send();
                    answers.push((answer.code, answer.error));
                }
                answers
            })
        })
        .collect();
    stage.work();
    for _ in 0..3 {
        for source in ["self-signed", "auto"] {
            stage.world.juju.configure("proxy", [("certificate-source", source)]);
            stage.world.juju.settle();
        }
        fs::remove_file(stage.file("certificates/acme/a.example.com.pem")).unwrap();
        stage.world.juju.update_status(UNIT);
        stage.world.juju.settle();
        stage.work();
        assert_eq!(stage.told()["a.example.com"], acme());
    }
    ends.store(true, Ordering::Relaxed);
    for visitor in visitors {
        let answers = visitor.join().unwrap();
        assert!(!answers.is_empty());
        let lost: Vec<_> = answers.into_iter().filter(|(code, _)| *code != 200).collect();
        assert_eq!(lost, []);
    }
}

#[test]
fn a_host_from_a_backup_and_a_wrong_clock_mend_by_themselves() {
    let mut stage = Stage::new(Manners::default());
    stage.ask(&["a.example.com"]);
    stage.work();
    let (kept, state) = (
        stage.world.path("var/lib/ssl-termination/proxy-0"),
        stage.world.juju.charm_dir(UNIT).join(".state"),
    );
    let backup = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &Path| {
        fs::create_dir_all(to).unwrap();
        assert!(Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap().success());
    };
    let places = [(kept.clone(), backup.path().join("kept")), (state, backup.path().join("state"))];
    for (from, to) in &places {
        copy(from, to);
    }
    // Since then: another name, another key of the account, a server that has forgotten the account.
    fs::remove_file(stage.file("acme/account.pem")).unwrap();
    stage.ask(&["a.example.com", "b.example.com"]);
    stage.work();
    stage.pebble.stop_server();
    stage.pebble.start_server();
    for (place, copied) in &places {
        fs::remove_dir_all(place).unwrap();
        copy(copied, place);
    }
    let hook = |stage: &mut Stage| {
        stage.world.juju.update_status(UNIT);
        stage.world.juju.settle();
        stage.work();
    };
    hook(&mut stage);
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    assert_eq!(stage.visit("b.example.com", &stage.pebble.root()), 200);

    // A clock that is behind: the certificate has not begun. It is served, and nothing is ordered.
    let pem = stage.file("certificates/acme/a.example.com.pem");
    let server = stage.pebble.directory();
    make(&pem, &server, 2, 90);
    let (ahead, asked) = (fs::read(&pem).unwrap(), stage.pebble.log().lines().count());
    hook(&mut stage);
    assert_eq!((fs::read(&pem).unwrap(), stage.pebble.log().lines().count()), (ahead, asked));
    assert_eq!(stage.told()["a.example.com"], acme());

    // A clock that is ahead: the certificate has ended, and is served until the next one is there.
    make(&pem, &server, -90, -1);
    stage.pebble.stop_server();
    hook(&mut stage);
    assert_eq!(stage.world.get("https://a.example.com/").send().code, 200);
    let why = stage.told()["_pending"]["a.example.com"].as_str().unwrap().to_owned();
    assert!(why.contains("cannot be reached"), "{why}");
    stage.pebble.start_server();
    stage.again();
    assert_eq!(stage.told(), json!({"a.example.com": acme(), "b.example.com": acme()}), "{}", stage.log());
    assert_eq!(stage.visit("a.example.com", &stage.pebble.root()), 200);
}

/// With pebble's delays, refused nonces and authorisations that are used again: takes nine minutes on two
/// busy cores.
#[test]
fn two_hundred_sites_at_once_at_a_slow_server() {
    if !soak() {
        return;
    }
    let mut stage = Stage::new(Manners { is_slow: true, ..Manners::default() });
    for _ in 1..200 {
        stage.world.juju.add_unit("blog");
    }
    stage.world.juju.settle();
    let names: Vec<String> = (0..200).map(|number| format!("n{number}.example.com")).collect();
    for (number, name) in names.iter().enumerate() {
        stage.ask_of(&format!("blog/{number}"), &[name]);
    }
    stage.world.juju.settle();
    stage.work();
    for _ in 0..20 {
        if stage.told().get("_pending").is_none() {
            break;
        }
        stage.again();
    }
    let told = stage.told();
    assert!(names.iter().all(|name| told[name] == acme()), "{told}");
    assert_eq!(stage.visit("n199.example.com", &stage.pebble.root()), 200);
}
