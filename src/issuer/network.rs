//! The one way out to the network: HTTPS to an ACME server, through a proxy where the model has one.
//!
//! The program is linked statically, so names are looked up by another process. Everything has a time limit.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::way::{Proxies, Via, tunnel};
use crate::cert::acme::Wanted;
use crate::host::{Command, Host};

/// Whom the machine trusts: Debian's and Ubuntu's package ca-certificates.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How long one connection, one request and its answer may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
const ANSWER_LIMIT: Duration = Duration::from_secs(45);

/// The longest answer.
const LONGEST: usize = 1 << 20;

type Sender = SendRequest<BodyWrapper<Bytes>>;

/// A client of HTTPS servers. It keeps a connection to each, and what a server has last said of when to come back.
#[derive(Clone)]
pub(super) struct Network {
    host: Host,
    tls: TlsConnector,
    proxies: Arc<Proxies>,
    kept: Arc<Mutex<BTreeMap<String, Vec<Sender>>>>,
    said: Arc<Mutex<Option<(Instant, String)>>>,
}

impl Network {
    /// A client that trusts whom the operator says, or else whom the machine trusts.
    pub(super) fn new(host: &Host, wanted: &Wanted) -> Result<Self> {
        let pem = match &wanted.ca {
            Some(ca) => ca.as_bytes().to_vec(),
            None => host.read(TRUSTED.as_ref())?.with_context(|| {
                format!("{TRUSTED} is missing: install the package ca-certificates, or set acme-ca")
            })?,
        };
        let mut roots = RootCertStore::empty();
        let certificates: Vec<CertificateDer<'_>> =
            CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        let (good, _) = roots.add_parsable_certificates(certificates);
        ensure!(good > 0, "nobody is trusted: there is no certificate in acme-ca or {TRUSTED}");
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("cannot set up TLS")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            host: host.clone(),
            tls: TlsConnector::from(Arc::new(config)),
            proxies: Arc::new(Proxies::new(&wanted.proxies)),
            kept: Arc::default(),
            said: Arc::default(),
        })
    }

    /// For how long the server wants to be left alone, if it has just said so.
    pub(super) fn retry_after(&self) -> Option<String> {
        const JUST: Duration = Duration::from_secs(2);
        let said = self.said.lock().ok()?.clone();
        said.filter(|(when, _)| when.elapsed() < JUST).map(|(_, said)| said)
    }

    async fn send(&self, request: Request<BodyWrapper<Bytes>>) -> Result<Response<Full<Bytes>>> {
        let uri = request.uri().clone();
        let authority = uri.authority().context("the server names a URL without a host")?.to_string();
        let at = || format!("https://{authority}");
        let kept = self.kept.lock().ok().and_then(|mut kept| kept.get_mut(&authority)?.pop());
        let mut sender = match kept {
            Some(sender) if sender.is_ready() => sender,
            _ => timeout(CONNECT_LIMIT, self.connect(&uri))
                .await
                .with_context(|| {
                    format!("{} cannot be reached: no connection within {CONNECT_LIMIT:?}", at())
                })?
                .with_context(|| format!("{} cannot be reached", at()))?,
        };
        let exchange = async {
            let response = sender.send_request(relative(request)?).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST).collect().await.map_err(|error| anyhow::anyhow!(error))?;
            anyhow::Ok(Response::from_parts(parts, Full::new(body.to_bytes())))
        };
        let response = timeout(ANSWER_LIMIT, exchange)
            .await
            .with_context(|| format!("{} does not answer: nothing within {ANSWER_LIMIT:?}", at()))?
            .with_context(|| format!("{} does not answer", at()))?;
        if let Ok(mut kept) = self.kept.lock() {
            kept.entry(authority).or_default().push(sender);
        }
        self.listen(&response)?;
        Ok(response)
    }

    /// Takes note of when to come back; an error that is no problem in ACME's terms is one of the server.
    fn listen(&self, response: &Response<Full<Bytes>>) -> Result<()> {
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return Ok(());
        }
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if let Ok(mut said) = self.said.lock() {
            *said = header(RETRY_AFTER).map(|text| (Instant::now(), text.to_owned()));
        }
        ensure!(
            header(CONTENT_TYPE).is_some_and(|kind| kind.contains("json")) && !status.is_server_error(),
            "the server answers {}",
            status.as_u16()
        );
        Ok(())
    }

    async fn connect(&self, uri: &Uri) -> Result<Sender> {
        let host =
            uri.host().context("the server names a URL without a host")?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(443);
        let stream = match self.proxies.to(&host)? {
            Via::Direct => self.dial(&host, port).await?,
            Via::Proxy(proxy) => {
                let stream = self.dial(&proxy.host, proxy.port).await;
                let stream = stream
                    .with_context(|| format!("the model's https-proxy, {}, cannot be used", proxy.host))?;
                tunnel(stream, &host, port, proxy.authorization.as_deref()).await?
            }
        };
        let name =
            ServerName::try_from(host.clone()).with_context(|| format!("TLS has no names such as {host}"))?;
        let stream = self
            .tls
            .connect(name, stream)
            .await
            .context("TLS does not come about (a server with an authority of its own needs acme-ca)")?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Connects to the first address that answers.
    async fn dial(&self, name: &str, port: u16) -> Result<TcpStream> {
        let mut last = None;
        for address in self.addresses(name).await? {
            match TcpStream::connect(SocketAddr::new(address, port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(anyhow::anyhow!("{}: {error}", SocketAddr::new(address, port))),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("{name} has no address")))
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        let host = self.host.clone();
        let command = Command::new("getent").args(["ahosts", name]).limit(Duration::from_secs(10));
        let output = tokio::task::spawn_blocking(move || host.run(&command)).await??;
        if !output.status.success() {
            bail!("{name} does not resolve on this machine");
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let mut addresses: Vec<IpAddr> =
            text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
        addresses.dedup();
        Ok(addresses)
    }
}

/// The request as it goes over the connection: the host in its header, the path alone in its line.
fn relative(mut request: Request<BodyWrapper<Bytes>>) -> Result<Request<BodyWrapper<Bytes>>> {
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    request.headers_mut().insert(HOST, HeaderValue::from_str(&authority)?);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse()?;
    Ok(request)
}

impl HttpClient for Network {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let network = self.clone();
        Box::pin(async move {
            let response = network.send(request).await;
            response.map(BytesResponse::from).map_err(|error| Error::Other(format!("{error:#}").into()))
        })
    }
}
