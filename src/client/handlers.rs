use anyhow::Result;

use super::{Surroundings, request, secret, status};
use crate::interface::{Hook, requires, websites};
use crate::juju::tool::status::Status;
use crate::options::{self, Options};
use crate::reactive::Flag;
use crate::wire::{Fqdn, Published};

pub(super) const PROXY: &str = "proxy";
const WEBSITE: &str = "website";

/// Sends our request to every proxy, or withdraws it.
pub fn ask(hook: &mut Hook) -> Result<()> {
    let Some(options) = options::in_force(hook)? else { return Ok(()) };
    let request = request(&options, &surroundings(hook, &options)?);
    let requests = secret::protect(hook, &options, request.as_ref())?;
    requests
        .iter()
        .try_for_each(|(relation, request)| requires::send_cert_info_to(hook, relation, request.as_ref()))
}

/// The request and the status follow in every hook: what was changed is only to be noted.
pub fn take_note(hook: &mut Hook) -> Result<()> {
    for endpoint in [PROXY, WEBSITE] {
        hook.flags().clear(&Flag::update(endpoint));
    }
    Ok(())
}

/// What `juju status` should say of this side.
pub fn unit_status(hook: &Hook) -> Result<Option<Status>> {
    let reports = requires::get_status(hook, PROXY)?;
    let reports: Vec<Published> = reports.into_iter().map(|report| report.status).collect();
    let Some(options) = options::in_force(hook)? else { return Ok(None) };
    Ok(status(&options, &surroundings(hook, &options)?, &reports))
}

/// What would be asked of the proxy now, in lines for a person; none if this unit has nothing to do with one.
pub fn explain(hook: &Hook) -> Result<Vec<String>> {
    let Some(options) = options::in_force(hook)? else { return Ok(Vec::new()) };
    let around = surroundings(hook, &options)?;
    let Some(request) = request(&options, &around).filter(|_| around.obstacle.is_none()) else {
        let says = unit_status(hook)?.map(|status| format!("ask for nothing: {}", status.message));
        return Ok(says.into_iter().collect());
    };
    let names: Vec<&str> = request.fqdn().iter().map(Fqdn::as_str).collect();
    let upstreams: Vec<String> = request.upstreams.iter().map(ToString::to_string).collect();
    Ok(vec![format!("ask for {} in front of {}", names.join(" "), upstreams.join(" "))])
}

/// Whether this unit has to do with a proxy.
pub fn is_related(hook: &Hook) -> bool {
    [PROXY, WEBSITE].iter().any(|endpoint| hook.state.view.is_related(endpoint))
}

/// Hosts and ports of the web servers for which this unit asks.
pub fn web_servers(hook: &Hook) -> Result<Vec<(String, u16)>> {
    let listening = websites::known(hook, WEBSITE)?.listening;
    Ok(listening.into_iter().map(|website| (website.hostname.to_string(), website.port.get())).collect())
}

fn surroundings(hook: &Hook, options: &Options) -> Result<Surroundings> {
    Ok(Surroundings {
        has_website: hook.state.view.is_related(WEBSITE),
        has_proxy: hook.state.view.is_related(PROXY),
        websites: websites::known(hook, WEBSITE)?,
        obstacle: secret::obstacle(hook, options)?,
    })
}
