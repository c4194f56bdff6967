use std::io::{Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use super::stage::Stage;

/// Longer than nginx waits for a head, shorter than it waits for the rest of a request where nobody asks for less.
const LIMIT: Duration = Duration::from_secs(40);

/// A TLS connection that carries bytes as they are; it ends after [`LIMIT`] at the latest.
pub(super) struct Connection {
    openssl: Child,
    sends: Option<JoinHandle<()>>,
    from: ChildStdout,
}

impl Connection {
    /// Connects to the stage's nginx for `name`, speaking `protocol`, and sends `bytes`.
    pub(super) fn send(stage: &Stage, name: &str, protocol: &str, bytes: &[u8]) -> Self {
        Self::drip(stage, name, protocol, bytes, b"")
    }

    /// The same, and then a byte of `slow` four times a second.
    pub(super) fn drip(stage: &Stage, name: &str, protocol: &str, bytes: &[u8], slow: &[u8]) -> Self {
        let mut openssl = Command::new("timeout")
            .arg(LIMIT.as_secs().to_string())
            .args(["openssl", "s_client", "-quiet", "-alpn", protocol, "-servername", name, "-connect"])
            .arg(format!("127.0.0.1:{}", stage.server.https_port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs openssl");
        let (mut to, from) = (openssl.stdin.take().unwrap(), openssl.stdout.take().unwrap());
        let (bytes, slow) = (bytes.to_vec(), slow.to_vec());
        // Its end would end the connection: it is held until nginx has answered.
        let sends = spawn(move || {
            let mut send = |bytes: &[u8]| to.write_all(bytes).and_then(|()| to.flush()).is_ok();
            let _ = send(&bytes)
                && slow.chunks(1).all(|byte| {
                    sleep(Duration::from_millis(250));
                    send(byte)
                });
            std::thread::park();
        });
        Self { openssl, sends: Some(sends), from }
    }

    /// The next bytes; nothing if nginx has closed the connection before there were as many.
    pub(super) fn read(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.from.read_exact(&mut bytes).ok().map(|()| bytes)
    }

    /// Whether nginx closes the connection in time, whatever it says before.
    pub(super) fn closes(mut self) -> bool {
        const TIMED_OUT: i32 = 124;
        self.rest();
        self.openssl.wait().unwrap().code() != Some(TIMED_OUT)
    }

    /// All that comes until nginx closes the connection.
    pub(super) fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
        if let Some(sends) = self.sends.take() {
            sends.thread().unpark();
            let _ = sends.join();
        }
    }
}
