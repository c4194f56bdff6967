//! What this charm does, on one screen: the handlers, the flags that they wait for, and the unit's status.

use anyhow::Result;

use crate::interface::{Handler, Hook};
use crate::juju::Lifecycle;
use crate::juju::tool::status::{State, Status};
use crate::{client, options, proxy};

/// The handlers. The first ones note that what is served may have to change; `proxy.stale` then brings it about once,
/// whatever has happened in this hook; `proxy.client-stale` does so for one client. What we ask for ourselves is compared in
/// every hook: that costs nothing.
pub const HANDLERS: &[Handler] = &[
    Handler::new("options may have changed", &["hook.config-changed"], &["hook.anew"], take_options),
    Handler::new("requests have changed", &["endpoint.ssl-termination.update"], &[], proxy::look_at_client),
    Handler::new("a secret has changed", &["hook.secret-changed"], &[], proxy::secret_has_changed),
    Handler::new("certificates have changed", &["endpoint.certificates.update"], &[], proxy::look_again),
    Handler::new("the ACME client says so", &["hook.certificates-changed"], &[], proxy::look_again),
    Handler::new("our web servers have changed", &["endpoint.reverseproxy.update"], &[], proxy::look_again),
    Handler::new("nothing is sure", &["hook.anew"], &[], take_options),
    Handler::new("a secret may be readable now", &["hook.update-status"], &[], proxy::retry_supplied),
    Handler::new("time goes by", &["hook.update-status"], &[], proxy::look_again),
    Handler::new("start", &["hook.start"], &[], proxy::start),
    Handler::new("stop", &["hook.stop"], &[], proxy::stop),
    Handler::new("remove", &["hook.remove"], &[], proxy::remove),
    Handler::new("say what we understand", &["endpoint.ssl-termination.available"], &[], proxy::announce),
    Handler::new("serve everybody", &["proxy.stale"], &["proxy.stopped"], proxy::serve),
    Handler::new("serve a client", &["proxy.client-stale"], &["proxy.stopped"], proxy::serve),
    Handler::new("ask the proxy", &["endpoint.proxy.available"], &[], client::ask),
    Handler::new("no proxy, no secret", &[], &["endpoint.proxy.available"], client::let_go),
    Handler::new("forget an old password", &["hook.secret-remove"], &[], client::forget_revision),
    Handler::new("take note of the answer", &["endpoint.proxy.update"], &[], client::take_note),
    Handler::new("take note of the web servers", &["endpoint.website.update"], &[], client::take_note),
];

fn take_options(hook: &mut Hook) -> Result<()> {
    options::take(hook)?;
    proxy::read_supplied(hook)
}

/// What `juju status` should say: the most urgent of what the configuration and both sides have to say.
pub fn status(hook: &Hook) -> Result<Option<Status>> {
    let says = |state, message: &str| Some(Status { state, message: message.to_owned() });
    if hook.event.is(Lifecycle::Stop) || hook.event.is(Lifecycle::Remove) {
        return Ok(says(State::Maintenance, "stopped"));
    }
    if hook.state.view.config()?.is_empty() {
        return Ok(says(State::Waiting, "waiting for the configuration"));
    }
    let malformed = options::malformed(hook)?
        .map(|malformed| Status { state: State::Blocked, message: malformed.to_string() });
    let most_urgent = [malformed, proxy::status(hook)?, client::unit_status(hook)?]
        .into_iter()
        .flatten()
        .min_by_key(|status| status.state);
    let none = || says(State::Waiting, "waiting for a request at ssl-termination, reverseproxy or website");
    Ok(most_urgent.or_else(none).map(Status::shortened))
}
