use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::Result;

use super::cert;
use super::nginx::{self, Look, Paths, Server, passwords};
use super::plan::{Plan, Site};
use super::wanted::Owner;
use crate::host::Host;
use crate::interface::Hook;
use crate::juju::{Event, UnitName};
use crate::options::Options;
use crate::wire::{Answer, Fqdn, Served};

/// What came of a plan.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// When the certificate of each site ends, by the site's name.
    expires: BTreeMap<Fqdn, String>,
    /// Sites that nginx refuses, and why.
    refused: BTreeMap<Fqdn, String>,
}

/// What is known of the files of all sites, so that a hook about one client looks at that client's alone.
#[derive(Debug)]
pub(super) struct Known {
    look: Look,
    certificates: cert::Known,
    passwords: passwords::Known,
}

/// With what the names begin under which that is kept from hook to hook.
const CERTIFICATES: &str = "certificate ";
const PASSWORDS: &str = "password ";

impl Known {
    /// In a hook about one client's request, what we have written is taken to be as we left it. Any other hook, and there
    /// is one every few minutes, sees to it that it is.
    pub(super) fn of(hook: &Hook) -> Result<Self> {
        let is_about_one = matches!(hook.event, Event::Relation(_)) && !hook.anew;
        let look = if is_about_one { Look::Names } else { Look::Contents };
        Ok(Self {
            look,
            certificates: match look {
                Look::Names => cert::Known::of(hook.state.kept_all(CERTIFICATES)?),
                Look::Contents => cert::Known::default(),
            },
            passwords: passwords::Known::of(hook.state.kept_all(PASSWORDS)?, look),
        })
    }

    /// Keeps it for the next hook.
    pub(super) fn keep(&self, hook: &mut Hook) -> Result<()> {
        hook.state.keep_all(CERTIFICATES, self.certificates.now())?;
        hook.state.keep_all(PASSWORDS, self.passwords.now())
    }
}

/// Makes certificates, password files, configuration and nginx what the plan says.
///
/// Certificates of sites that are gone are kept: the site may come back.
pub(super) fn bring_about(
    host: &Host,
    unit: &UnitName,
    options: &Options,
    plan: &Plan,
    known: &mut Known,
) -> Result<Serving> {
    let paths = Paths::new(host, unit)?;
    if plan.sites.is_empty() {
        nginx::retire(host, &paths)?;
        return Ok(Serving::default());
    }
    let server = server(host, options)?;
    let now = SystemTime::now();
    let mut serving = Serving::default();
    for site in &plan.sites {
        let certificate = cert::keep(host, &paths, site.name(), &site.names, now, &mut known.certificates)?;
        serving.expires.insert(site.name().clone(), certificate.expires);
        if let Some(credentials) = &site.credentials {
            passwords::keep(
                host,
                &paths,
                server.worker.as_ref(),
                site.name(),
                credentials,
                &mut known.passwords,
            )?;
        }
    }
    serving.refused = nginx::apply(host, &paths, &server, &sites(&paths, plan), known.look)?.refused;
    let protected = plan.sites.iter().filter(|site| site.credentials.is_some());
    passwords::forget(host, &paths, protected.map(Site::name))?;
    Ok(serving)
}

pub(super) fn server(host: &Host, options: &Options) -> Result<Server> {
    Server::on(host, options.http_port, options.https_port, options.trusted_proxies.clone())
}

/// The plan's sites in nginx's terms: addresses and files.
pub(super) fn sites(paths: &Paths, plan: &Plan) -> Vec<nginx::Site> {
    let site = |site: &Site| nginx::Site {
        id: site.name().clone(),
        aliases: site.names[1..].to_vec(),
        upstreams: site.upstreams.clone(),
        directives: site.directives.clone(),
        certificate: paths.certificate(site.name()),
        passwords: site.credentials.as_ref().map(|_| paths.password_file(site.name())),
    };
    plan.sites.iter().map(site).collect()
}

impl Serving {
    /// What to tell each owner, now that it is known what is served.
    pub(super) fn answers(&self, plan: &Plan) -> BTreeMap<Owner, Answer> {
        let mut answers = plan.answers.clone();
        for site in &plan.sites {
            let answer = answers.entry(site.owner.clone()).or_default();
            if let Some(reason) = self.refused.get(site.name()) {
                let told = format!("nginx refuses the site: {reason}");
                answer.pending.extend(site.names.iter().map(|name| (name.clone(), told.clone())));
            } else if !site.upstreams.is_empty() {
                let expires = self.expires.get(site.name()).cloned();
                let served = Served { certificate: "self-signed".to_owned(), expires };
                answer.served.extend(site.names.iter().map(|name| (name.clone(), served.clone())));
            }
        }
        answers
    }
}
