use std::fs::{Permissions, set_permissions};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::cert::{self, Asked, Source, Store};
use crate::host::Host;
use crate::proxy::nginx::{Applied, Certificate, Paths, Reach, Server, Site, apply, passwords, remove};
use crate::wire::Credentials;

/// An nginx of its own in a folder of its own, which ends with the test, however that ends.
pub(super) struct Stage {
    pub(super) host: Host,
    pub(super) paths: Paths,
    pub(super) server: Server,
    pub(super) sites: Vec<Site>,
    _folder: TempDir,
}

/// What curl got: its exit code, and status line, headers and body as text.
pub(super) struct Got {
    pub(super) exit: i32,
    pub(super) text: String,
}

impl Stage {
    pub(super) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ssl-termination-").tempdir_in("/tmp").unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        let host = Host::new(folder.path(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let paths = Paths::new(&host, &"proxy/0".parse().unwrap()).unwrap();
        let server = Server::on(&host, free_port(), free_port(), Vec::new())
            .expect("these tests need nginx: install the package nginx-light");
        Self { host, paths, server, sites: Vec::new(), _folder: folder }
    }

    /// Adds a site with a certificate; it is served after the next [`Stage::apply`].
    pub(super) fn site(&mut self, name: &str, upstreams: &[SocketAddr]) -> &mut Site {
        let id = name.parse().unwrap();
        let asked = Asked { source: Source::SelfSigned, server: None };
        let store = Store::new(&self.host, &self.paths.certificates, &asked, cert::now()).unwrap();
        let parts = store.keep(&id, std::slice::from_ref(&id)).unwrap();
        self.sites.push(Site {
            certificates: vec![Certificate {
                names: vec![id.clone()],
                pem: parts[0].pem.clone(),
                digest: parts[0].digest.clone(),
            }],
            id,
            upstreams: upstreams.to_vec(),
            directives: Vec::new(),
            passwords: None,
        });
        self.sites.last_mut().unwrap()
    }

    /// Asks the visitors of the site that was added last for a password.
    pub(super) fn password(&mut self, user: &str, password: &str) {
        let site = self.sites.last_mut().unwrap();
        let credentials = Credentials::new(user, password).unwrap();
        let worker = self.server.worker.as_ref();
        passwords::make_folder(&self.host, &self.paths).unwrap();
        passwords::keep(
            &self.host,
            &self.paths,
            worker,
            &site.id,
            &credentials,
            &mut passwords::Known::default(),
        )
        .unwrap();
        site.passwords = Some(self.paths.password_file(&site.id));
    }

    pub(super) fn try_apply(&self) -> anyhow::Result<Applied> {
        let applied = apply(&self.host, &self.paths, &self.server, &self.sites, Reach::All)?;
        Ok(applied.expect("all sites are there"))
    }

    /// Makes nginx serve these of the sites in the place of those with these names; nothing where it takes all.
    pub(super) fn apply_only(&self, names: &[&str], sites: &[Site]) -> Option<Applied> {
        let ids = names.iter().map(|name| name.parse().unwrap()).collect();
        apply(&self.host, &self.paths, &self.server, sites, Reach::Only(&ids)).unwrap()
    }

    pub(super) fn apply(&self) -> Applied {
        self.try_apply().unwrap()
    }

    /// `curl` for `https://NAME/` at our port, without a look at who signed the certificate.
    pub(super) fn https(&self, name: &str, args: &[&str]) -> Got {
        https(&self.server, name, args)
    }

    /// The same without TLS.
    pub(super) fn http(&self, name: &str, args: &[&str]) -> Got {
        let port = self.server.http_port;
        curl(name, port, &format!("http://{name}:{port}/path?query"), args)
    }

    /// The processes that name our folder.
    pub(super) fn processes(&self) -> Vec<String> {
        let output = Command::new("ps").args(["-eo", "args"]).output().unwrap();
        let root = self.host.root().to_string_lossy().into_owned();
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.lines().filter(|line| line.contains(&root)).map(str::to_owned).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = remove(&self.host, &self.paths);
    }
}

impl Got {
    /// `HTTP/1.1 200 OK` → `200`.
    pub(super) fn status(&self) -> &str {
        self.text.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header, of the answer or, after `\n`, of what the upstream got.
    pub(super) fn values(&self, header: &str) -> Vec<&str> {
        let named =
            |line: &&str| line.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(header));
        self.text
            .lines()
            .filter(named)
            .map(|line| line.split_once(": ").map_or("", |(_, value)| value))
            .collect()
    }
}

pub(super) fn https(server: &Server, name: &str, args: &[&str]) -> Got {
    let port = server.https_port;
    curl(name, port, &format!("https://{name}:{port}/path?query"), &[&["-k"], args].concat())
}

fn curl(name: &str, port: u16, url: &str, args: &[&str]) -> Got {
    let output = Command::new("curl")
        .args(["-si", "--max-time", "20", "--noproxy", "*"])
        .args(["--resolve", &format!("{name}:{port}:127.0.0.1")])
        .args(args)
        .arg(url)
        .output()
        .expect("these tests need curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Got { exit: output.status.code().unwrap(), text }
}

/// A port below those that the kernel gives to clients, so that nobody takes it by chance.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 200).unwrap() * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("0.0.0.0", port)).is_ok() && TcpListener::bind(("::", port)).is_ok() {
            return port;
        }
    }
}
