//! What visitors may send over HTTP/2, byte for byte.

use super::raw::Connection;
use super::stage::Stage;
use super::upstream::{Seen, recorded_upstream};

const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
const WHOLE: u8 = END_STREAM | END_HEADERS;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header as HPACK has it, literally: neither indexed nor compressed.
fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = Vec::new();
        match text.len() {
            length if length < 127 => bytes.push(u8::try_from(length).unwrap()),
            length => {
                bytes.push(127);
                let mut rest = length - 127;
                while rest >= 128 {
                    bytes.push(u8::try_from(rest % 128 + 128).unwrap());
                    rest /= 128;
                }
                bytes.push(u8::try_from(rest).unwrap());
            }
        }
        [bytes, text.as_bytes().to_vec()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

pub(super) fn headers(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [(":method", method), (":scheme", "https"), (":path", path), (":authority", "a.example")];
    usual.iter().chain(more).flat_map(|(name, value)| header(name, value)).collect()
}

fn get(more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, WHOLE, 1, &headers("GET", "/", more))
}

fn post(more: &[(&str, &str)], body: &str) -> Vec<u8> {
    let head = frame(HEADERS, END_HEADERS, 1, &headers("POST", "/", more));
    [head, frame(DATA, END_STREAM, 1, body.as_bytes())].concat()
}

/// What became of the first stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was answered.
    Code(String),
    /// It alone was ended.
    Reset,
    /// The connection was.
    Closed,
}

/// What a client says first.
pub(super) fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &[])].concat()
}

/// Sends frames after the preface.
fn send(stage: &Stage, frames: &[u8]) -> Connection {
    Connection::send(stage, "a.example", "h2", &[&preface(), frames].concat())
}

/// Sends frames, and waits for the end of the first stream. `codes` are HPACK's: indexed, or the last
/// literal of three digits.
pub(super) fn end(stage: &Stage, frames: &[u8]) -> End {
    let mut connection = send(stage, frames);
    let mut code = None;
    while let Some(head) = connection.read(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let Some(payload) = connection.read(usize::try_from(length).unwrap()) else { return End::Closed };
        let of_first = head[8] == 1;
        match head[3] {
            GOAWAY => return End::Closed,
            RST_STREAM if of_first && code.is_none() => return End::Reset,
            HEADERS if of_first => {
                let known = match payload[0] {
                    0x88 => "200".to_owned(),
                    0x8c => "400".to_owned(),
                    _ => String::from_utf8_lossy(payload.get(2..5).unwrap_or_default()).into_owned(),
                };
                code = Some(known);
            }
            _ => {}
        }
        if let (Some(code), true) = (&code, of_first && head[4] & END_STREAM != 0) {
            return End::Code(code.clone());
        }
    }
    End::Closed
}

fn stage() -> (Stage, Seen) {
    let (mut stage, (address, seen)) = (Stage::new(), recorded_upstream());
    stage.site("a.example", &[address]);
    stage.apply();
    (stage, seen)
}

#[test]
fn one_request_is_never_taken_for_two() {
    const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let (stage, seen) = stage();
    let code = |code: &str| End::Code(code.to_owned());
    for (what, frames, expected) in [
        ("a good one", get(&[]), code("200")),
        ("a good one with a body", post(&[], "hello"), code("200")),
        ("a coding", post(&[("transfer-encoding", "chunked")], &format!("0\r\n\r\n{SMUGGLED}")), code("200")),
        ("a short length", post(&[("content-length", "0")], SMUGGLED), code("400")),
        ("a long length", post(&[("content-length", "90")], "hello"), code("400")),
        ("a line end in a value", get(&[("x-a", "b\r\nX-Forged: 1")]), End::Reset),
        ("a line end in a name", get(&[("x-a: b\r\nx-forged", "1")]), End::Reset),
        ("a colon in a name", get(&[("x-a: b", "1")]), End::Reset),
        ("an upper-case name", get(&[("X-Forged", "1")]), End::Reset),
        (
            "a line end in the path",
            frame(HEADERS, WHOLE, 1, &headers("GET", "/ HTTP/1.1\r\nX-Forged: 1", &[])),
            End::Reset,
        ),
        ("a space in the path", frame(HEADERS, WHOLE, 1, &headers("GET", "/ x", &[])), code("400")),
        (
            "a line end in the method",
            frame(HEADERS, WHOLE, 1, &headers("GET / HTTP/1.1\r\nX: ", "/", &[])),
            End::Reset,
        ),
        (
            "an address as the path",
            frame(HEADERS, WHOLE, 1, &headers("GET", "https://b.example/", &[])),
            code("400"),
        ),
        ("two paths", get(&[(":path", "/smuggled")]), code("400")),
        ("another Host", get(&[("host", "b.example")]), code("400")),
        ("a tunnel", frame(HEADERS, WHOLE, 1, &headers("CONNECT", "/", &[])), code("405")),
        ("an upgrade", get(&[("connection", "upgrade"), ("upgrade", "h2c")]), code("200")),
    ] {
        let got = end(&stage, &frames);
        let seen = seen.take();
        assert_eq!(
            (&got, seen.len()),
            (&expected, usize::from(expected == code("200"))),
            "{what}: {seen:#?}"
        );
        for line in seen.iter().flat_map(|request| request.split("\r\n\r\n").next().unwrap().lines()) {
            let forged = ["GET /smuggled", "X-Forged", "Transfer-Encoding", "Upgrade"];
            assert!(!forged.iter().any(|forged| line.starts_with(forged)), "{what}: {line}");
        }
    }
}

/// Each is more than a visitor has need of; the connection ends, others are served as before.
#[test]
fn who_floods_is_cut_off() {
    let (stage, _) = stage();
    let many = |count: u32, one: &dyn Fn(u32) -> Vec<u8>| (0..count).flat_map(one).collect::<Vec<u8>>();
    let reset = |n: u32| {
        let stream = 2 * n + 1;
        let head = frame(HEADERS, WHOLE, stream, &headers("GET", "/", &[]));
        [head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    let bomb =
        [&headers("GET", "/", &[])[..], b"\x40\x01x\x7f\xa1\x1e", &[b'a'; 4000], &[0xbe; 9000]].concat();
    for (what, frames) in [
        ("streams that are reset at once", many(1500, &reset)),
        (
            "a head that does not end",
            [
                frame(HEADERS, END_STREAM, 1, &headers("GET", "/", &[])),
                many(2000, &|_| frame(CONTINUATION, 0, 1, &header("x", &"a".repeat(1000)))),
            ]
            .concat(),
        ),
        ("a long header", get(&[("x-a", &"a".repeat(9000))])),
        ("a header that is repeated 9,000 times by its index", frame(HEADERS, WHOLE, 1, &bomb)),
        ("a window that is too large", frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())),
    ] {
        assert!(send(&stage, &frames).closes(), "{what}");
        assert_eq!(stage.https("a.example", &["--http2"]).status(), "200", "{what}");
    }
    // Whoever reads the answers to these is not cut off; others are served meanwhile.
    for (what, frames) in [
        ("pings", many(20_000, &|_| frame(PING, 0, 0, &[0; 8]))),
        ("settings", many(20_000, &|_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]))),
    ] {
        let _flood = send(&stage, &frames);
        assert_eq!(stage.https("a.example", &["--http2"]).status(), "200", "{what}");
    }
}
