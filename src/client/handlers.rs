use anyhow::Result;

use super::{Surroundings, request, status};
use crate::interface::{Hook, requires, websites};
use crate::juju::Role;
use crate::juju::tool::status::Status;
use crate::options;
use crate::reactive::Flag;
use crate::wire::Published;

const PROXY: &str = "proxy";
const WEBSITE: &str = "website";

/// Sends our request to every proxy, or withdraws it.
pub fn ask(hook: &mut Hook) -> Result<()> {
    let request = request(&options::in_force(hook), &surroundings(hook));
    requires::send_cert_info(hook, PROXY, request.as_ref());
    Ok(())
}

/// The request and the status follow in every hook: what was changed is only to be noted.
pub fn take_note(hook: &mut Hook) -> Result<()> {
    for endpoint in [PROXY, WEBSITE] {
        hook.flags().clear(&Flag::update(endpoint));
    }
    Ok(())
}

/// What `juju status` should say of this side.
pub fn unit_status(hook: &Hook) -> Option<Status> {
    let reports: Vec<Published> =
        requires::get_status(hook, PROXY).into_iter().map(|report| report.status).collect();
    status(&options::in_force(hook), &surroundings(hook), &reports)
}

fn surroundings(hook: &Hook) -> Surroundings {
    let related = |endpoint| {
        hook.metadata.endpoint(endpoint).is_some_and(|found| found.role == Role::Requires)
            && hook.state.view.of(endpoint).next().is_some()
    };
    Surroundings {
        has_website: related(WEBSITE),
        has_proxy: related(PROXY),
        websites: websites::known(hook, WEBSITE),
    }
}
