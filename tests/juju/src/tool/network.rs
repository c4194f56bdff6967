//! `network-get`, and `unit-get` from before it.

use serde_json::{Value, json};

use super::flags::Options;
use super::format::Format;
use super::{Call, Failure, Result};
use crate::context::HookContext;

/// `network-get BINDING [--bind-address | --ingress-address | --egress-subnets]`
pub(super) fn get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let values = &["r|relation", "format", "output|o"];
    let switches = &["bind-address", "ingress-address", "egress-subnets", "primary-address"];
    let flags = Options { values, switches }.parse(call.args)?;
    let Some(binding) = flags.rest.first() else {
        return Err(Failure::usage("no arguments specified"));
    };
    flags.at_most(1)?;
    if !context.model.application(context.application()).charm.metadata().binds(binding) {
        return Err(Failure::failed(format!("no network config found for binding {binding:?}")));
    }
    let unit = context.model.unit(&context.unit);
    let address = unit.address();
    let egress = format!("{address}/32");
    let chosen: Vec<(&str, &str)> = [
        ("bind-address", &address),
        ("ingress-address", &address),
        ("egress-subnets", &egress),
        ("primary-address", &address),
    ]
    .into_iter()
    .filter(|(switch, _)| flags.has(switch))
    .map(|(switch, value)| (switch, value.as_str()))
    .collect();
    let value = match chosen.as_slice() {
        [] => json!({
            "bind-addresses": [{
                "mac-address": format!("00:16:3e:00:{:02x}:{:02x}", unit.machine >> 8 & 255, unit.machine & 255),
                "interface-name": "eth0",
                "addresses": [{ "hostname": "", "value": address, "cidr": "10.0.0.0/8" }],
            }],
            "egress-subnets": [egress],
            "ingress-addresses": [address],
        }),
        [(_, one)] => Value::from(*one),
        several => {
            several.iter().map(|(switch, value)| ((*switch).to_owned(), Value::from(*value))).collect()
        }
    };
    Ok(Format::of(&flags)?.print(&value))
}

/// `unit-get private-address | public-address`
pub(super) fn unit_get(context: &mut HookContext<'_>, call: Call<'_>) -> Result {
    let flags = Options { values: &["format", "output|o"], switches: &[] }.parse(call.args)?;
    match flags.rest.first().map(String::as_str) {
        None => Err(Failure::usage("no setting specified")),
        Some("private-address" | "public-address") => {
            let address = context.model.unit(&context.unit).address();
            Ok(Format::of(&flags)?.print(&Value::from(address)))
        }
        Some(other) => Err(Failure::usage(format!("unknown setting {other:?}"))),
    }
}
