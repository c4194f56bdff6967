//! The hook's part in ACME: it says what is wanted, starts the client without waiting for it, and reads how far it has
//! come. On a machine the client is a service of systemd, with a timer that renews without any hook.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::nginx::{Paths, Reach, systemctl};
use super::plan::{Plan, Site};
use super::serving::Serving;
use crate::cert::acme::{ExternalAccount, Progress, Trouble, Wanted, due};
use crate::cert::{Asked, Folder, Pair, Source, now};
use crate::host::{Command, Host, Owner};
use crate::juju::Context;
use crate::options::{External, HmacKey, Options};
use crate::wire::Fqdn;

/// What certificates are wanted from ACME; nothing if they are wanted from elsewhere, or none. For sites that the plan is
/// not about, it is what was wanted before.
pub(super) fn wanted(
    (host, folder): (&Host, &Folder),
    context: &Context,
    options: &Options,
    asked: &Asked,
    plan: &Plan,
    serving: &Serving,
    reach: Reach<'_>,
) -> Result<Option<Wanted>> {
    let is_to_do = |site: &&Site| {
        let mut parts = serving.parts.get(site.name()).into_iter().flatten();
        !serving.refused.contains_key(site.name()) && parts.any(|part| part.source != Source::Operator)
    };
    let server = asked.server.clone().filter(|_| asked.source == Source::Acme);
    let Some(server) = server else { return Ok(None) };
    let mut sites = match reach {
        Reach::All => Vec::new(),
        Reach::Only(ids) => {
            let mut sites = Wanted::read(host, folder)?.map(|before| before.sites).unwrap_or_default();
            let is_planned = |id: &Fqdn| serving.parts.contains_key(id);
            sites.retain(|names| names.first().is_none_or(|id| !ids.contains(id) && !is_planned(id)));
            sites
        }
    };
    sites.extend(plan.sites.iter().filter(is_to_do).map(|site| site.names.clone()));
    sites.sort();
    if sites.is_empty() {
        return Ok(None);
    }
    let external = |external: &External| external_account(host, folder, external);
    Ok(Some(Wanted {
        server,
        ca: options.acme.ca.clone(),
        contact: options.contact_email.as_ref().map(ToString::to_string),
        external: options.acme.external.as_ref().map(external).transpose()?,
        http_port: options.http_port,
        proxies: context.proxies.clone(),
        sites,
    }))
}

fn external_account(host: &Host, folder: &Folder, external: &External) -> Result<ExternalAccount> {
    let hmac_key = match &external.key {
        HmacKey::Text(key) => Some(key.clone()),
        HmacKey::Secret(_) => host.read(&folder.external_key())?.and_then(|key| String::from_utf8(key).ok()),
    };
    Ok(ExternalAccount { key_id: external.key_id.clone(), hmac_key })
}

/// Says what is wanted and starts the client if something is due for sites of the plan; what is in the way of their names.
pub(super) fn bring_about(
    host: &Host,
    context: &Context,
    paths: &Paths,
    wanted: Option<&Wanted>,
    serving: &Serving,
) -> Result<BTreeMap<Fqdn, String>> {
    let folder = &paths.certificates;
    let Some(wanted) = wanted else {
        end(host, paths)?;
        return Ok(BTreeMap::new());
    };
    host.create_folder(&folder.acme(), 0o700)?;
    wanted.write(host, folder)?;
    if host.is_machine() {
        keep_service(host, context, paths)?;
    }
    let progress = Progress::read(host, folder, wanted)?;
    let is_planned = |names: &&Vec<Fqdn>| names.first().is_some_and(|id| serving.parts.contains_key(id));
    let sites = wanted.sites.iter().filter(is_planned).cloned().collect();
    let planned = Wanted { sites, ..wanted.clone() };
    if !due(&planned, |id| serving.acme.get(id), &progress, now()).is_empty() {
        start(host, context, paths)?;
    }
    let names = planned.sites.iter().flatten();
    let trouble = |name: &Fqdn| Some((name.clone(), progress.trouble(name)?.problem.clone()));
    Ok(names.filter_map(trouble).collect())
}

/// Has the client order anew for these sites, whatever is left of their certificates, without waiting for it. For each
/// site that is wanted from ACME: until when it has to wait, and why.
pub(super) fn hurry(
    host: &Host,
    context: &Context,
    paths: &Paths,
    is_meant: impl Fn(&Fqdn) -> bool,
) -> Result<BTreeMap<Fqdn, Option<Trouble>>> {
    let folder = &paths.certificates;
    let Some(mut wanted) = Wanted::read(host, folder)? else { return Ok(BTreeMap::new()) };
    wanted.sites.retain(|names| names.first().is_some_and(&is_meant));
    if wanted.sites.is_empty() {
        return Ok(BTreeMap::new());
    }
    // The client writes its progress as long as it is at work.
    let lock = host.lock(&folder.lock(), LOCK_LIMIT).with_context(|| {
        format!(
            "the ACME client is at work: run the action again when it has ended ({})",
            follow(host, paths)
        )
    })?;
    let mut progress = Progress::read(host, folder, &wanted)?;
    for names in &wanted.sites {
        let id = names.first();
        let content = id.map(|id| host.read(&folder.pair(Source::Acme, id))).transpose()?.flatten();
        progress.hurry(names, content.and_then(|content| Pair::read(&content)).as_ref(), now());
    }
    progress.write(host, folder)?;
    drop(lock);
    start(host, context, paths)?;
    let waits = |names: &Vec<Fqdn>| {
        let holding = names.iter().map(|name| progress.trouble(name).filter(|trouble| trouble.holds(now())));
        // A site is ordered for as long as one of its names need not wait.
        let waits =
            holding.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min_by_key(|one| one.again));
        Some((names.first()?.clone(), waits.cloned()))
    };
    Ok(wanted.sites.iter().filter_map(waits).collect())
}

/// Where the client says what it does.
pub(super) fn follow(host: &Host, paths: &Paths) -> String {
    if host.is_machine() {
        format!("journalctl -u {}", service_name(paths))
    } else {
        paths.certificates_log().display().to_string()
    }
}

/// Nothing is wanted from ACME any more. The account's key is kept.
pub(super) fn end(host: &Host, paths: &Paths) -> Result<()> {
    if host.mode(&paths.certificates.wanted())?.is_some() {
        host.remove(&paths.certificates.wanted())?;
    }
    let timer = paths.unit_file(&timer_name(paths));
    if host.is_machine() && host.mode(&timer)?.is_some() {
        systemctl(host, ["disable", "--now", &timer_name(paths)])?;
        host.remove(&timer)?;
        host.remove(&paths.unit_file(&service_name(paths)))?;
        systemctl(host, ["daemon-reload"])?;
    }
    Ok(())
}

/// How long the client is waited for, which may just be about to end.
const LOCK_LIMIT: Duration = Duration::from_secs(5);

fn start(host: &Host, context: &Context, paths: &Paths) -> Result<()> {
    if host.is_machine() {
        return systemctl(host, ["start", "--no-block", &service_name(paths)]);
    }
    let mut words = command_line(context).into_iter();
    let command = Command::new(words.next().unwrap_or_default())
        .args(words)
        .clean_environment()
        .envs([host.root_variable()]);
    Ok(host.start(&command, &paths.certificates_log())?)
}

fn command_line(context: &Context) -> Vec<String> {
    let folder = context.charm_dir.to_string_lossy().into_owned();
    let unit = context.unit.to_string();
    let program = format!("{folder}/bin/ssl-termination");
    let words = [&program, "certificates", "renew", "--unit", &unit, "--charm-dir", &folder];
    words.map(str::to_owned).to_vec()
}

fn service_name(paths: &Paths) -> String {
    format!("{}-certificates.service", paths.name())
}

fn timer_name(paths: &Paths) -> String {
    format!("{}-certificates.timer", paths.name())
}

/// Makes systemd know the client and its timer as they should be.
fn keep_service(host: &Host, context: &Context, paths: &Paths) -> Result<()> {
    let write = |name: &str, text: &str| {
        host.write_if_different(&paths.unit_file(name), text.as_bytes(), 0o644, Owner::Us)
    };
    let service = write(&service_name(paths), &service(paths, &command_line(context).join(" ")))?;
    if write(&timer_name(paths), &timer(paths))? || service {
        systemctl(host, ["daemon-reload"])?;
        systemctl(host, ["enable", "--now", &timer_name(paths)])?;
    }
    Ok(())
}

/// Longer than a run takes, with all that it starts.
const SERVICE_LIMIT: Duration = Duration::from_hours(1);

/// juju-exec needs the machine's agent alone, nothing of the machine but its socket and Juju's own folder.
fn service(paths: &Paths, command: &str) -> String {
    format!(
        "# Written by the charm ssl-termination. What is changed here by hand is lost.
[Unit]
Description=Certificates from an ACME server ({name})
After=network-online.target {name}.service
Wants=network-online.target

[Service]
Type=oneshot
ExecStart={command}
TimeoutStartSec={limit}
ProtectHome=yes
ProtectSystem=full
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
LockPersonality=yes
UMask=0077
",
        name = paths.name(),
        limit = SERVICE_LIMIT.as_secs(),
    )
}

fn timer(paths: &Paths) -> String {
    format!(
        "# Written by the charm ssl-termination. What is changed here by hand is lost.
[Unit]
Description=Renewal of certificates ({name})

[Timer]
OnBootSec=5min
OnUnitInactiveSec=1h
RandomizedDelaySec=30min

[Install]
WantedBy=timers.target
",
        name = paths.name(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_a_service_with_a_timer() {
        let paths = Paths::new(&Host::new("/", ""), &"proxy/0".parse().unwrap()).unwrap();
        assert_eq!(timer_name(&paths), "ssl-termination-proxy-0-certificates.timer");
        let text = service(&paths, "/charm/bin/ssl-termination certificates renew --unit proxy/0");
        assert!(text.contains("\nExecStart=/charm/bin/ssl-termination certificates renew --unit proxy/0\n"));
        assert!(timer(&paths).contains("\nRandomizedDelaySec=30min\n"));
    }
}
