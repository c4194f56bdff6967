//! Recorded calls of Juju's own hook tools, put to ours: exit codes and texts must be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use serde::Deserialize;
use serde_json::Value;

use crate::context::{ActionContext, HookContext};
use crate::metadata::{Endpoint, Role};
use crate::model::{End, Membership, Model, Network, Relation, RelationId};
use crate::port::PortRange;
use crate::settings::{Bag, Settings};
use crate::tree::Tree;
use crate::{Charm, Event, HookKind, Name, Status, tool};

/// Another recording of the same form may be put to the tools in place of this one.
const RECORDING: &str = "TEST_JUJU_BATTERY";

#[derive(Deserialize)]
struct Battery {
    world: World,
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct World {
    unit: Name,
    #[serde(default)]
    leader: bool,
    config: BTreeMap<String, Value>,
    status: RecordedStatus,
    app_status: RecordedStatus,
    #[serde(default)]
    state: Bag,
    #[serde(default)]
    leader_settings: Bag,
    #[serde(default)]
    workload_version: String,
    #[serde(default)]
    opened_ports: BTreeMap<String, Vec<String>>,
    relations: Vec<Recorded>,
    networks: BTreeMap<String, RecordedNetwork>,
    goal_state: RecordedGoal,
}

#[derive(Deserialize)]
struct Recorded {
    id: u32,
    endpoint: String,
    role: String,
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
#[serde(rename_all = "kebab-case")]
struct RecordedNetwork {
    bind_addresses: Vec<RecordedInterface>,
    egress_subnets: Vec<String>,
    ingress_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RecordedInterface {
    mac_address: String,
    interface_name: String,
    addresses: Vec<RecordedAddress>,
}

#[derive(Deserialize)]
struct RecordedAddress {
    value: String,
    cidr: String,
}

type RecordedUnits = BTreeMap<String, Since>;

#[derive(Deserialize)]
struct RecordedGoal {
    units: RecordedUnits,
    relations: BTreeMap<String, RecordedUnits>,
}

#[derive(Deserialize)]
struct Since {
    status: String,
    since: String,
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "session")]
    name: String,
    context: Context,
    leader: Option<bool>,
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

/// What the model holds when the session is over.
#[derive(Debug, PartialEq, Deserialize)]
struct After {
    units: BTreeMap<String, Option<Bag>>,
    apps: BTreeMap<String, Option<Bag>>,
    status: RecordedStatus,
    app_status: RecordedStatus,
    state: Bag,
    opened_ports: BTreeMap<String, Vec<String>>,
    leader_settings: Bag,
    workload_version: String,
}

#[derive(Debug, PartialEq, Deserialize)]
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
    let recording = env::var(RECORDING).map(|path| fs::read_to_string(path).unwrap());
    let recording = recording.unwrap_or_else(|_| include_str!("battery.json").to_owned());
    let battery: Battery = serde_json::from_str(&recording).unwrap();
    let mut differences = Vec::new();
    for session in &battery.sessions {
        let mut model = model(&battery.world, session.leader.unwrap_or(battery.world.leader));
        examine(&mut model, &battery.world, session, &mut differences);
    }
    let calls: usize = battery.sessions.iter().map(|session| session.calls.len()).sum();
    assert!(differences.is_empty(), "{} of {calls}\n{}", differences.len(), differences.join("\n"));
}

fn examine(model: &mut Model, world: &World, session: &Session, differences: &mut Vec<String>) {
    let action = session.context.params.clone().map(|params| ActionContext { params, ..Default::default() });
    let mut context = HookContext::new(model, &world.unit, event(world, &session.context), action);
    for call in &session.calls {
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
        model.commit(&world.unit, writes, None).unwrap();
    }
    let mut after = after(model, world, &session.after);
    // A version that no call of the recording sets was set by one that was left out of it.
    if !session.calls.iter().any(|call| call.argv[0] == "application-version-set") {
        after.workload_version.clone_from(&session.after.workload_version);
    }
    if after != session.after {
        differences.push(format!("{}: after\n  juju: {:?}\n  ours: {after:?}", session.name, session.after));
    }
}

/// What our model holds. A databag that was not there is one that was not there if it is empty.
fn after(model: &Model, world: &World, recorded: &After) -> After {
    let unit = model.unit(&world.unit);
    let application = model.application(&unit.application);
    let status =
        |status: &Status| RecordedStatus { status: status.state.clone(), message: status.message.clone() };
    let kept = |id: &String, ours: Option<&Settings>, bags: &BTreeMap<String, Option<Bag>>| {
        let ours = ours.map(|settings| (*settings.bag).clone());
        ours.filter(|bag| !bag.is_empty() || bags.get(id).is_some_and(Option::is_some))
    };
    let (mut units, mut apps) = (BTreeMap::new(), BTreeMap::new());
    for (id, relation) in &model.relations {
        let id = id.to_string();
        units.insert(id.clone(), kept(&id, relation.units.get(&world.unit), &recorded.units));
        apps.insert(id.clone(), kept(&id, relation.applications.get(&unit.application), &recorded.apps));
    }
    let mut opened_ports: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (endpoint, range) in &unit.ports {
        opened_ports.entry(endpoint.clone()).or_default().push(range.to_string());
    }
    for ports in opened_ports.values_mut() {
        ports.sort();
    }
    After {
        units,
        apps,
        status: status(&unit.status),
        app_status: status(&application.status),
        state: unit.state.clone(),
        opened_ports,
        leader_settings: (*application.leader_settings.bag).clone(),
        workload_version: unit.workload_version.clone(),
    }
}

fn model(world: &World, leader: bool) -> Model {
    let own = Name::from(world.unit.split('/').next().unwrap());
    let mut metadata = format!("name: {own}\n");
    for (role, key) in [("provider", "provides"), ("requirer", "requires"), ("peer", "peers")] {
        let names: BTreeSet<&str> =
            world.relations.iter().filter(|r| r.role == role).map(|r| r.endpoint.as_str()).collect();
        let ends: Vec<String> = names.iter().map(|name| format!("{name}: {{interface: any}}")).collect();
        metadata.extend([format!("{key}: {{{}}}\n", ends.join(", "))]);
    }
    let charm = Charm::puppet(&metadata);
    let mut model = Model::new("m", "deadbeef-0bad-400d-8000-4b1d0d06f00d");
    model.deploy(&own, &charm);
    assert_eq!(model.add_unit(&own, None), world.unit);
    let other = model.add_unit(&own, None);
    let application = model.application_mut(&own);
    application.leader = Some(if leader { world.unit.clone() } else { other });
    application.config = Arc::new(world.config.clone());
    application.status = Status::new(&world.app_status.status, &world.app_status.message);
    application.leader_settings.bag = Arc::new(world.leader_settings.clone());
    let unit = model.unit_mut(&world.unit);
    unit.status = Status::new(&world.status.status, &world.status.message);
    unit.state = world.state.clone();
    unit.workload_version.clone_from(&world.workload_version);
    for (endpoint, ranges) in &world.opened_ports {
        let ranges = ranges.iter().map(|range| (endpoint.clone(), PortRange::parse(range).unwrap()));
        unit.ports.extend(ranges);
    }
    model.goal_state = Some(goal(&world.goal_state));
    model.networks =
        Some(world.networks.iter().map(|(name, network)| (name.clone(), known(network))).collect());
    model.relations.clear();
    for recorded in &world.relations {
        add_relation(&mut model, world, &charm, &own, recorded);
    }
    model
}

fn add_relation(model: &mut Model, world: &World, charm: &Charm, own: &Name, recorded: &Recorded) {
    let id = RelationId(recorded.id);
    let endpoint = charm.metadata().endpoint(&recorded.endpoint).unwrap();
    let mut ends = vec![End { application: own.clone(), endpoint: endpoint.clone() }];
    if endpoint.role != Role::Peer {
        let role = if endpoint.role == Role::Provider { Role::Requirer } else { Role::Provider };
        let remote = Endpoint { name: recorded.remote_endpoint.clone(), role, ..endpoint };
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
    model.unit_mut(&world.unit).agent.memberships.insert(id, membership);
}

fn goal(recorded: &RecordedGoal) -> Tree {
    let units = |units: &RecordedUnits| {
        let states = units.iter().map(|(name, since)| {
            let time = since.since.replace('T', " ");
            (
                name.clone(),
                Tree::Record(vec![("status", since.status.as_str().into()), ("since", time.into())]),
            )
        });
        Tree::Map(states.collect())
    };
    let relations = recorded.relations.iter().map(|(name, related)| (name.clone(), units(related)));
    Tree::Record(vec![("units", units(&recorded.units)), ("relations", Tree::Map(relations.collect()))])
}

fn known(recorded: &RecordedNetwork) -> Network {
    let interface = &recorded.bind_addresses[0];
    Network {
        mac: interface.mac_address.clone(),
        interface: interface.interface_name.clone(),
        address: interface.addresses[0].value.clone(),
        cidr: interface.addresses[0].cidr.clone(),
        egress: recorded.egress_subnets.clone(),
        ingress: recorded.ingress_addresses.clone(),
    }
}

fn event(world: &World, context: &Context) -> Option<Event> {
    let hook = context.hook.as_deref()?;
    let kinds = [
        ("-relation-changed", HookKind::RelationChanged),
        ("-relation-created", HookKind::RelationCreated),
        ("-relation-joined", HookKind::RelationJoined),
        ("-relation-departed", HookKind::RelationDeparted),
        ("-relation-broken", HookKind::RelationBroken),
        ("config-changed", HookKind::ConfigChanged),
        ("upgrade-charm", HookKind::UpgradeCharm),
        ("leader-elected", HookKind::LeaderElected),
        ("install", HookKind::Install),
        ("start", HookKind::Start),
        ("stop", HookKind::Stop),
    ];
    let kind = kinds.iter().find(|(name, _)| hook.ends_with(name));
    let relation = context.relation.as_ref().map(|id| RelationId(id.parse().unwrap()));
    let recorded = world.relations.iter().find(|recorded| Some(RelationId(recorded.id)) == relation);
    let remote_app = context.remote_app.clone().or_else(|| {
        context.remote_unit.as_ref().map(|unit| unit.split('/').next().unwrap_or_default().into())
    });
    Some(Event {
        relation,
        endpoint: recorded.map(|recorded| recorded.endpoint.clone()),
        remote_unit: context.remote_unit.clone(),
        remote_app,
        ..Event::of(kind.map_or(HookKind::UpdateStatus, |(_, kind)| *kind))
    })
}
