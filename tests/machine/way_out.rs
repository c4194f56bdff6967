//! The machine's only way out: an HTTP proxy. What reaches the outside from there was told Juju's proxy.
//!
//! The proxy answers outside, on a socket in the shared folder; inside, a port leads to that socket.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

/// Answers on the socket as an HTTP proxy, as long as this process lives.
pub(crate) fn open(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass_on(client));
        }
    });
}

/// A port of this machine that leads to the socket; gives its URL.
pub(crate) fn port(socket: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let socket = PathBuf::from(socket);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = UnixStream::connect(&socket).unwrap();
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || copy(from, &to, |to| to.shutdown(Shutdown::Write)));
            thread::spawn(move || copy(server, &client, |to| to.shutdown(Shutdown::Write)));
        }
    });
    url
}

/// One client: the first request says where all go, since apt keeps a connection to one host.
fn pass_on(client: UnixStream) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let host = first.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = std::env::var("http_proxy").map_or(host.to_owned(), |proxy| {
        proxy.trim_start_matches("http://").trim_end_matches('/').to_owned()
    });
    let host = if host.contains(':') { host } else { format!("{host}:80") };
    let mut server = TcpStream::connect(host)?;
    server.write_all(first.as_bytes())?;
    let answers = server.try_clone()?;
    thread::spawn(move || copy(answers, &client, |to| to.shutdown(Shutdown::Write)));
    copy(reader, &server, |to| to.shutdown(Shutdown::Write));
    Ok(())
}

/// Copies until the end, and passes that on too.
fn copy<W>(mut from: impl Read, to: &W, end: impl Fn(&W) -> io::Result<()>)
where
    for<'w> &'w W: Write,
{
    let mut writer = to;
    let _ = io::copy(&mut from, &mut writer);
    let _ = end(to);
}
