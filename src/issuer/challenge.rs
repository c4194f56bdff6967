//! Whether nginx answers challenges, asked before the server asks.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::wire::Fqdn;

const LIMIT: Duration = Duration::from_secs(5);
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// Fails if nginx on this machine does not give the right answer for a name, not even after some tries: it may just be
/// learning it.
pub(super) async fn check(port: u16, name: &Fqdn, thumbprint: &str) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        last = timeout(LIMIT, ask(port, name, thumbprint)).await.with_context(|| {
            format!("nginx does not answer on port {port} within {LIMIT:?}: diagnose says more")
        })?;
        if last.is_ok() {
            break;
        }
        sleep(PAUSE).await;
    }
    last
}

async fn ask(port: u16, name: &Fqdn, thumbprint: &str) -> Result<()> {
    const TOKEN: &str = "asked-by-the-proxy-itself";
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .with_context(|| format!("nginx does not listen on port {port}: diagnose says more"))?;
    let path = format!("/.well-known/acme-challenge/{TOKEN}");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let is_right =
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{TOKEN}.{thumbprint}"));
    ensure!(is_right, "nginx does not answer for this ACME account yet");
    Ok(())
}
