use std::io::{Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{JoinHandle, spawn};

use super::stage::Stage;

/// A TLS connection that carries bytes as they are; it ends after twenty seconds at the latest.
pub(super) struct Connection {
    openssl: Child,
    sends: Option<JoinHandle<()>>,
    from: ChildStdout,
}

impl Connection {
    /// Connects to the stage's nginx for `name`, speaking `protocol`, and sends `bytes`.
    pub(super) fn send(stage: &Stage, name: &str, protocol: &str, bytes: &[u8]) -> Self {
        let mut openssl = Command::new("timeout")
            .args(["20", "openssl", "s_client", "-quiet", "-alpn", protocol, "-servername", name, "-connect"])
            .arg(format!("127.0.0.1:{}", stage.server.https_port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs openssl");
        let (mut to, from) = (openssl.stdin.take().unwrap(), openssl.stdout.take().unwrap());
        let bytes = bytes.to_vec();
        // Its end would end the connection: it is held until nginx has answered.
        let sends = spawn(move || {
            let _ = to.write_all(&bytes).and_then(|()| to.flush());
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
