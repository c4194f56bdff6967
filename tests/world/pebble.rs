//! pebble, Let's Encrypt's ACME server for tests, with a DNS server of its own in which every name is this machine.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

/// A running pebble.
pub(crate) struct Pebble {
    /// Where its directory is.
    pub(crate) port: u16,
    /// Who signs its own certificate and may sign others for this machine: certificate and key, in PEM.
    pub(crate) ca: String,
    management: u16,
    dns: u16,
    dns_management: u16,
    folder: TempDir,
    is_slow: bool,
    children: Vec<Child>,
    _ports: [[super::Port; 2]; 2],
}

/// How it is to behave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// For how long its certificates are good, in seconds.
    pub(crate) validity: u32,
    /// Whether it takes its time, refuses nonces and uses authorisations again, as it does by itself.
    pub(crate) is_slow: bool,
    /// Whether accounts must be bound to an external one.
    pub(crate) is_bound: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { validity: 90 * 86400, is_slow: false, is_bound: false }
    }
}

/// The external account that it knows.
pub(crate) const EXTERNAL: (&str, &str) =
    ("kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W");

impl Pebble {
    /// One that looks for challenges on a port.
    pub(crate) fn start(http_port: u16, manners: Manners) -> Self {
        let ports = [super::free_ports(), super::free_ports()];
        let [[port, management], [dns, dns_management]] =
            ports.each_ref().map(|pair| pair.each_ref().map(|port| port.number));
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::default();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&key).unwrap().pem();
        let ca_text = format!("{ca_pem}{}", key.serialize_pem());
        let pebble = Self {
            port,
            ca: ca_text,
            management,
            dns,
            dns_management,
            folder,
            is_slow: manners.is_slow,
            children: Vec::new(),
            _ports: ports,
        };
        let (certificate, key) = pebble.certificate();
        let write = |name: &str, text: &str| fs::write(pebble.folder.path().join(name), text).unwrap();
        write("cert.pem", &certificate);
        write("key.pem", &key);
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"), "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": pebble.path("cert.pem"), "privateKey": pebble.path("key.pem"),
            "httpPort": http_port, "tlsPort": 1, "ocspResponderURL": "",
            "externalAccountBindingRequired": manners.is_bound,
            "externalAccountMACKeys": {EXTERNAL.0: EXTERNAL.1},
            "certificateValidityPeriod": manners.validity,
        }});
        write("pebble.json", &config.to_string());
        let mut pebble = pebble;
        pebble.start_dns();
        pebble.start_server();
        pebble
    }

    /// A certificate for this machine from the CA, and its key.
    pub(crate) fn certificate(&self) -> (String, String) {
        let (ca, key) = self.ca.split_at(self.ca.find("-----BEGIN PRIVATE").unwrap());
        let issuer = rcgen::Issuer::from_ca_cert_pem(ca, rcgen::KeyPair::from_pem(key).unwrap()).unwrap();
        let own = rcgen::KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = rcgen::CertificateParams::new(names).unwrap();
        (params.signed_by(&own, &issuer).unwrap().pem(), own.serialize_pem())
    }

    /// Whom one must trust to speak with it.
    pub(crate) fn trusted(&self) -> &str {
        &self.ca[..self.ca.find("-----BEGIN PRIVATE").unwrap()]
    }

    /// The URL of its directory.
    pub(crate) fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    fn start_dns(&mut self) {
        let child = Command::new("pebble-challtestsrv")
            .args(["-management", &format!("127.0.0.1:{}", self.dns_management)])
            .args(["-dns01", &format!("127.0.0.1:{}", self.dns)])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(); // scripts/install-tools installs pebble
        self.children.push(child);
        wait_for(self.dns_management);
    }

    /// Starts it, with new roots and without a memory.
    pub(crate) fn start_server(&mut self) {
        let quick = [("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0"), ("PEBBLE_AUTHZREUSE", "0")];
        let slow =
            [("PEBBLE_VA_SLEEPTIME", "5"), ("PEBBLE_WFE_NONCEREJECT", "15"), ("PEBBLE_AUTHZREUSE", "50")];
        let log = fs::File::create(self.path("log")).unwrap();
        let child = Command::new("pebble")
            .args(["-config", self.path("pebble.json").to_str().unwrap()])
            .args(["-dnsserver", &format!("127.0.0.1:{}", self.dns)])
            .envs(if self.is_slow { slow } else { quick })
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.children.push(child);
        wait_for(self.port);
    }

    /// Ends it.
    pub(crate) fn stop_server(&mut self) {
        let mut child = self.children.pop().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Lets a name not resolve any more, or again.
    pub(crate) fn resolve(&self, name: &str, does: bool) {
        let verb = if does { "clear-servfail" } else { "set-servfail" };
        let url = format!("http://127.0.0.1:{}/{verb}", self.dns_management);
        let body = json!({"host": format!("{name}.")}).to_string();
        let done = Command::new("curl").args(["--silent", "--fail", "--data", &body, &url]).status().unwrap();
        assert!(done.success());
    }

    /// The file with the root of what it issues.
    pub(crate) fn root(&self) -> PathBuf {
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let file = self.path("root.pem");
        let done = Command::new("curl")
            .args(["--silent", "--fail", "--insecure", "--output", file.to_str().unwrap(), &url])
            .status()
            .unwrap();
        assert!(done.success());
        file
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn wait_for(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "nobody listens on {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
