use super::flags::Flags;
use super::option::{FORMAT, OUTPUT, Opt, PLAIN_FORMAT, RELATION};
use super::{Call, Result};
use super::{
    action, config, goal_state, leader, log, network, port, relation, relation_get, relation_set, secret,
    secret_list, state, status, version,
};
use crate::context::HookContext;

/// A hook tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// Its arguments, for people.
    args: &'static str,
    purpose: &'static str,
    pub(super) options: &'static [Opt],
    pub(super) run: fn(&mut HookContext<'_>, Call<'_>, &Flags) -> Result,
}

/// The names of all tools.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().map(|tool| tool.name)
}

impl Tool {
    /// What `--help` prints. The real tools say more.
    pub(super) fn help(&self) -> String {
        let options = if self.options.is_empty() { "" } else { " [options]" };
        let args = if self.args.is_empty() { String::new() } else { format!(" {}", self.args) };
        let mut help = format!("Usage: {}{options}{args}\n\nSummary:\n{}\n", self.name, self.purpose);
        if !self.options.is_empty() {
            help.push_str("\nOptions:\n");
            help.extend(self.options.iter().map(|option| format!("{}\n", option.usage())));
        }
        help
    }
}

const FILE: Opt = Opt::text("file");
/// Accepted for the sake of old charms, and without meaning.
const OLD_FORMAT: Opt = Opt::text("format");
const LABEL: Opt = Opt::text("label");
const SECRET: [Opt; 6] =
    [Opt::text("expire"), Opt::text("rotate"), Opt::text("description"), LABEL, FILE, Opt::text("owner")];

macro_rules! tools {
    ($($name:literal $args:literal: $purpose:literal, $options:expr, $run:expr;)*) => {
        /// Every tool, by name.
        pub(super) const TOOLS: &[Tool] =
            &[$(Tool { name: $name, args: $args, purpose: $purpose, options: $options, run: $run }),*];
    };
}

tools! {
    "action-fail" "[MESSAGE]": "Set an action's failure.", &[], action::fail;
    "action-get" "[KEY[.KEY…]]": "Print an action's parameters.", &[FORMAT, OUTPUT], action::get;
    "action-log" "MESSAGE…": "Tell how an action goes on.", &[], action::log;
    "action-set" "KEY=VALUE…": "Set an action's results.", &[], action::set;
    "application-version-set" "VERSION": "Tell the version of the workload.", &[], version::set;
    "close-port" "PORT[-PORT][/PROTOCOL] | icmp": "Close ports.", &[Opt::text("endpoints"), OLD_FORMAT], port::close;
    "config-get" "[KEY]": "Print the configuration.", &[FORMAT, OUTPUT, Opt::switch("a|all")], config::get;
    "goal-state" "": "Print which units there will be.", &[PLAIN_FORMAT, OUTPUT], goal_state::get;
    "is-leader" "": "Print whether the unit leads its application.", &[FORMAT, OUTPUT], leader::is_leader;
    "juju-log" "MESSAGE…": "Write to the log.", &[Opt::switch("debug"), Opt::text("l|log-level"), OLD_FORMAT], log::log;
    "leader-get" "[KEY]": "Print the leader's settings.", &[FORMAT, OUTPUT], leader::get;
    "leader-set" "KEY=VALUE…": "Write the leader's settings.", &[], leader::set;
    "network-get" "BINDING": "Print the addresses of a binding.",
        &[FORMAT, OUTPUT, RELATION, Opt::switch("primary-address"), Opt::switch("bind-address"),
          Opt::switch("ingress-address"), Opt::switch("egress-subnets")], network::get;
    "open-port" "PORT[-PORT][/PROTOCOL] | icmp": "Open ports.", &[Opt::text("endpoints"), OLD_FORMAT], port::open;
    "opened-ports" "": "Print the opened ports.", &[FORMAT, OUTPUT, Opt::switch("endpoints")], port::opened;
    "relation-get" "[KEY | - [UNIT | APPLICATION]]": "Print a databag.",
        &[FORMAT, OUTPUT, RELATION, Opt::switch("app")], relation_get::get;
    "relation-ids" "[ENDPOINT]": "Print the relations of an endpoint.", &[FORMAT, OUTPUT], relation::ids;
    "relation-list" "": "Print the units of a relation.", &[FORMAT, OUTPUT, RELATION, Opt::switch("app")], relation::list;
    "relation-set" "KEY=VALUE…": "Write a databag.", &[RELATION, FILE, Opt::switch("app"), OLD_FORMAT], relation_set::set;
    "secret-add" "KEY[#base64 | #file]=VALUE…": "Add a secret.", &SECRET, secret::add;
    "secret-get" "[ID] [KEY[#base64]]": "Print a secret's content.",
        &[PLAIN_FORMAT, OUTPUT, LABEL, Opt::switch("peek"), Opt::switch("refresh")], secret_list::get;
    "secret-grant" "ID": "Let the other side of a relation read a secret.", &[RELATION, Opt::text("unit")], secret::grant;
    "secret-ids" "": "Print the IDs of the secrets.", &[FORMAT, OUTPUT], secret_list::ids;
    "secret-info-get" "[ID]": "Print what is known of a secret.", &[PLAIN_FORMAT, OUTPUT, LABEL], secret_list::info;
    "secret-remove" "ID": "Remove a secret, or a revision of it.", &[Opt::number("revision")], secret::remove;
    "secret-revoke" "ID": "Take back what secret-grant allowed.",
        &[RELATION, Opt::text("app|application"), Opt::text("unit")], secret::revoke;
    "secret-set" "ID KEY[#base64 | #file]=VALUE…": "Change a secret.", &SECRET, secret::set;
    "state-delete" "KEY": "Delete a value of the charm's state.", &[], state::delete;
    "state-get" "[KEY | -]": "Print the charm's state.", &[FORMAT, OUTPUT, Opt::switch("strict")], state::get;
    "state-set" "KEY=VALUE…": "Write the charm's state.", &[FILE], state::set;
    "status-get" "": "Print the status.",
        &[FORMAT, OUTPUT, Opt::switch("include-data"), Opt::switch("application")], status::get;
    "status-set" "maintenance | blocked | waiting | active [MESSAGE]": "Set the status.",
        &[Opt::switch("application")], status::set;
    "unit-get" "private-address | public-address": "Print an address.", &[FORMAT, OUTPUT], network::unit_get;
}
