//! The whole charm with real nginx, which serves what the model says.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use test_juju::{Charm, Juju};

use super::CLIENTS;
use super::walker::{Asked, Walker};
use crate::stage::PASSWORD;
use crate::world::{Request, Web, World};

/// The client whose names are behind a password.
const SECRET: usize = 1;

pub(crate) struct Whole {
    world: World,
    webs: [Web; CLIENTS.len()],
}

impl Whole {
    pub(crate) fn new(seed: u64) -> Self {
        Self { world: World::new(seed), webs: CLIENTS.map(Web::start) }
    }
}

impl Walker for Whole {
    fn juju(&self) -> &Juju {
        &self.world.juju
    }

    fn juju_mut(&mut self) -> &mut Juju {
        &mut self.world.juju
    }

    fn charm(&self) -> Charm {
        self.world.charm()
    }

    fn deploy(&mut self) {
        self.world.deploy_proxy("proxy");
    }

    fn request(&self, client: usize, names: &[&str]) -> Value {
        let upstreams = json!([{"hostname": "127.0.0.1", "port": self.webs[client].port}]);
        let mut request = json!({"fqdn": names, "upstreams": upstreams});
        if client == SECRET {
            request["credentials"] = format!("ann {PASSWORD}").into();
        }
        request
    }

    fn should_tell(&self, granted: &BTreeSet<&String>, _: &Asked) -> Value {
        json!(granted)
    }

    fn tells(&self, status: Value) -> Value {
        json!(self.granted(&status))
    }

    fn granted(&self, status: &Value) -> BTreeSet<String> {
        let keys = status.as_object().unwrap().keys();
        keys.filter(|key| !key.starts_with('_')).cloned().collect()
    }

    fn files(&self) -> Vec<String> {
        let main = self.world.path("etc/ssl-termination/proxy-0/conf/nginx.conf");
        let mut files = vec![fs::read_to_string(main).unwrap_or_default()];
        for folder in ["etc/ssl-termination/proxy-0/conf/sites", "var/lib/ssl-termination/proxy-0/passwords"]
        {
            let names = fs::read_dir(self.world.path(folder)).into_iter().flatten();
            files.extend(names.map(|file| file.unwrap().path().display().to_string()));
        }
        files[1..].sort();
        files
    }

    fn kill_nginx(&mut self) {
        self.world.kill_nginx();
    }

    fn restart(&mut self) {
        self.world.kill_nginx();
        let _ = fs::remove_dir_all(self.world.path("run"));
    }

    fn is_served(&self, name: &str, client: Option<usize>) -> Result<(), String> {
        let request = || self.world.get(&format!("https://{name}/"));
        let requests = [request(), request().with_password(&format!("ann:{PASSWORD}"))];
        let answers = Request::send_all(&requests);
        let is = answers.iter().map(|answer| match answer.code {
            200 => format!("200 from {}", answer.body.lines().next().unwrap_or_default()),
            code => code.to_string(),
        });
        let is: Vec<String> = is.collect();
        let should = match client {
            None => ["0".to_owned(), "0".to_owned()],
            Some(SECRET) => ["401".to_owned(), format!("200 from {}", CLIENTS[SECRET])],
            Some(client) => [0, 1].map(|_| format!("200 from {}", CLIENTS[client])),
        };
        if is == should {
            Ok(())
        } else {
            Err(format!("{name} is answered {is:?}, and should be {should:?}"))
        }
    }
}
