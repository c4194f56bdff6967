//! A model in which one unit of a contestant has so many clients, and hooks that are run in it.

use std::fmt;
use std::fs;
use std::time::Duration;

use serde_json::json;
use test_juju::{Charm, HookRun, Juju, RelationId};

use crate::field::Contestant;

const ASKS: &str = "requires: {front: {interface: ssl-termination}}";
const UNIT: &str = "front/0";

/// Where the clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// So many units of one application, over one relation.
    Units(usize),
    /// So many applications of one unit, each with a relation of its own.
    Relations(usize),
}

/// What the measured hook finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Another request: the answer changes.
    Changed,
    /// A key that nobody looks at: nothing changes.
    Unchanged,
}

pub(crate) struct Stage {
    juju: Juju,
    clients: Vec<(RelationId, String)>,
    turn: usize,
    client: usize,
}

impl Shape {
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Units(count) | Self::Relations(count) => count,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, what) = match self {
            Self::Units(count) => (count, "unit"),
            Self::Relations(count) => (count, "relation"),
        };
        write!(f, "{} {what}{}", thousands(*count), if *count == 1 { "" } else { "s" })
    }
}

impl Stage {
    /// The clients are there before the contestant: its unit is installed as a charm without hooks, which takes in all
    /// of their events at no cost, and refreshed to the contestant's charm. That one reads and answers everything in
    /// its upgrade-charm hook, and goes on from there as if it had been there from the beginning.
    pub(crate) fn set(contestant: &Contestant, shape: Shape) -> Self {
        let mut juju = Juju::new(7);
        juju.set_hook_limit(Duration::from_mins(10));
        juju.deploy("front", &Charm::puppet(&contestant.metadata), 1);
        let mut stage = Self { juju, clients: Vec::new(), turn: 0, client: 0 };
        stage.add_clients(shape);
        stage.juju.settle();
        stage.juju.refresh("front", &contestant.charm);
        stage.juju.settle();
        stage
    }

    /// The contestant's charm from the beginning, and nobody there.
    pub(crate) fn empty(contestant: &Contestant) -> Self {
        let mut juju = Juju::new(7);
        juju.deploy("front", &contestant.charm, 1);
        juju.settle();
        Self { juju, clients: Vec::new(), turn: 0, client: 0 }
    }

    /// Clients come, each with a request.
    pub(crate) fn add_clients(&mut self, shape: Shape) {
        match shape {
            Shape::Units(units) => self.add_client("web", units),
            Shape::Relations(relations) => {
                (0..relations).for_each(|number| self.add_client(&format!("web{number}"), 1));
            }
        }
    }

    fn add_client(&mut self, application: &str, units: usize) {
        self.juju.deploy(application, &Charm::puppet(&format!("name: {application}\n{ASKS}")), units);
        let relation = self.juju.relate("front:front", &format!("{application}:front"));
        for unit in (0..units).map(|number| format!("{application}/{number}")) {
            self.juju.settle_unit(&unit);
            self.clients.push((relation, unit));
            let last = self.clients.len() - 1;
            self.ask(last, &format!("n{last}"));
        }
    }

    /// Runs all hooks that wait.
    pub(crate) fn settle(&mut self) -> Vec<HookRun> {
        let runs = self.juju.settle();
        runs.into_iter().filter(|run| &*run.unit == UNIT).collect()
    }

    pub(crate) fn set_call_delay(&mut self, delay: Duration) {
        self.juju.set_call_delay(delay);
    }

    /// One hook. Each that changes something is about another client; one that changes nothing is about the client
    /// that the last one was about.
    pub(crate) fn run(&mut self, kind: Kind) -> HookRun {
        self.turn += 1;
        if kind == Kind::Changed {
            self.client = (self.client + 7) % self.clients.len();
            self.ask(self.client, &format!("turn{}", self.turn));
        } else {
            let (relation, unit) = &self.clients[self.client];
            self.juju.relation_set(unit, *relation, [("another", self.turn.to_string())]);
        }
        let run = self.juju.step_unit(UNIT).unwrap();
        assert!(run.hook == "front-relation-changed" && run.committed, "{}", run.trace());
        assert_eq!(!run.published.is_empty(), kind == Kind::Changed, "{}", run.trace());
        run
    }

    /// The most memory, in KiB, that the process of one hook has, as it finds it at its own end.
    pub(crate) fn peak(&mut self, kind: Kind) -> u64 {
        let note = self.juju.charm_dir(UNIT).join("peak");
        fs::write(&note, "").unwrap();
        self.run(kind);
        let status = fs::read_to_string(&note).unwrap();
        fs::remove_file(&note).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap()
    }

    fn ask(&mut self, client: usize, name: &str) {
        let (relation, unit) = &self.clients[client];
        let request = json!({
            "fqdn": [format!("{name}.example.com"), format!("www.{name}.example.com")],
            "contact-email": "admin@example.com",
            "credentials": "user secret",
            "upstreams": [{"hostname": "10.0.0.4", "port": 8080}],
        });
        self.juju.relation_set(unit, *relation, [("cert-request", request.to_string())]);
    }
}

/// `1000` as `1,000`.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let groups = digits.as_bytes()[head..].chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let head = Some(digits[..head].to_owned()).filter(|head| !head.is_empty());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}
