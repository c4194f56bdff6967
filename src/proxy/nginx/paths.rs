use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::cert::Folder;
use crate::host::{Host, file_stem};
use crate::juju::UnitName;
use crate::wire::Fqdn;

/// Where one unit of the charm keeps what nginx needs; other units on the machine have folders of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub(super) configuration: PathBuf,
    pub(super) state: PathBuf,
    pub(super) run: PathBuf,
    pub(super) log: PathBuf,
    pub(in crate::proxy) certificates: Folder,
    units: PathBuf,
    rotations: PathBuf,
    name: String,
}

impl Paths {
    /// The unit's folders below the host's root.
    ///
    /// They are written into nginx's configuration as they are, so a root with anything else in its name than ASCII
    /// letters, digits and `/ . _ -` is refused.
    pub fn new(host: &Host, unit: &UnitName) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        ensure!(
            host.root().is_absolute() && host.root().as_os_str().as_encoded_bytes().iter().all(|&b| plain(b)),
            "the root folder {} cannot be named in nginx's configuration: use an absolute path of ASCII letters, digits and / . _ -",
            host.root().display()
        );
        let below = |folder: &str| host.path(folder).join("ssl-termination").join(unit.file_name());
        Ok(Self {
            configuration: below("etc"),
            state: below("var/lib"),
            run: below("run"),
            log: below("var/log"),
            certificates: Folder::of(host, unit),
            units: host.path("etc/systemd/system"),
            rotations: host.path("etc/logrotate.d"),
            name: format!("ssl-termination-{}", unit.file_name()),
        })
    }

    /// The configuration that nginx serves.
    pub fn live(&self) -> PathBuf {
        self.configuration.join("conf")
    }

    /// The configuration that is being tried.
    pub(super) fn candidate(&self) -> PathBuf {
        self.configuration.join("conf.new")
    }

    /// The main file of the live configuration, by which our master process is known.
    pub(super) fn nginx_conf(&self) -> PathBuf {
        self.live().join("nginx.conf")
    }

    /// Password files, read by the workers.
    pub(super) fn passwords(&self) -> PathBuf {
        self.state.join("passwords")
    }

    /// Which password files are known to be right, for us alone.
    pub(super) fn known_passwords(&self) -> PathBuf {
        self.state.join("passwords.known")
    }

    /// The password file of the site with this id.
    pub(in crate::proxy) fn password_file(&self, id: &Fqdn) -> PathBuf {
        self.passwords().join(file_stem(id.as_str()))
    }

    /// Bodies that don't fit into memory.
    pub(super) fn bodies(&self) -> PathBuf {
        self.state.join("bodies")
    }

    /// The master's process number.
    pub(super) fn pid(&self) -> PathBuf {
        self.run.join("nginx.pid")
    }

    /// What the running nginx is known to serve.
    pub(super) fn served(&self) -> PathBuf {
        self.run.join("served")
    }

    /// What nginx complains of.
    pub fn error_log(&self) -> PathBuf {
        self.log.join("error.log")
    }

    /// One line a request.
    pub fn access_log(&self) -> PathBuf {
        self.log.join("access.log")
    }

    /// What the ACME client says where it is no service.
    pub(in crate::proxy) fn certificates_log(&self) -> PathBuf {
        self.log.join("certificates.log")
    }

    /// What the package manager said when it installed nginx.
    pub(super) fn install_log(&self) -> PathBuf {
        self.log.join("install.log")
    }

    /// There while nginx is being installed.
    pub(super) fn installing(&self) -> PathBuf {
        self.state.join("installing")
    }

    /// The name under which the rest of the machine knows this unit.
    pub(in crate::proxy) fn name(&self) -> &str {
        &self.name
    }

    /// The name of our service.
    pub(super) fn service(&self) -> String {
        format!("{}.service", self.name)
    }

    /// The file that tells systemd about our service.
    pub(super) fn service_file(&self) -> PathBuf {
        self.units.join(self.service())
    }

    /// The file that tells systemd about something else of ours.
    pub(in crate::proxy) fn unit_file(&self, name: &str) -> PathBuf {
        self.units.join(name)
    }

    /// The file of a service that an administrator or we have put in the place of the distribution's.
    pub(super) fn overriding_file(&self, service: &str) -> PathBuf {
        self.units.join(service)
    }

    /// The link by which systemd starts a service with the machine.
    pub(super) fn enabling_link(&self, service: &str) -> PathBuf {
        self.units.join("multi-user.target.wants").join(service)
    }

    /// The file that tells logrotate about our logs.
    pub(super) fn rotation_file(&self) -> PathBuf {
        self.rotations.join(&self.name)
    }

    /// All folders that are this unit's alone.
    pub(super) fn own(&self) -> [&Path; 4] {
        [&self.configuration, &self.state, &self.run, &self.log]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cert::Source;

    #[test]
    fn everything_carries_the_units_name_below_the_root() {
        let unit = "proxy/0".parse().unwrap();
        let paths = Paths::new(&Host::new("/srv/t", ""), &unit).unwrap();
        let id = "blog.example.com".parse().unwrap();
        for (path, expected) in [
            (paths.nginx_conf(), "/srv/t/etc/ssl-termination/proxy-0/conf/nginx.conf"),
            (
                paths.certificates.pair(Source::Acme, &id),
                "/srv/t/var/lib/ssl-termination/proxy-0/certificates/acme/blog.example.com.pem",
            ),
            (paths.password_file(&id), "/srv/t/var/lib/ssl-termination/proxy-0/passwords/blog.example.com"),
            (paths.pid(), "/srv/t/run/ssl-termination/proxy-0/nginx.pid"),
            (paths.error_log(), "/srv/t/var/log/ssl-termination/proxy-0/error.log"),
        ] {
            assert_eq!(path, Path::new(expected));
        }
        for root in ["relative", "/a b", "/a;b", "/a$b", "/a\"", "/ä"] {
            assert!(Paths::new(&Host::new(root, ""), &unit).is_err(), "{root}");
        }
    }
}
