use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// How long the answer to `GET /large` is: more than nginx and the kernel keep for a reader.
pub(super) const LARGE: usize = 32 << 20;

/// What an upstream was asked: head and body of each request.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    /// Everything since this was last asked.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Serves until the tests end: answers each request with its own head as the body, and a websocket's upgrade with one,
/// after which it sends back what it gets.
pub(super) fn upstream() -> SocketAddr {
    recorded_upstream().0
}

/// An upstream, and what it was asked.
pub(super) fn recorded_upstream() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let all = seen.clone();
    spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = seen.clone();
            spawn(move || serve(&stream, &seen));
        }
    });
    (address, all)
}

fn serve(stream: &TcpStream, seen: &Seen) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        seen.0.lock().unwrap().push(format!("{head}{}", String::from_utf8_lossy(&body)));
        if head.contains("\r\nUpgrade: websocket\r\n") && head.contains("\r\nConnection: upgrade\r\n") {
            writer.write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            )?;
            std::io::copy(&mut reader, &mut writer)?;
            return Ok(());
        }
        let sent_on = if head.starts_with("GET /sent-on ") { "X-Accel-Redirect: /elsewhere\r\n" } else { "" };
        let body = if head.starts_with("GET /large ") { "x".repeat(LARGE) } else { head };
        let length = body.len();
        write!(
            writer,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nStrict-Transport-Security: theirs\r\n{sent_on}\r\n{body}"
        )?;
    }
}
