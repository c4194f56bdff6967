//! The way to a server: straight, or through the model's proxy.

use std::net::IpAddr;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Uri;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::wire::Network;

/// The model's proxies.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    https: Option<String>,
    none_for: Vec<String>,
}

/// How a server is reached.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Via {
    Direct,
    Proxy(Proxy),
}

/// A proxy that speaks HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) authorization: Option<String>,
}

impl Proxies {
    /// From the variables that programs look for.
    pub(super) fn new(variables: &[(String, String)]) -> Self {
        let value =
            |name: &str| variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let none_for = value("no_proxy").unwrap_or_default();
        let words = none_for.split([',', ' ']).map(|word| word.trim().to_lowercase());
        Self { https: value("https_proxy"), none_for: words.filter(|word| !word.is_empty()).collect() }
    }

    /// The way to a host.
    pub(super) fn to(&self, host: &str) -> Result<Via> {
        let Some(https) = self.https.as_ref().filter(|_| !self.passes_by(host)) else {
            return Ok(Via::Direct);
        };
        let with_scheme = if https.contains("://") { https.clone() } else { format!("http://{https}") };
        let malformed = "the model's https-proxy is no URL such as http://proxy.example:3128";
        let uri: Uri = with_scheme.parse().ok().context(malformed)?;
        ensure!(uri.scheme_str() == Some("http"), malformed);
        let authority = uri.authority().context(malformed)?;
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        let authorization = user.map(|user| format!("Basic {}", BASE64_STANDARD.encode(decoded(user))));
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        Ok(Via::Proxy(Proxy { host, port: authority.port_u16().unwrap_or(80), authorization }))
    }

    /// Whether `no_proxy` names a host: itself, a domain above it, its address, a network of addresses, or all.
    fn passes_by(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.none_for.iter().any(|word| {
            let domain = word.trim_start_matches('*').trim_start_matches('.');
            let is_below =
                host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            let network = || {
                let network = word.contains('/').then(|| word.parse::<Network>().ok()).flatten();
                address.zip(network).is_some_and(|(address, network)| network.contains(address))
            };
            word == "*" || (address.is_none() && !domain.is_empty() && is_below) || *word == host || network()
        })
    }
}

/// `%40` and its like in a user or password.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        if let Some(code) = code.filter(|_| *first == b'%') {
            bytes.push(code);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

/// Has a proxy connect us to a server.
pub(super) async fn tunnel(
    mut stream: TcpStream,
    host: &str,
    port: u16,
    authorization: Option<&str>,
) -> Result<TcpStream> {
    const LONGEST: usize = 16 * 1024;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let authorization =
        authorization.map(|word| format!("Proxy-Authorization: {word}\r\n")).unwrap_or_default();
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    // Byte by byte: what comes after the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        ensure!(
            head.len() < LONGEST,
            "the proxy's answer has no end within {LONGEST} bytes: is it an HTTP proxy?"
        );
        head.push(stream.read_u8().await.context("the proxy closes the connection: is it an HTTP proxy?")?);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    let is_done = line.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
    ensure!(is_done, "the proxy refuses: {line}");
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(https: &str, none_for: &str, host: &str) -> Via {
        let variables = [("https_proxy", https), ("no_proxy", none_for)];
        let variables = variables.iter().filter(|(_, value)| !value.is_empty());
        let owned: Vec<_> = variables.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Proxies::new(&owned).to(host).unwrap()
    }

    #[test]
    fn a_proxy_is_used_but_for_those_that_no_proxy_names() {
        let proxy = |authorization: Option<&str>| {
            Via::Proxy(Proxy {
                host: "p.example".to_owned(),
                port: 3128,
                authorization: authorization.map(str::to_owned),
            })
        };
        assert_eq!(via("", "", "acme.example"), Via::Direct);
        for https in ["http://p.example:3128", "p.example:3128", "http://p.example:3128/"] {
            assert_eq!(via(https, "127.0.0.1,localhost", "acme.example"), proxy(None));
        }
        assert_eq!(
            via("http://ann:s%40me@p.example:3128", "", "acme.example"),
            proxy(Some("Basic YW5uOnNAbWU="))
        );
        for (none_for, host, is_direct) in [
            ("acme.example", "acme.example", true),
            ("example", "acme.example", true),
            (".example", "acme.example", true),
            ("*.example", "acme.example", true),
            ("me.example", "acme.example", false),
            ("*", "acme.example", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8, 192.168.0.1", "192.168.0.1", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("fd00::/8", "fd12::1", true),
            ("0.0.0.0/0", "fd12::1", false),
        ] {
            assert_eq!(via("p.example:3128", none_for, host) == Via::Direct, is_direct, "{none_for} {host}");
        }
        assert!(Proxies::new(&[("https_proxy".to_owned(), "https://p".to_owned())]).to("a.example").is_err());
    }
}
