//! A proxy and two client applications, and what happens to them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use test_juju::{Charm, Fault, HookRun, Pending, RelationId};

use crate::world::{Web, World};

pub(crate) const PROXY: &str = "proxy/0";
const CLIENT: &str = "name: client\nrequires: {proxy: {interface: ssl-termination}}";

/// A word that stands in one request only, so that it can be looked for on the disk.
pub(crate) const PASSWORD: &str = "pa55word";

/// A Juju that differs from the others in what it commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// A hook's commit is one transaction.
    Whole,
    /// Relation settings, ports and charm state are transactions of their own.
    InParts,
    /// The same, and there is no charm state.
    WithoutState,
}

impl Version {
    pub(crate) const ALL: [Self; 3] = [Self::Whole, Self::InParts, Self::WithoutState];

    pub(crate) fn number(self) -> &'static str {
        match self {
            Self::Whole => "3.6.9",
            Self::InParts => "4.0.2",
            Self::WithoutState => "2.7.8",
        }
    }

    /// How docs/faults.md calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "Juju 2.8 to 3.6",
            Self::InParts => "Juju 4.0",
            Self::WithoutState => "without charm state",
        }
    }
}

/// The real charm as a proxy, with real nginx; the clients are puppets.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) web: Web,
    pub(crate) blog: Option<RelationId>,
    pub(crate) shop: Option<RelationId>,
}

/// One thing that an operator or a client does, and its name.
pub(crate) type Act = (&'static str, fn(&mut Stage));

/// Joins, changes, departures, an upgrade, from the first hook to the last.
pub(crate) const ACTS: &[Act] = &[
    ("the proxy is deployed", |stage| stage.world.deploy_proxy("proxy")),
    ("blog asks", |stage| {
        let blog = stage.relate("blog");
        stage.blog = Some(blog);
        stage.ask(blog, "blog/0", &stage.request(&["blog.example.com"]));
    }),
    ("shop asks, for blog's name too", |stage| {
        let shop = stage.relate("shop");
        stage.shop = Some(shop);
        let mut request = stage.request(&["shop.example.com", "blog.example.com"]);
        request["credentials"] = format!("ann {PASSWORD}").into();
        stage.ask(shop, "shop/0", &request);
    }),
    ("a second unit of blog asks", |stage| {
        stage.world.juju.add_unit("blog");
        stage.waiting();
        let request = stage.request(&["blog.example.com", "www.example.com"]);
        stage.ask(stage.blog.unwrap(), "blog/1", &request);
    }),
    ("an option changes", |stage| {
        stage.world.juju.configure("proxy", [("trusted-proxies", "10.0.0.0/8")]);
    }),
    ("the charm is upgraded", |stage| {
        become_of(&stage.world.juju.charm_dir(PROXY), OLDER);
        let charm = stage.world.charm();
        stage.world.juju.refresh("proxy", &charm);
    }),
    ("the first unit of blog leaves", |stage| stage.world.juju.remove_unit("blog/0")),
    ("blog gives its first name up", |stage| {
        let request = stage.request(&["www.example.com"]);
        stage.ask(stage.blog.unwrap(), "blog/1", &request);
    }),
    ("shop's relation ends", |stage| stage.world.juju.remove_relation(stage.shop.unwrap())),
    ("blog withdraws", |stage| stage.ask(stage.blog.unwrap(), "blog/1", &json!({}))),
    ("blog asks again", |stage| {
        let request = stage.request(&["www.example.com"]);
        stage.ask(stage.blog.unwrap(), "blog/1", &request);
    }),
    ("the proxy is removed", |stage| stage.world.juju.remove_application("proxy")),
];

impl Stage {
    /// The clients are there, the proxy is not deployed yet.
    pub(crate) fn new() -> Self {
        Self::in_juju(Version::Whole)
    }

    pub(crate) fn in_juju(version: Version) -> Self {
        let mut world = World::new(11);
        world.juju.set_version(version.number());
        Self::in_world(world)
    }

    pub(crate) fn in_world(mut world: World) -> Self {
        for client in ["blog", "shop"] {
            world.juju.deploy(client, &Charm::puppet(&CLIENT.replace("client", client)), 1);
        }
        let mut stage = Self { world, web: Web::start("web"), blog: None, shop: None };
        stage.waiting();
        stage
    }

    pub(crate) fn relate(&mut self, client: &str) -> RelationId {
        let relation = self.world.juju.relate("proxy:ssl-termination", &format!("{client}:proxy"));
        self.waiting();
        relation
    }

    /// A request for names in front of a web server on this machine.
    pub(crate) fn request(&self, names: &[&str]) -> Value {
        json!({"fqdn": names, "upstreams": [{"hostname": "127.0.0.1", "port": self.web.port}]})
    }

    pub(crate) fn ask(&mut self, relation: RelationId, unit: &str, request: &Value) {
        self.world.juju.relation_set(unit, relation, [("cert-request", request.to_string())]);
        self.waiting();
    }

    /// The proxy's hook that comes next. Those of the puppets are done first.
    pub(crate) fn waiting(&mut self) -> Option<Pending> {
        loop {
            let pending = self.world.juju.pending();
            match pending.iter().find(|pending| &*pending.unit != PROXY) {
                Some(puppet) => drop(self.world.juju.run(&puppet.clone())),
                None => return pending.into_iter().next(),
            }
        }
    }

    /// Runs the proxy's next hook, however it ends; nothing if none waits.
    pub(crate) fn attempt(&mut self) -> Option<HookRun> {
        let next = self.waiting()?;
        Some(self.world.juju.run(&next))
    }

    /// Runs the proxy's hooks until none waits. None may keep failing.
    pub(crate) fn settle(&mut self) {
        while let Some(run) = self.attempt() {
            assert!(run.committed || run.attempt < 4, "a person would be needed: {}", run.trace());
        }
    }

    /// The proxy's next hook fails at one of its calls.
    pub(crate) fn fail(&mut self, call: usize) {
        self.world.juju.on_call(PROXY, call, no_luck());
    }

    /// A hook in which nothing has happened.
    pub(crate) fn update_status(&mut self) {
        if self.is_deployed() {
            self.world.juju.update_status(PROXY);
            self.settle();
        }
    }

    pub(crate) fn is_deployed(&self) -> bool {
        !self.world.juju.units("proxy").is_empty()
    }

    /// Where the charm keeps its state.
    pub(crate) fn state_folder(&self) -> std::path::PathBuf {
        self.world.juju.charm_dir(PROXY).join(".state")
    }
}

/// Copies what is in a folder, if there is one.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    if from.exists() {
        let done = Command::new("cp").args(["-a", "--"]).arg(from.join(".")).arg(to).status().unwrap();
        assert!(done.success());
    }
}

/// What a tool says that fails for no reason of ours.
pub(crate) fn no_luck() -> Fault {
    Fault::refused("no luck")
}

/// A version of the charm before this one.
pub(crate) const OLDER: &str = "0.1.0";

/// Makes the flag file in a charm's folder one that another version of the charm has written.
pub(crate) fn become_of(charm: &Path, version: &str) {
    let path = charm.join(".state/flags.json");
    let Ok(text) = fs::read_to_string(&path) else { return };
    let stamp = |version: &str| format!("\"stamp\": \"{version}\"");
    fs::write(path, text.replace(&stamp(env!("CARGO_PKG_VERSION")), &stamp(version))).unwrap();
}
