//! Recorded calls of Juju's own hook tools, put to ours: exit codes and texts must be the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::context::{ActionContext, HookContext};
use crate::metadata::Role;
use crate::model::{End, Membership, Model, Relation, RelationId};
use crate::settings::{Bag, Settings};
use crate::{Charm, Event, HookKind, Name, Status, tool};

const METADATA: &str = "
name: tls
provides: {front-door: {interface: fd}}
requires: {proxy: {interface: fd}, website: {interface: http}}
peers: {peers: {interface: peers}}
";

#[derive(Deserialize)]
struct Battery {
    world: World,
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct World {
    config: BTreeMap<String, Value>,
    relations: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    id: u32,
    endpoint: String,
    remote_app: Name,
    #[serde(default)]
    remote_endpoint: String,
    #[serde(default)]
    life: String,
    members: Vec<Name>,
    units: BTreeMap<Name, Bag>,
    apps: BTreeMap<Name, Bag>,
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "session")]
    name: String,
    context: Context,
    exit: i32,
    after: After,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Context {
    hook: Option<String>,
    relation: Option<String>,
    remote_unit: Option<Name>,
    remote_app: Option<Name>,
    params: Option<Value>,
}

#[derive(Deserialize)]
struct After {
    units: BTreeMap<String, Bag>,
    status: RecordedStatus,
}

#[derive(Deserialize)]
struct RecordedStatus {
    status: String,
    message: String,
}

#[derive(Deserialize)]
struct Call {
    argv: Vec<String>,
    #[serde(default)]
    stdin: Option<String>,
    rc: u8,
    out: String,
    err: String,
}

#[test]
fn the_tools_say_what_jujus_say() {
    let battery: Battery = serde_json::from_str(include_str!("battery.json")).unwrap();
    let mut differences = Vec::new();
    for session in &battery.sessions {
        let mut model = model(&battery.world);
        examine(&mut model, session, &mut differences);
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

fn examine(model: &mut Model, session: &Session, differences: &mut Vec<String>) {
    let unit = Name::from("tls/0");
    let action = session.context.params.clone().map(|params| ActionContext { params, ..Default::default() });
    let mut context = HookContext::new(model, &unit, event(&session.context), action);
    // Left out: what goal-state prints is nothing that this model knows.
    for call in session.calls.iter().filter(|call| call.argv[0] != "goal-state") {
        let (name, args) = call.argv.split_first().unwrap();
        let stdin = call.stdin.as_deref().unwrap_or_default().as_bytes();
        let answer = tool::run(&mut context, name, tool::Call { args, stdin, cwd: Path::new("/") });
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let got = (answer.exit, text(answer.stdout), text(answer.stderr));
        let recorded = (call.rc, call.out.clone(), call.err.clone());
        if got != recorded {
            let stdin = call.stdin.as_ref().map_or(String::new(), |stdin| format!(" <<< {stdin:?}"));
            let words = call.argv.join(" ");
            differences
                .push(format!("{}: {words}{stdin}\n  juju: {recorded:?}\n  ours: {got:?}", session.name));
        }
    }
    let writes = context.writes;
    if session.exit == 0 {
        model.commit(&unit, writes).unwrap();
    }
    for (id, bag) in &session.after.units {
        let ours = &model.relations[&RelationId(id.parse().unwrap())].units[&unit].bag;
        if **ours != *bag {
            differences.push(format!("{}: bag {id}\n  juju: {bag:?}\n  ours: {ours:?}", session.name));
        }
    }
    let RecordedStatus { status, message } = &session.after.status;
    assert_eq!(model.unit(&unit).status, Status::new(status, message), "{}", session.name);
}

fn model(world: &World) -> Model {
    let charm = Charm::puppet(METADATA);
    let mut model = Model::new("m", "deadbeef-0bad-400d-8000-4b1d0d06f00d");
    model.deploy("tls", &charm);
    let (other, unit) = (model.add_unit("tls", None), model.add_unit("tls", None));
    assert_eq!((&*other, &*unit), ("tls/0", "tls/1"));
    let unit = other;
    let application = model.application_mut("tls");
    application.leader = Some("tls/1".into());
    application.config = Arc::new(world.config.clone());
    model.unit_mut(&unit).status = Status::new("unknown", "");
    model.relations.clear();
    for recorded in &world.relations {
        let id = RelationId(recorded.id);
        let endpoint = charm.metadata().endpoint(&recorded.endpoint).unwrap();
        let mut ends = vec![End { application: "tls".into(), endpoint: endpoint.clone() }];
        if endpoint.role != Role::Peer {
            let role = if endpoint.role == Role::Provider { Role::Requirer } else { Role::Provider };
            let mut remote = endpoint.clone();
            remote.name.clone_from(&recorded.remote_endpoint);
            remote.role = role;
            ends.push(End { application: recorded.remote_app.clone(), endpoint: remote });
        }
        let mut relation = Relation::new(ends);
        let settings = |bag: &Bag| Settings { version: 1, bag: Arc::new(bag.clone()) };
        relation.units = recorded.units.iter().map(|(unit, bag)| (unit.clone(), settings(bag))).collect();
        relation.applications.extend(recorded.apps.iter().map(|(name, bag)| (name.clone(), settings(bag))));
        let mut membership = Membership::new(recorded.endpoint.clone(), recorded.remote_app.clone(), 1);
        membership.created = true;
        membership.dying = recorded.life == "dying";
        membership.told = recorded.members.iter().map(|member| (member.clone(), 1)).collect();
        model.relations.insert(id, relation);
        model.unit_mut(&unit).agent.memberships.insert(id, membership);
    }
    model
}

fn event(context: &Context) -> Option<Event> {
    let hook = context.hook.as_deref()?;
    let kinds = [
        ("relation-changed", HookKind::RelationChanged),
        ("relation-created", HookKind::RelationCreated),
        ("config-changed", HookKind::ConfigChanged),
        ("update-status", HookKind::UpdateStatus),
        ("start", HookKind::Start),
    ];
    let kind = kinds.iter().find(|(name, _)| hook.ends_with(name)).unwrap().1;
    let relation = context.relation.as_ref().map(|id| RelationId(id.parse().unwrap()));
    let remote_app = context.remote_app.clone().or_else(|| {
        context.remote_unit.as_ref().map(|unit| unit.split('/').next().unwrap_or_default().into())
    });
    Some(Event {
        relation,
        endpoint: relation.map(|_| "front-door".to_owned()),
        remote_unit: context.remote_unit.clone(),
        remote_app,
        ..Event::of(kind)
    })
}
