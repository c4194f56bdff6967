//! Who is slow is cut off, and keeps nobody else waiting.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::http2::{END_HEADERS, End, HEADERS, end, frame, headers, preface};
use super::raw::Connection;
use super::stage::{Stage, https};
use super::upstream::{LARGE, upstream};

/// What all sites have for the handshake and the head of a request: `client_header_timeout`.
const HEAD: Duration = Duration::from_secs(20);
/// What the site here has for the rest, where others have a minute and more; a client may have it so.
const REST: Duration = Duration::from_secs(2);
/// nginx looks at a clock that the kernel moves on in ticks, so that it may be this early.
const TICK: Duration = Duration::from_millis(20);
const DIRECTIVES: [&str; 3] = ["client_body_timeout 2s", "send_timeout 2s", "keepalive_timeout 2s"];

/// Whether nginx ends it.
type Ends = Box<dyn Fn(&Stage) -> bool + Send>;

/// All wait side by side, each for its time-out and no shorter; longer than nginx waits by itself no connection lasts.
#[test]
fn who_is_slow_is_cut_off_and_keeps_nobody_waiting() {
    let mut stage = Stage::new();
    let directives = DIRECTIVES.map(|directive| directive.parse().unwrap());
    stage.site("a.example", &[upstream()]).directives = directives.into();
    stage.site("neighbour.example", &[upstream()]);
    stage.apply();

    let (stage, done) = (&stage, &AtomicBool::new(false));
    let (wrong, answers) = scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut answers = Vec::new();
            while !done.load(Ordering::Relaxed) {
                answers.push(https(&stage.server, "neighbour.example", &[]).status().to_owned());
            }
            answers
        });
        let slow = slow().into_iter().map(|(what, least, ends)| {
            scope.spawn(move || {
                let begin = Instant::now();
                let (ended, after) = (ends(stage), begin.elapsed());
                (!ended || after + TICK < least).then(|| format!("{what}: ended {ended}, after {after:?}"))
            })
        });
        let slow: Vec<_> = slow.collect();
        let wrong: Vec<String> = slow.into_iter().filter_map(|slow| slow.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        (wrong, neighbour.join().unwrap())
    });
    assert_eq!(wrong, [""; 0]);
    assert!(answers.len() > 20 && answers.iter().all(|status| status == "200"), "{answers:?}");
}

/// What is slow, its time-out, and whether nginx ends it.
fn slow() -> Vec<(&'static str, Duration, Ends)> {
    let get = "GET / HTTP/1.1\r\nHost: a.example\r\n";
    let endless = "X-A: aaaaaaaaaaaaaaaaaaaa\r\n".repeat(20);
    let half = "Content-Length: 9\r\n\r\nhello";
    let head = frame(HEADERS, 0, 1, &headers("GET", "/", &[]));
    let post = frame(HEADERS, END_HEADERS, 1, &headers("POST", "/", &[("content-length", "9")]));
    vec![
        ("no handshake", HEAD, Box::new(closes_without_handshake)),
        ("no request", HEAD, closes("http/1.1", b"", "")),
        ("a head that comes byte by byte", HEAD, closes("http/1.1", get.as_bytes(), &endless)),
        ("a body that stops", REST, closes("http/1.1", format!("{get}{half}").as_bytes(), "")),
        ("an answer that is not read", REST, Box::new(is_given_up)),
        ("nothing after an answer", REST, closes("http/1.1", format!("{get}\r\n").as_bytes(), "")),
        ("over HTTP/2: nothing", HEAD, closes("h2", b"", "")),
        ("over HTTP/2: no request", HEAD, closes("h2", &preface(), "")),
        ("over HTTP/2: a head that stops", HEAD, Box::new(move |stage| end(stage, &head) == End::Reset)),
        ("over HTTP/2: a body that stops", REST, Box::new(move |stage| end(stage, &post) == End::Reset)),
    ]
}

/// Sends this, and then the rest byte by byte.
fn closes(protocol: &'static str, bytes: &[u8], rest: &str) -> Ends {
    let (bytes, rest) = (bytes.to_vec(), rest.to_owned());
    Box::new(move |stage| Connection::drip(stage, "a.example", protocol, &bytes, rest.as_bytes()).closes())
}

fn closes_without_handshake(stage: &Stage) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", stage.server.https_port)).unwrap();
    stream.set_read_timeout(Some(2 * HEAD)).unwrap();
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Whether nginx ends a request while nobody reads the answer: its log has a line of it then, with the bytes that it sent.
fn is_given_up(stage: &Stage) -> bool {
    let request = b"GET /large HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let _reader = Connection::send(stage, "a.example", "http/1.1", request);
    let limit = Instant::now() + 2 * HEAD;
    while Instant::now() < limit {
        let log = std::fs::read_to_string(stage.paths.access_log()).unwrap();
        if let Some(line) = log.lines().find(|line| line.contains("GET /large ")) {
            let sent: usize = line.split(' ').nth(9).unwrap().parse().unwrap();
            return sent < LARGE;
        }
        sleep(Duration::from_millis(100));
    }
    false
}
