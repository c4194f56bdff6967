use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::Result;

use super::cert;
use super::nginx::{self, Paths, Server, passwords};
use super::plan::{Plan, Site};
use super::secrets::Secrets;
use super::wanted::Owner;
use crate::host::Host;
use crate::juju::UnitName;
use crate::options::Options;
use crate::wire::{Answer, Fqdn, Protection, Served};

/// What came of a plan.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// When the certificate of each site ends, by the site's name.
    expires: BTreeMap<Fqdn, String>,
    /// Sites that nginx refuses, and why.
    refused: BTreeMap<Fqdn, String>,
}

/// Makes certificates, password files, configuration and nginx what the plan says.
///
/// Certificates of sites that are gone are kept: the site may come back.
pub(super) fn bring_about(
    host: &Host,
    unit: &UnitName,
    options: &Options,
    plan: &Plan,
    secrets: &Secrets,
) -> Result<Serving> {
    let paths = Paths::new(host, unit)?;
    if plan.sites.is_empty() {
        nginx::retire(host, &paths)?;
        return Ok(Serving::default());
    }
    let server = server(host, options)?;
    let now = SystemTime::now();
    let mut serving = Serving::default();
    let mut known = passwords::Known::read(host, &paths)?;
    for site in &plan.sites {
        let certificate = cert::keep(host, &paths, site.name(), &site.names, now)?;
        serving.expires.insert(site.name().clone(), certificate.expires);
        let (worker, id) = (server.worker.as_ref(), site.name());
        match &site.protection {
            Some(Protection::Text(text)) => passwords::keep(host, &paths, worker, id, text, &mut known)?,
            Some(Protection::Secret(secret)) => {
                let line = secrets.get(&secret.to_string()).cloned().flatten();
                passwords::put(host, &paths, worker, id, &line.unwrap_or_default())?;
            }
            None => {}
        }
    }
    serving.refused = nginx::apply(host, &paths, &server, &sites(&paths, plan))?.refused;
    let protected = plan.sites.iter().filter(|site| site.protection.is_some());
    passwords::forget(host, &paths, protected.map(Site::name), &known)?;
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
        passwords: site.protection.as_ref().map(|_| paths.password_file(site.name())),
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
