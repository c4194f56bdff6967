//! What visitors may send over HTTP/1.1 to be taken for somebody else, or to be heard twice.

use super::raw::Connection;
use super::stage::Stage;
use super::upstream::{Seen, recorded_upstream};

const OPEN: &str = "open.example";
const LOCKED: &str = "locked.example";

/// An open site and one with a password, and what reaches either's upstream.
fn stage() -> (Stage, Seen) {
    let (mut stage, (address, seen)) = (Stage::new(), recorded_upstream());
    stage.site(OPEN, &[address]);
    stage.site(LOCKED, &[address]);
    stage.password("ann", "sesame");
    stage.apply();
    (stage, seen)
}

/// The codes of all answers to these bytes; `REST` stands for the
/// end of the request line, the host, and what closes the connection.
fn codes(stage: &Stage, name: &str, request: &str) -> Vec<String> {
    let head = format!("HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n");
    let bytes = request.replace("REST", head.trim_end());
    let answers = Connection::send(stage, name, "http/1.1", bytes.as_bytes()).rest();
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect()
}

/// What is answered, and what reaches the upstream: `what, sent, codes, requests at the upstream`.
fn judge(cases: &[(&str, &str, &[&str], usize)], name: &str) {
    let (stage, seen) = stage();
    let mut wrong = Vec::new();
    for (what, sent, expected, reach) in cases {
        let got = codes(&stage, name, sent);
        let seen = seen.take();
        let forged = ["GET /smuggled", "X-Forged", "Transfer-Encoding", "evil.example", "203.0.113.9"];
        let heads = seen.iter().map(|request| request.split("\r\n\r\n").next().unwrap());
        let is_forged = |line: &str| {
            line.starts_with("GET /smuggled")
                || (!line.starts_with("GET /") && forged.iter().any(|word| line.contains(word)))
        };
        let forged = heads.flat_map(str::lines).any(is_forged);
        if got != *expected || seen.len() != *reach || forged {
            wrong.push(format!("{what}: {got:?}, and the upstream saw {seen:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_request_is_never_taken_for_two() {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: open.example\r\n\r\n";
    let post = |headers: &str, body: &str| format!("POST / REST\r\n{headers}\r\n{body}");
    let after = |headers: &str| post(headers, &format!("0\r\n\r\n{smuggled}"));
    let cases: Vec<(&str, String, &[&str], usize)> = vec![
        ("both lengths", after("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), &["400"], 0),
        ("two lengths", after("Content-Length: 0\r\nContent-Length: 60\r\n"), &["400"], 0),
        ("a list of lengths", after("Content-Length: 0, 60\r\n"), &["400"], 0),
        ("a signed length", post("Content-Length: +5\r\n", "hello"), &["400"], 0),
        ("a negative length", post("Content-Length: -1\r\n", ""), &["400"], 0),
        ("a length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", ""), &["400"], 0),
        ("two codings", after("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), &["400"], 0),
        ("an unknown coding", after("Transfer-Encoding: xchunked\r\n"), &["501"], 0),
        ("a list of codings", after("Transfer-Encoding: gzip, chunked\r\n"), &["501"], 0),
        ("a tab before the coding", after("Transfer-Encoding: \u{b}chunked\r\n"), &["501"], 0),
        ("a space before the colon", after("Transfer-Encoding : chunked\r\n"), &["400"], 0),
        ("a folded header", after("Transfer-Encoding:\r\n chunked\r\n"), &["400"], 0),
        (
            "a coding with an underscore",
            post("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello"),
            &["200"],
            1,
        ),
        (
            "a chunk's extension",
            post("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n"),
            &["200"],
            1,
        ),
        (
            "a chunk of no length",
            post("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n"),
            &["400"],
            0,
        ),
        (
            "a chunk beyond 64 bits",
            post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nhello"),
            &["400"],
            0,
        ),
        (
            "a trailer",
            post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX-Forged: 1\r\n\r\n"),
            &["200"],
            1,
        ),
        (
            "a body of GET",
            format!("GET / REST\r\nContent-Length: {}\r\n\r\n{smuggled}", smuggled.len()),
            &["200"],
            1,
        ),
        (
            "a coding of HTTP/1.0",
            format!(
                "POST / HTTP/1.0\r\nHost: open.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
            &["400"],
            0,
        ),
        ("a line end of CR alone", "GET / REST\r\nX-A: b\rX-Forged: 1\r\n\r\n".to_owned(), &["400"], 0),
        ("a zero byte", "GET / REST\r\nX-A: b\0\r\n\r\n".to_owned(), &["400"], 0),
        ("a space in a name", "GET / REST\r\nX A: b\r\n\r\n".to_owned(), &["400"], 0),
        ("a control character in the path", "GET /\u{1} REST\r\n\r\n".to_owned(), &["400"], 0),
        ("a control character in the method", "G\u{1}T / REST\r\n\r\n".to_owned(), &["400"], 0),
        ("HTTP/2 without its handshake", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &["400"], 0),
        ("line ends in the path, escaped", "GET /%0d%0aX-Forged:%201 REST\r\n\r\n".to_owned(), &["200"], 1),
        (
            "two requests in a row",
            format!("GET / HTTP/1.1\r\nHost: {OPEN}\r\n\r\nGET / REST\r\n\r\n"),
            &["200", "200"],
            2,
        ),
    ];
    let cases: Vec<_> =
        cases.iter().map(|(what, sent, codes, reach)| (*what, sent.as_str(), *codes, *reach)).collect();
    judge(&cases, OPEN);
}

#[test]
fn what_is_too_long_is_refused_and_reaches_nobody() {
    let header = |length: usize| format!("GET / REST\r\nX-A: {}\r\n\r\n", "a".repeat(length));
    let many = |count: usize, length: usize| {
        let headers: Vec<String> = (0..count).map(|n| format!("X-{n}: {}\r\n", "a".repeat(length))).collect();
        format!("GET / REST\r\n{}\r\n", headers.concat())
    };
    judge(
        &[
            ("a path of 9,000", &format!("GET /{} REST\r\n\r\n", "a".repeat(9000)), &["414"], 0),
            ("a header of 9,000", &header(9000), &["400"], 0),
            ("a header of 7,000", &header(7000), &["200"], 1),
            ("60 headers of 1,000", &many(60, 1000), &["400"], 0),
            ("20 headers of 1,000", &many(20, 1000), &["200"], 1),
            ("a body of more than 1 MiB", "POST / REST\r\nContent-Length: 1048577\r\n\r\n", &["413"], 0),
        ],
        OPEN,
    );
}

#[test]
fn a_host_is_one_of_ours_or_refused() {
    judge(
        &[
            ("two", &format!("GET / REST\r\nHost: {LOCKED}\r\n\r\n"), &["400"], 0),
            ("none", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", &["400"], 0),
            (
                "another site of ours",
                &format!("GET / HTTP/1.1\r\nHost: {LOCKED}\r\nConnection: close\r\n\r\n"),
                &["401"],
                0,
            ),
            ("nobody's", "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", &[], 0),
            (
                "a path in it",
                "GET / HTTP/1.1\r\nHost: open.example/x\r\nConnection: close\r\n\r\n",
                &["400"],
                0,
            ),
            (
                "a user in it",
                "GET / HTTP/1.1\r\nHost: open.example:80@evil.example\r\nConnection: close\r\n\r\n",
                &["200"],
                1,
            ),
            ("a port of the target", "GET https://open.example:666/ REST\r\n\r\n", &["200"], 1),
            (
                "the target counts",
                &format!("GET https://{OPEN}/ HTTP/1.1\r\nHost: {LOCKED}\r\nConnection: close\r\n\r\n"),
                &["200"],
                1,
            ),
            (
                "what is between the two",
                "GET / REST, X-Real-IP, Host\r\nX-Forwarded-For: 203.0.113.9\r\nTrue-Client-IP: 203.0.113.9\r\nClient-IP: 203.0.113.9\r\nX-Original-URL: /203.0.113.9\r\n\r\n",
                &["200"],
                1,
            ),
        ],
        OPEN,
    );
    let (stage, seen) = stage();
    for (host, handed_on) in [
        ("open.example:80@evil.example:99", "open.example:99"),
        ("OPEN.example.:8443", "open.example:8443"),
        ("open.example:999999", "open.example"),
        ("open.example:x", "open.example"),
    ] {
        codes(&stage, OPEN, &format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        let seen = seen.take().concat();
        for header in ["Host", "X-Forwarded-Host"] {
            assert!(seen.contains(&format!("\r\n{header}: {handed_on}\r\n")), "{host}: {seen}");
        }
    }
}

#[test]
fn no_path_and_no_method_but_options_gets_past_the_password() {
    let paths = [
        "/",
        "//",
        "/./",
        "/../",
        "/a/../",
        "/%2e%2e/",
        "/..;/",
        "/;a=b",
        "/%00",
        "/%2f",
        "/\\",
        "/?",
        "/#",
        "/.well-known/acme-challenge/x",
        "https://locked.example/",
        "https://LOCKED.example./",
    ];
    let methods = ["HEAD", "POST", "FOO", "PROPFIND", "options", "Options", "OPTION"];
    let (stage, seen) = stage();
    let of_methods = methods.into_iter().flat_map(|method| [(method, "/"), (method, "/a/../")]);
    for (method, path) in paths.into_iter().map(|path| ("GET", path)).chain(of_methods) {
        let got = codes(&stage, LOCKED, &format!("{method} {path} REST\r\n\r\n"));
        assert!(["400", "401", "405"].contains(&got[0].as_str()), "{method} {path}: {got:?}");
        assert_eq!(seen.take(), [""; 0], "{method} {path}");
    }
    let long = format!("GET / REST\r\nAuthorization: Basic YW5uOnh4{}\r\n\r\n", "eHh4".repeat(200));
    judge(
        &[
            ("a password of 602", &long, &["401"], 0),
            ("no credentials", "GET / REST\r\n\r\n", &["401"], 0),
            ("right ones", "GET / REST\r\nAuthorization: Basic YW5uOnNlc2FtZQ==\r\n\r\n", &["200"], 1),
            ("wrong ones", "GET / REST\r\nAuthorization: Basic YW5uOnNlc2Ft\r\n\r\n", &["401"], 0),
            ("empty ones", "GET / REST\r\nAuthorization: Basic \r\n\r\n", &["401"], 0),
            ("a user alone", "GET / REST\r\nAuthorization: Basic YW5u\r\n\r\n", &["401"], 0),
            (
                "a line end in them",
                "GET / REST\r\nAuthorization: Basic YW5uOnNlc2FtZQo=\r\n\r\n",
                &["401"],
                0,
            ),
            ("another scheme", "GET / REST\r\nAuthorization: Bearer YW5uOnNlc2FtZQ==\r\n\r\n", &["401"], 0),
            (
                "two headers",
                "GET / REST\r\nAuthorization: Basic x\r\nAuthorization: Basic YW5uOnNlc2FtZQ==\r\n\r\n",
                &["400"],
                0,
            ),
            (
                "another header",
                "GET / REST\r\nProxy-Authorization: Basic YW5uOnNlc2FtZQ==\r\n\r\n",
                &["401"],
                0,
            ),
            ("a header with an underscore", "GET / REST\r\nX_Original_URL: /\r\n\r\n", &["401"], 0),
            ("a tunnel", "CONNECT locked.example:22 REST\r\n\r\n", &["400"], 0),
            ("what is sent back", "TRACE / REST\r\n\r\n", &["405"], 0),
            ("all of the server", "OPTIONS * REST\r\n\r\n", &["400"], 0),
            ("what a page asks first", "OPTIONS / REST\r\n\r\n", &["200"], 1),
        ],
        LOCKED,
    );
}

/// Some applications take a request for one of another method if a header says so.
#[test]
fn options_stays_options() {
    let (stage, seen) = stage();
    for header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let asked = |method: &str| {
            codes(&stage, OPEN, &format!("{method} / REST\r\n{header}: GET\r\n\r\n"));
            seen.take().concat().contains(&format!("{header}: GET"))
        };
        assert_eq!((asked("OPTIONS"), asked("POST")), (false, true), "{header}");
    }
}

/// An upstream can have nginx ask for another path with `X-Accel-Redirect`: a loop, or the site's own challenges.
#[test]
fn an_upstream_sends_nginx_nowhere() {
    let (stage, seen) = stage();
    assert_eq!(codes(&stage, OPEN, "GET /sent-on REST\r\n\r\n"), ["200"]);
    assert_eq!(seen.take().len(), 1);
}

/// Whoever reads the log on a terminal is a target too.
#[test]
fn nothing_that_moves_a_terminal_comes_into_the_access_log() {
    let (stage, _) = stage();
    codes(
        &stage,
        OPEN,
        "GET /\u{9b}2J\"%1b REST\r\nUser-Agent: \u{1b}[2J\u{9b}\r\nReferer: \u{1b}]0;x\u{7}\r\n\r\n",
    );
    let log = std::fs::read_to_string(stage.paths.access_log()).unwrap();
    assert!(log.contains("x1B[2J"), "{log}");
    assert!(log.chars().all(|c| matches!(c, ' '..='~' | '\n')), "{log:?}");
}
