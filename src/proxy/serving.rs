use std::collections::BTreeMap;

use anyhow::Result;

use super::memory::Memory;
use super::nginx::{self, Applied, Paths, Reach, Server, Version, passwords};
use super::plan::{Plan, Site};
use super::secrets::Secrets;
use crate::cert::acme::AccountKey;
use crate::cert::{self, Asked, Pair, Part, Source, Store};
use crate::host::Host;
use crate::options::Options;
use crate::reactive::digest;
use crate::wire::{Fqdn, Protection};

/// What each site is served with, by the site's name: parts of its names with a certificate each.
pub(super) type Parts = BTreeMap<Fqdn, Vec<Part>>;

/// What came of a plan.
#[derive(Debug, Default)]
pub(super) struct Serving {
    /// With which certificates.
    pub(super) parts: Parts,
    /// Sites that nginx refuses, and why.
    pub(super) refused: BTreeMap<Fqdn, String>,
    /// The nginx that serves them.
    pub(super) version: Option<Version>,
    /// What password files are right for, by site.
    pub(super) passwords: BTreeMap<String, String>,
    /// What sites have from ACME, if that is what is asked for.
    pub(super) acme: BTreeMap<Fqdn, Pair>,
}

/// Makes certificates, password files, configuration and nginx what the plan says, for the sites that the change is about.
/// Nothing comes of it where all must be known for that.
///
/// Certificates of sites that are gone are kept for a while: the site may come back.
pub(super) fn bring_about(
    (host, paths): (&Host, &Paths),
    options: &Options,
    asked: &Asked,
    plan: &Plan,
    secrets: &Secrets,
    before: &Memory,
    reach: Reach<'_>,
) -> Result<Option<Serving>> {
    if plan.sites.is_empty() && reach == Reach::All {
        nginx::retire(host, paths)?;
        return Ok(Some(Serving::default()));
    }
    let mut server = server(host, options)?;
    if asked.source == Source::Acme {
        server.challenge = Some(AccountKey::keep(host, &paths.certificates)?.thumbprint());
    }
    let mut store = Store::new(host, &paths.certificates, asked, cert::now())?;
    if reach != Reach::All {
        let names = plan.sites.iter().flat_map(|site| &site.names);
        store = store.near(before.pairs(), reach.ids().chain(names));
    }
    let mut known = passwords::Known::of(before.passwords());
    if plan.sites.iter().any(|site| site.protection.is_some()) {
        passwords::make_folder(host, paths)?;
    }
    let mut parts = Parts::new();
    for site in &plan.sites {
        parts.insert(site.name().clone(), store.keep(site.name(), &site.names)?);
        let (worker, id) = (server.worker.as_ref(), site.name());
        match &site.protection {
            Some(Protection::Text(text)) => passwords::keep(host, paths, worker, id, text, &mut known)?,
            Some(Protection::Secret(secret)) => {
                let line = secrets.get(&secret.to_string()).cloned().flatten();
                passwords::put(host, paths, worker, id, &line.unwrap_or_default())?;
            }
            None => {}
        }
    }
    let applied = nginx::apply(host, paths, &server, &sites(paths, plan, &parts), reach)?;
    let Some(Applied { refused, .. }) = applied else { return Ok(None) };
    let protected = plan.sites.iter().filter(|site| site.protection.is_some());
    passwords::forget(host, paths, reach, protected.map(Site::name))?;
    let (version, passwords) = (Some(server.version), known.into_now());
    Ok(Some(Serving { parts, refused, version, passwords, acme: store.into_acme() }))
}

/// With what each site would be served.
pub(super) fn look(host: &Host, paths: &Paths, asked: &Asked, plan: &Plan) -> Result<Parts> {
    let store = Store::new(host, &paths.certificates, asked, cert::now())?;
    let look = |site: &Site| Ok((site.name().clone(), store.look(site.name(), &site.names)?));
    plan.sites.iter().map(look).collect()
}

fn server(host: &Host, options: &Options) -> Result<Server> {
    Server::on(host, options.http_port, options.https_port, options.trusted_proxies.clone())
}

/// The server as it would be, with the ACME account's key and the pair for unknown names that are there.
pub(super) fn server_as_is(host: &Host, paths: &Paths, options: &Options, asked: &Asked) -> Result<Server> {
    let is_asked = asked.source == Source::Acme;
    let key = if is_asked { AccountKey::read(host, &paths.certificates)? } else { None };
    let mut server = Server { challenge: key.map(|key| key.thumbprint()), ..server(host, options)? };
    if !server.version.can_reject_handshake() {
        let fallback = host.read(&paths.certificates.fallback())?;
        server.fallback = Some(fallback.map(|pair| digest(&pair)).unwrap_or_default());
    }
    Ok(server)
}

/// The plan's sites in nginx's terms: addresses and files.
pub(super) fn sites(paths: &Paths, plan: &Plan, parts: &Parts) -> Vec<nginx::Site> {
    let site = |site: &Site| {
        let certificate = |Part { names, pem, digest, .. }: &Part| nginx::Certificate {
            names: names.clone(),
            pem: pem.clone(),
            digest: digest.clone(),
        };
        Some(nginx::Site {
            id: site.name().clone(),
            certificates: parts.get(site.name())?.iter().map(certificate).collect(),
            upstreams: site.upstreams.clone(),
            directives: site.directives.clone(),
            passwords: site.protection.as_ref().map(|_| paths.password_file(site.name())),
        })
    };
    plan.sites.iter().filter_map(site).collect()
}
