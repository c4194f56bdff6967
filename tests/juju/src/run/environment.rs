use std::env;
use std::path::Path;

use crate::model::{Model, Unit};
use crate::{Event, HookKind, Name};

/// What runs, as far as its environment tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Execution<'e> {
    pub(crate) unit: &'e Name,
    pub(crate) kind: Kind<'e>,
    pub(crate) context_id: &'e str,
    pub(crate) charm_dir: &'e Path,
    pub(crate) tools: &'e Path,
}

/// Why it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'e> {
    Hook(&'e Event),
    Action {
        name: &'e str,
        uuid: &'e str,
    },
    /// juju-exec, with the relation that `-r` names.
    Exec(Option<&'e Event>),
}

/// The abstract socket on which a unit's agent answers hook tools.
pub(crate) fn socket_address(charm_dir: &Path) -> String {
    format!("@{}", charm_dir.with_file_name("agent.socket").display())
}

/// The whole environment of an execution: there is nothing else in it.
pub(crate) fn variables(model: &Model, execution: &Execution<'_>) -> Vec<(String, String)> {
    let unit = model.unit(execution.unit);
    let mut variables = always(model, unit, execution);
    match execution.kind {
        Kind::Hook(event) => {
            let hook = event.hook();
            variables.push(("JUJU_DISPATCH_PATH", format!("hooks/{hook}")));
            variables.push(("JUJU_HOOK_NAME", hook));
            of_relation(event, &mut variables);
            of_secret(event, &mut variables);
        }
        Kind::Action { name, uuid } => {
            variables.push(("JUJU_DISPATCH_PATH", format!("actions/{name}")));
            variables.push(("JUJU_HOOK_NAME", String::new()));
            variables.push(("JUJU_ACTION_NAME", name.to_owned()));
            variables.push(("JUJU_ACTION_UUID", uuid.to_owned()));
            variables.push(("JUJU_ACTION_TAG", format!("action-{uuid}")));
        }
        Kind::Exec(event) => {
            variables.push(("JUJU_HOOK_NAME", String::new()));
            if let Some(event) = event {
                of_relation(event, &mut variables);
            }
        }
    }
    let charm = unit.agent.charm.as_ref().map(|(charm, _)| charm.extra_env());
    let extra = charm.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
    variables.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(extra).collect()
}

fn always(model: &Model, unit: &Unit, execution: &Execution<'_>) -> Vec<(&'static str, String)> {
    let charm_dir = execution.charm_dir.display().to_string();
    let path = env::var("PATH").unwrap_or_else(|_| "/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    let values = [
        ("CHARM_DIR", charm_dir.as_str()),
        ("JUJU_CHARM_DIR", &charm_dir),
        ("JUJU_CONTEXT_ID", execution.context_id),
        ("JUJU_AGENT_SOCKET_ADDRESS", &socket_address(execution.charm_dir)),
        ("JUJU_AGENT_SOCKET_NETWORK", "unix"),
        ("JUJU_UNIT_NAME", execution.unit),
        ("JUJU_MODEL_UUID", &model.uuid),
        ("JUJU_MODEL_NAME", &model.name),
        ("JUJU_API_ADDRESSES", "10.255.255.1:17070"),
        ("JUJU_SLA", "unsupported"),
        ("JUJU_MACHINE_ID", &unit.machine.to_string()),
        ("JUJU_PRINCIPAL_UNIT", unit.principal.as_deref().unwrap_or_default()),
        ("JUJU_AVAILABILITY_ZONE", ""),
        ("JUJU_VERSION", &model.version.to_string()),
        ("CLOUD_API_VERSION", ""),
        ("JUJU_CHARM_HTTP_PROXY", ""),
        ("JUJU_CHARM_HTTPS_PROXY", ""),
        ("JUJU_CHARM_FTP_PROXY", ""),
        ("JUJU_CHARM_NO_PROXY", ""),
        ("LANG", "C.UTF-8"),
        ("TERM", "tmux-256color"),
        ("PATH", &format!("{}:{path}", execution.tools.display())),
        ("APT_LISTCHANGES_FRONTEND", "none"),
        ("DEBIAN_FRONTEND", "noninteractive"),
    ];
    values.map(|(key, value)| (key, value.to_owned())).into()
}

fn of_relation(event: &Event, variables: &mut Vec<(&'static str, String)>) {
    let (Some(id), Some(endpoint)) = (event.relation, &event.endpoint) else { return };
    let text = |name: &Option<Name>| name.as_deref().unwrap_or_default().to_owned();
    variables.push(("JUJU_RELATION", endpoint.clone()));
    variables.push(("JUJU_RELATION_ID", format!("{endpoint}:{id}")));
    variables.push(("JUJU_REMOTE_UNIT", text(&event.remote_unit)));
    variables.push(("JUJU_REMOTE_APP", text(&event.remote_app)));
    if event.kind == HookKind::RelationDeparted {
        variables.push(("JUJU_DEPARTING_UNIT", text(&event.departing)));
    }
}

fn of_secret(event: &Event, variables: &mut Vec<(&'static str, String)>) {
    let Some(secret) = &event.secret else { return };
    variables.push(("JUJU_SECRET_ID", secret.clone()));
    variables.push(("JUJU_SECRET_LABEL", event.secret_label.clone()));
    if event.secret_revision > 0 {
        variables.push(("JUJU_SECRET_REVISION", event.secret_revision.to_string()));
    }
}
