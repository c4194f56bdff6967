//! `network-get`, and `unit-get` from before it.

use super::flags::Flags;
use super::{Call, Failure, Output, Result, quote};
use crate::context::HookContext;
use crate::model::Network;
use crate::tree::Tree;

/// `network-get BINDING [--bind-address | --ingress-address | --egress-subnets]`
pub(super) fn get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    let binding = flags.rest.first().ok_or_else(|| Failure::usage("no arguments specified"))?;
    if binding.is_empty() {
        return Err(Failure::usage("no binding name specified"));
    }
    flags.at_most(1)?;
    let missing = || Failure::failed(format!("no network config found for binding {}", quote(binding)));
    let network = network(context, binding).ok_or_else(missing)?;
    let ingress = network.ingress.first().unwrap_or(&network.address);
    let chosen: Vec<(&str, Tree)> = [
        ("bind-address", Tree::from(network.address.as_str())),
        ("egress-subnets", Tree::Lines(network.egress.clone())),
        ("ingress-address", Tree::from(ingress.as_str())),
    ]
    .into_iter()
    .filter(|(switch, _)| flags.has(switch))
    .collect();
    if flags.has("primary-address") {
        if !chosen.is_empty() {
            return Err(Failure::failed("--primary-address must be the only flag specified"));
        }
        return Ok(Output::Tree(network.address.into()));
    }
    Ok(Output::Tree(match chosen.as_slice() {
        [] => everything(network),
        [(_, one)] => one.clone(),
        several => {
            Tree::Map(several.iter().map(|(switch, value)| ((*switch).to_owned(), value.clone())).collect())
        }
    }))
}

/// What a binding resolves to: the one address of the unit's machine, whatever it is bound to.
fn network(context: &HookContext<'_>, binding: &str) -> Option<Network> {
    if let Some(given) = &context.model.networks {
        return given.get(binding).cloned();
    }
    let known = context.model.application(context.application()).charm.metadata().binds(binding);
    let unit = context.model.unit(&context.unit);
    let (machine, address) = (unit.machine, unit.address());
    known.then(|| Network {
        mac: format!("00:16:3e:00:{:02x}:{:02x}", machine >> 8 & 255, machine & 255),
        interface: "eth0".to_owned(),
        cidr: "10.0.0.0/8".to_owned(),
        egress: vec![format!("{address}/32")],
        ingress: vec![address.clone()],
        address,
    })
}

fn everything(network: Network) -> Tree {
    let twin = |text: &str| Tree::YamlOnly(Box::new(text.into()));
    let addresses = Tree::Record(vec![
        ("hostname", Tree::from("")),
        ("value", network.address.as_str().into()),
        ("cidr", network.cidr.into()),
        ("address", twin(&network.address)),
    ]);
    let interface = Tree::Record(vec![
        ("mac-address", network.mac.as_str().into()),
        ("interface-name", network.interface.as_str().into()),
        ("addresses", Tree::List(vec![addresses])),
        ("macaddress", twin(&network.mac)),
        ("interfacename", twin(&network.interface)),
    ]);
    let mut fields = vec![("bind-addresses", Tree::List(vec![interface]))];
    let lists = [("egress-subnets", network.egress), ("ingress-addresses", network.ingress)];
    let lists = lists.into_iter().filter(|(_, lines)| !lines.is_empty());
    fields.extend(lists.map(|(name, lines)| (name, Tree::Lines(lines))));
    Tree::Record(fields)
}

/// `unit-get private-address | public-address`
pub(super) fn unit_get(context: &mut HookContext<'_>, _: Call<'_>, flags: &Flags) -> Result {
    match flags.rest.first().map(String::as_str) {
        None => Err(Failure::usage("no setting specified")),
        Some("private-address" | "public-address") => {
            flags.at_most(1)?;
            Ok(Output::Tree(context.model.unit(&context.unit).address().into()))
        }
        Some(other) => Err(Failure::usage(format!("unknown setting {}", quote(other)))),
    }
}
