//! A server that stands in front of an ACME server and lets requests through, or does what servers do on bad days.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned, crypto,
};

use crate::world::pebble::Pebble;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// It gets through.
    Pass,
    /// It gets through, and what is in the answer's body is replaced by something else.
    Change(String, String),
    /// The connection is closed.
    Close,
    /// Nothing happens, for as long as the other side waits.
    Hang,
    /// It is answered: status, more headers, body.
    Answer(u16, String, String),
}

type Rule = Box<dyn Fn(&str) -> Act + Send>;

/// The server.
pub(crate) struct Guard {
    pub(crate) port: u16,
    rule: Arc<Mutex<Rule>>,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Guard {
    /// One that lets everything through.
    pub(crate) fn before(pebble: &Pebble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| Act::Pass)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (certificate, key) = pebble.certificate();
        let provider = || Arc::new(crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pebble.trusted().as_bytes()).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (server, client, behind) = (Arc::new(server), Arc::new(client), pebble.port);
        let (rules, notes) = (Arc::clone(&rule), Arc::clone(&seen));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (server, client) = (Arc::clone(&server), Arc::clone(&client));
                let (rules, notes) = (Arc::clone(&rules), Arc::clone(&notes));
                thread::spawn(move || {
                    let tls = ServerConnection::new(server).unwrap();
                    let mut stream = StreamOwned::new(tls, connection.unwrap());
                    let Some((head, body)) = read(&mut stream) else { return };
                    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
                    notes.lock().unwrap().push((line.clone(), body.clone()));
                    let act = rules.lock().unwrap()(&line);
                    match act {
                        Act::Close => return,
                        Act::Hang => thread::sleep(Duration::from_mins(10)),
                        Act::Answer(status, headers, body) => {
                            let answer = format!(
                                "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                                body.len()
                            );
                            let _ = stream.write_all(answer.as_bytes());
                        }
                        Act::Pass => {
                            let _ = stream.write_all(&through(&client, behind, &head, &body));
                        }
                        Act::Change(from, to) => {
                            let answer = through(&client, behind, &head, &body);
                            let text = String::from_utf8(answer).unwrap().replacen(&from, &to, 1);
                            let longer = to.len() - from.len();
                            let length = text.split_once("Content-Length: ").unwrap().1;
                            let length: usize = length.split_once('\r').unwrap().0.parse().unwrap();
                            let text = text.replace(
                                &format!("Content-Length: {length}"),
                                &format!("Content-Length: {}", length + longer),
                            );
                            let _ = stream.write_all(text.as_bytes());
                        }
                    }
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                });
            }
        });
        Self { port, rule, seen }
    }

    /// What is to become of requests from now on, by their method and path.
    pub(crate) fn rule(&self, rule: impl Fn(&str) -> Act + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
        self.seen.lock().unwrap().clear();
    }

    /// Methods, paths and bodies since then.
    pub(crate) fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().clone()
    }

    /// The URL of the directory behind it.
    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }
}

fn read(stream: &mut impl std::io::Read) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn through(client: &Arc<ClientConfig>, port: u16, head: &str, body: &str) -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::clone(client), name).unwrap();
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return Vec::new() };
    let mut stream = StreamOwned::new(tls, stream);
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}
