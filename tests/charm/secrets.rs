//! Credentials in a secret: how they get from the operator to the proxy, what ends them, and who never learns them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::{Value, json};
use test_juju::{Charm, Fault, HookRun, Part, RelationId};

use crate::world::{Web, World};

const NAME: &str = "a.example.com";
const WEB: &str = "name: web\nprovides: {website: {interface: http}}";
const OLD: &str = "name: edge\nprovides: {ssl-termination: {interface: ssl-termination}}";
const TAKES: &str = r#"["credentials-secret"]"#;
const HELD_BACK: &str = "waiting: nothing is asked: not every unit of the proxy takes secrets (so far): refresh it, or \
    set credentials-as-text";
const UNUSABLE: &str = "the secret cannot be read (is it there, and granted?), or does not hold what it should: \
    a username and a password";

/// Our charm as the client `blog` of `edge`, with a secret of the operator's as credentials.
struct Stage {
    world: World,
    web: Web,
    proxy: RelationId,
    runs: Vec<HookRun>,
}

impl Stage {
    /// With our charm as the proxy too.
    fn new() -> Self {
        let mut world = World::new(13);
        world.deploy_proxy("edge");
        Self::before(world)
    }

    /// With a proxy whose databags the test writes.
    fn with_old_proxy(units: usize) -> Self {
        let mut world = World::new(13);
        world.juju.deploy("edge", &Charm::puppet(OLD), units);
        Self::before(world)
    }

    fn before(mut world: World) -> Self {
        world.deploy_client("blog", NAME);
        world.juju.deploy("web", &Charm::puppet(WEB), 1);
        let website = world.juju.relate("web:website", "blog:website");
        let proxy = world.juju.relate("blog:proxy", "edge:ssl-termination");
        let uri = world.juju.add_secret("site", [("username", "ann"), ("password", "sesame")]);
        world.juju.grant_secret("site", "blog");
        world.juju.configure("blog", [("credentials", uri)]);
        let web = Web::start("web");
        let mut stage = Self { world, web, proxy, runs: Vec::new() };
        stage.settle();
        let port = stage.web.port.to_string();
        stage.world.juju.relation_set("web/0", website, [("hostname", "127.0.0.1"), ("port", &port)]);
        stage.settle();
        stage
    }

    fn settle(&mut self) {
        let runs = self.world.juju.settle();
        self.runs.extend(runs);
    }

    fn look(&mut self, unit: &str) {
        self.world.juju.update_status(unit);
        self.settle();
    }

    fn configure(&mut self, application: &str, option: &str, value: impl Into<Value>) {
        self.world.juju.configure(application, [(option, value)]);
        self.settle();
    }

    /// Sets keys in the databag of a puppet's unit.
    fn proxy_says(&mut self, unit: &str, key: &str, value: &str) {
        self.world.juju.relation_set(unit, self.proxy, [(key, value)]);
        self.settle();
    }

    fn request(&self) -> Value {
        let bag = self.world.juju.bag(self.proxy, "blog/0");
        bag.get("cert-request").map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }

    /// The secret in the request, as the model knows it.
    fn own(&self) -> String {
        let uri = self.request()["credentials-secret"].as_str().unwrap().to_owned();
        format!("secret:{}", uri.rsplit_once('/').unwrap().1)
    }

    fn status(&self, unit: &str) -> String {
        let (state, message) = self.world.juju.status(unit);
        format!("{state}: {message}")
    }

    /// What comes of asking for the site, without a password and with each of these.
    fn codes<const N: usize>(&self, passwords: [&str; N]) -> (u16, [u16; N]) {
        let site = || self.world.get(&format!("https://{NAME}/"));
        (site().send().code, passwords.map(|password| site().with_password(password).send().code))
    }

    fn refused(&self) -> Value {
        let bag = self.world.juju.bag(self.proxy, "edge/0");
        serde_json::from_str::<Value>(&bag["status"]).unwrap()["_refused"].clone()
    }
}

/// The calls of tools for secrets, without ids.
fn secret_calls(runs: &[HookRun]) -> Vec<String> {
    let calls = runs.iter().flat_map(|run| &run.calls).map(|call| call.argv[0].clone());
    calls.filter(|tool| tool.starts_with("secret-")).collect()
}

#[test]
fn the_operators_secret_protects_the_site_and_another_content_counts_at_once() {
    let mut stage = Stage::new();
    assert_eq!(stage.status("blog/0"), format!("active: {NAME} served"));
    assert_eq!(stage.codes(["ann:sesame", "ann:wrong"]), (401, [200, 401]));
    assert_eq!(stage.request().get("credentials"), None, "no text, not even an empty one");
    let own = stage.own();
    assert_eq!(stage.world.juju.secret_owner(&own), "blog/0");

    stage.world.juju.update_secret("site", [("username", "bob"), ("password", "poppy")]);
    stage.settle();
    assert_eq!(stage.codes(["ann:sesame", "bob:poppy"]), (401, [401, 200]));
    assert_eq!(stage.own(), own, "the same secret, with another content");
    assert_eq!(stage.world.juju.secret_revisions(&own), [2], "the old password is gone from Juju too");
}

#[test]
fn hooks_that_have_nothing_to_do_with_secrets_read_none() {
    let mut stage = Stage::new();
    stage.world.juju.deploy(
        "shop",
        &Charm::puppet("name: shop\nrequires: {tls: {interface: ssl-termination}}"),
        1,
    );
    let before = stage.runs.len();
    let shop = stage.world.juju.relate("shop:tls", "edge:ssl-termination");
    stage.settle();
    let request = json!({"fqdn": ["b.example.com"], "credentials": "bob poppy"}).to_string();
    stage.world.juju.relation_set("shop/0", shop, [("cert-request", request)]);
    stage.settle();
    stage.configure("edge", "log-level", "debug");
    stage.world.juju.remove_relation(shop);
    stage.settle();
    assert!(stage.runs.len() > before + 4);
    assert_eq!(secret_calls(&stage.runs[before..]), [""; 0]);
    let before = stage.runs.len();
    stage.look("edge/0");
    assert_eq!(secret_calls(&stage.runs[before..]), ["secret-get"], "one for each secret in a look at all");
    let before = stage.runs.len();
    stage.look("blog/0");
    assert_eq!(secret_calls(&stage.runs[before..]), ["secret-get"]);
}

#[test]
fn the_password_is_in_no_argument_log_status_databag_plan_or_file() {
    let mut stage = Stage::new();
    stage.configure("edge", "log-level", "trace");
    stage.configure("blog", "log-level", "trace");
    stage.world.juju.update_secret("site", [("username", "ann"), ("password", "sesame2")]);
    stage.settle();
    stage.look("blog/0");
    stage.look("edge/0");
    for unit in ["blog/0", "edge/0"] {
        let run = stage.world.juju.exec(unit, &["bin/ssl-termination", "plan"]);
        assert_eq!(run.exit, 0, "{}", run.trace());
        stage.runs.push(run);
        assert!(!format!("{:?}{:?}", stage.world.juju.log(unit), stage.status(unit)).contains("sesame"));
        assert!(!format!("{:?}", stage.world.juju.bag(stage.proxy, unit)).contains("sesame"));
        let state = stage.world.juju.charm_dir(unit).join(".state");
        assert_eq!(files_with("sesame", &state), [""; 0]);
        assert!(!state.join("secret").exists());
    }
    for run in &stage.runs {
        let said = format!("{}{}{:?}", run.stdout, run.stderr, run.log);
        assert!(!said.contains("sesame"), "{said}");
        for call in &run.calls {
            assert!(!format!("{:?}{}{}", call.argv, call.stdin, call.stderr).contains("sesame"), "{call:?}");
        }
    }
    assert_eq!(files_with("sesame", stage.world.root()), [""; 0]);
    assert_eq!(stage.codes(["ann:sesame2"]), (401, [200]), "it is in force");
}

/// The files below a folder that contain a text.
fn files_with(text: &str, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(text, &path));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// A script in front of `secret-add` looks at the file while it is there.
#[test]
fn what_is_on_its_way_to_juju_is_for_root_alone_and_gone_afterwards() {
    let mut world = World::new(13);
    let bin = world.put_before_charm("PATH=$JUJU_CHARM_DIR/bin/before:$PATH exec \"$real\" \"$@\"");
    let script = bin.join("before/secret-add");
    fs::create_dir(bin.join("before")).unwrap();
    let look = "#!/bin/sh\nfor file; do :; done\nstat -c '%a %u' \"$file\" \"${file%/*}\" > seen\n\
        PATH=${PATH#*:} exec secret-add \"$@\"\n";
    fs::write(&script, look).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    world.juju.deploy("edge", &Charm::puppet(OLD), 1);
    let mut stage = Stage::before(world);
    stage.proxy_says("edge/0", "features", TAKES);
    let folder = stage.world.juju.charm_dir("blog/0");
    let user = fs::metadata(&folder).unwrap().uid();
    assert_eq!(fs::read_to_string(folder.join("seen")).unwrap(), format!("600 {user}\n700 {user}\n"));
    assert!(!folder.join(".state/secret").exists());
}

#[test]
fn what_a_hook_that_died_has_left_of_a_content_is_deleted_by_the_next() {
    let mut stage = Stage::with_old_proxy(1);
    let folder = stage.world.juju.charm_dir("blog/0").join(".state/secret");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("content"), "left over").unwrap();
    stage.world.juju.update_status("blog/0");
    stage.world.juju.on_call("blog/0", 1, Fault::Kill);
    stage.settle();
    assert!(!folder.exists());
}

#[test]
fn nothing_is_asked_before_every_unit_of_the_proxy_takes_secrets() {
    let mut stage = Stage::with_old_proxy(2);
    assert_eq!((stage.request(), stage.status("blog/0")), (Value::Null, HELD_BACK.to_owned()));
    stage.proxy_says("edge/0", "features", TAKES);
    stage.proxy_says("edge/1", "features", r#"["something else"]"#);
    assert_eq!((stage.request(), stage.status("blog/0")), (Value::Null, HELD_BACK.to_owned()));
    assert_eq!(stage.world.juju.secrets().len(), 1, "and no secret is made before it is needed");
    stage.proxy_says("edge/1", "features", TAKES);
    assert_eq!(
        stage.world.juju.secret(&stage.own()),
        [("username", "ann"), ("password", "sesame")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    );
    assert_eq!(stage.status("blog/0"), "waiting: waiting for the proxy to answer");

    stage.world.juju.add_unit("edge");
    stage.settle();
    stage.own();
    stage.proxy_says("edge/2", "status", "{}");
    assert_eq!(
        (stage.request(), stage.status("blog/0")),
        (json!({}), HELD_BACK.to_owned()),
        "it has spoken, and not of secrets"
    );
    assert_eq!(stage.world.juju.secrets().len(), 1, "ours went with the request");
}

#[test]
fn a_secret_goes_as_text_only_where_the_operator_says_so() {
    let mut stage = Stage::with_old_proxy(1);
    stage.configure("blog", "credentials-as-text", true);
    assert_eq!(stage.request()["credentials"], "ann sesame");
    assert_eq!(stage.world.juju.secrets().len(), 1);

    let before = stage.runs.len();
    stage.configure("blog", "contact-email", "ann@example.com");
    stage.proxy_says("edge/0", "status", r#"["a.example.com"]"#);
    assert_eq!(stage.request()["credentials"], "ann sesame");
    assert_eq!(secret_calls(&stage.runs[before..]), ["secret-get"], "once, with the configuration");

    stage.world.juju.update_secret("site", [("username", "ann"), ("password", "poppy")]);
    stage.settle();
    assert_eq!(stage.request()["credentials"], "ann poppy");
    stage.configure("blog", "credentials-as-text", false);
    assert_eq!(stage.request(), json!({}));

    stage.configure("blog", "credentials-as-text", true);
    stage.proxy_says("edge/0", "features", TAKES);
    assert_eq!(stage.request().get("credentials"), None);
    assert_eq!(stage.world.juju.secret(&stage.own())["password"], "poppy");
    stage.configure("blog", "credentials", "ann plain");
    assert_eq!(stage.request()["credentials"], "ann plain", "a text is sent as it is, always");
    assert_eq!(stage.world.juju.secrets().len(), 1);
}

#[test]
fn a_refresh_of_the_proxy_brings_what_was_held_back() {
    let mut stage = Stage::with_old_proxy(1);
    assert_eq!(stage.request(), Value::Null);
    let charm = stage.world.charm();
    stage.world.juju.refresh("edge", &charm);
    let ports = [("http-port", stage.world.http_port), ("https-port", stage.world.https_port)];
    stage.world.juju.configure("edge", ports);
    stage.configure("edge", "allow-local-upstreams", true);
    assert_eq!(stage.status("blog/0"), format!("active: {NAME} served"));
    assert_eq!(stage.codes(["ann:sesame"]), (401, [200]));
}

#[test]
fn a_secret_that_the_client_may_not_read_is_said_and_nothing_is_asked() {
    let mut stage = Stage::new();
    stage.world.juju.revoke_secret("site", "blog");
    stage.look("blog/0");
    let said = "blocked: option credentials: the secret cannot be read: is it there, and granted \
        (juju grant-secret … blog)?";
    assert_eq!((stage.request(), stage.status("blog/0").as_str()), (json!({}), said));
    assert_eq!(stage.codes(["ann:sesame"]), (0, [0]), "closed, not open");
    assert_eq!(stage.world.juju.secrets().len(), 1);

    stage.world.juju.grant_secret("site", "blog");
    stage.look("blog/0");
    assert_eq!(stage.codes(["ann:sesame"]), (401, [200]));
    stage.world.juju.update_secret("site", [("username", "ann"), ("passwort", "sesame")]);
    stage.settle();
    let said = "blocked: option credentials: the secret cannot be used: it has no key password: it needs \
        username and password";
    assert_eq!((stage.request(), stage.status("blog/0").as_str()), (json!({}), said));
    stage.configure("blog", "credentials", "secret:nonsense");
    assert_eq!(
        stage.status("blog/0"),
        "blocked: option credentials: not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g"
    );
    assert_eq!(stage.request(), json!({}));
}

/// A proxy's view of a secret that was revoked: only a charm can do that to its own, so one plays the client.
#[test]
fn a_secret_that_the_proxy_may_not_read_any_more_closes_the_site() {
    let mut stage = Stage::new();
    let own = stage.own();
    let revoke = format!("secret-revoke {own} -r proxy:{}", stage.proxy);
    let run = stage.world.juju.exec("blog/0", &["sh", "-c", &revoke]);
    assert_eq!(run.exit, 0, "{}", run.trace());
    stage.look("edge/0");
    assert_eq!(stage.codes(["ann:sesame"]), (0, [0]));
    assert_eq!(
        stage.refused(),
        json!([{"unit": "blog/0", "field": "credentials-secret", "reason": UNUSABLE}])
    );
    assert_eq!(stage.status("edge/0"), "waiting: serving nothing; 1 pending; 1 refused");
    let grant = format!("secret-grant {own} -r proxy:{}", stage.proxy);
    assert_eq!(stage.world.juju.exec("blog/0", &["sh", "-c", &grant]).exit, 0);
    stage.look("edge/0");
    assert_eq!(stage.codes(["ann:sesame"]), (401, [200]));

    let bad = format!("secret-set {own} password='two words'");
    assert_eq!(stage.world.juju.exec("blog/0", &["sh", "-c", &bad]).exit, 0);
    stage.settle();
    assert_eq!(stage.codes(["ann:sesame"]), (0, [0]), "not the old password either");
    assert_eq!(stage.refused()[0]["reason"], UNUSABLE);
}

#[test]
fn trouble_of_juju_with_a_secret_neither_opens_nor_closes_the_site() {
    let mut stage = Stage::new();
    let trouble = || Fault::refused("backend is away");
    for unit in ["edge/0", "blog/0"] {
        stage.world.juju.update_status(unit);
        let tools = stage.next_calls(unit);
        let at = tools.iter().position(|tool| tool == "secret-get").unwrap() + 1;
        stage.world.juju.update_status(unit);
        stage.world.juju.on_call(unit, at, trouble());
        let before = stage.runs.len();
        stage.settle();
        assert!(stage.runs[before..].iter().any(|run| run.stderr.contains("backend is away")), "{unit}");
        assert_eq!(stage.codes(["ann:sesame"]), (401, [200]), "{unit}");
    }
    assert_eq!(stage.status("blog/0"), format!("active: {NAME} served"));
}

impl Stage {
    /// The tools that the next hook of a unit calls.
    fn next_calls(&mut self, unit: &str) -> Vec<String> {
        let run = self.world.juju.step_unit(unit).unwrap();
        run.calls.iter().map(|call| call.argv[0].clone()).collect()
    }
}

#[test]
fn a_hook_that_fails_after_its_secret_was_made_finds_it_again() {
    for part in [Part::Relations, Part::State] {
        let mut stage = Stage::with_old_proxy(1);
        stage.world.juju.relation_set("edge/0", stage.proxy, [("features", TAKES)]);
        stage.world.juju.fail_commit_at("blog/0", part);
        stage.settle();
        assert_eq!(stage.world.juju.secrets().len(), 2, "the operator's and ours, {part:?}");
        assert_eq!(stage.world.juju.secret(&stage.own())["password"], "sesame");
    }
    let mut stage = Stage::with_old_proxy(1);
    stage.proxy_says("edge/0", "features", TAKES);
    let own = stage.own();
    fs::remove_file(stage.world.juju.charm_dir("blog/0").join(".state/flags.json")).unwrap();
    stage.look("blog/0");
    assert_eq!((stage.own(), stage.world.juju.secrets().len()), (own, 2), "a lost flag file loses no secret");
    fs::remove_file(stage.world.juju.charm_dir("blog/0").join(".state/flags.json")).unwrap();
    stage.configure("blog", "credentials", "");
    assert_eq!(stage.world.juju.secrets().len(), 1);
    assert_eq!(stage.request()["credentials"], "");
}

#[test]
fn a_proxy_that_was_removed_by_force_gets_no_grant_and_fails_no_hook() {
    let mut stage = Stage::new();
    let uri = stage.world.juju.secrets().into_iter().find(|uri| *uri != stage.own()).unwrap();
    stage.configure("blog", "credentials", "");
    stage.world.juju.force_remove_relation(stage.proxy);
    stage.world.juju.restart_agent("blog/0");
    let before = stage.runs.len();
    stage.configure("blog", "credentials", uri);
    let of_blog: Vec<&HookRun> = stage.runs[before..].iter().filter(|run| &*run.unit == "blog/0").collect();
    let granted =
        of_blog.iter().flat_map(|run| &run.calls).find(|call| call.argv[0] == "secret-grant").unwrap();
    assert!(granted.stderr.trim().ends_with("for option -r: relation not found"), "{granted:?}");
    assert!(of_blog.iter().all(|run| run.committed));
    stage.look("blog/0");
    assert_eq!(stage.world.juju.secrets().len(), 1, "without a proxy there is none of ours");
}

#[test]
fn each_unit_has_its_own_secret_and_a_new_leader_changes_nothing() {
    let mut stage = Stage::new();
    stage.world.juju.add_unit("blog");
    stage.settle();
    assert_eq!(stage.world.juju.secrets().len(), 3);
    let told: Value = serde_json::from_str(&stage.world.juju.bag(stage.proxy, "edge/0")["status"]).unwrap();
    assert_eq!(told.get("_notes"), None, "{told}");
    let before = (stage.request(), stage.runs.len());
    stage.world.juju.elect("blog/1");
    stage.settle();
    assert_eq!((stage.request(), secret_calls(&stage.runs[before.1..])), (before.0, Vec::new()));
    stage.world.juju.remove_unit("blog/0");
    stage.settle();
    assert_eq!(stage.world.juju.secrets().len(), 2, "Juju removes a unit's secrets with it");
    assert_eq!(stage.codes(["ann:sesame"]), (401, [200]));
    stage.world.juju.remove_relation(stage.proxy);
    stage.settle();
    assert_eq!(stage.world.juju.secrets().len(), 1, "without a proxy there is none of ours");
}

#[test]
fn the_operators_own_site_takes_a_secret_too() {
    let mut world = World::new(3);
    world.deploy_proxy("edge");
    world.juju.deploy("web", &Charm::puppet(WEB), 1);
    let relation = world.juju.relate("web:website", "edge:reverseproxy");
    let uri = world.juju.add_secret("site", [("username", "ann"), ("password", "sesame")]);
    world.juju.configure("edge", [("fqdns", NAME.to_owned()), ("credentials", uri)]);
    let web = Web::start("web");
    world.juju.settle();
    let port = web.port.to_string();
    world.juju.relation_set("web/0", relation, [("hostname", "127.0.0.1"), ("port", &port)]);
    world.juju.settle();
    let code = |world: &World| world.get(&format!("https://{NAME}/")).with_password("ann:sesame").send().code;
    assert_eq!(world.juju.status("edge/0").1, format!("our own site: credentials-secret: {UNUSABLE}"));
    assert_eq!(code(&world), 0);
    world.juju.grant_secret("site", "edge");
    world.juju.update_status("edge/0");
    world.juju.settle();
    assert_eq!(code(&world), 200);
    assert_eq!(world.get(&format!("https://{NAME}/")).send().code, 401);
    world.juju.update_secret("site", [("username", "ann"), ("password", "poppy")]);
    world.juju.settle();
    assert_eq!(code(&world), 401);
    world.juju.remove_secret("site");
    world.juju.update_status("edge/0");
    world.juju.settle();
    assert_eq!(code(&world), 0);
}

/// Ids of secrets can be guessed. Juju gives the proxy whatever was granted to it, whoever names it.
#[test]
fn a_client_that_names_the_secret_of_another_learns_nothing() {
    let mut stage = Stage::new();
    let metadata = "name: mallory\nrequires: {proxy: {interface: ssl-termination}}";
    stage.world.juju.deploy("mallory", &Charm::puppet(metadata), 2);
    let theirs = stage.world.juju.relate("mallory:proxy", "edge:ssl-termination");
    let operators = stage.world.juju.add_secret("key", [("private-key", "x")]);
    stage.world.juju.grant_secret("key", "edge");
    stage.settle();
    let ask = |stage: &mut Stage, unit: &str, key: &str, value: &str| {
        let request = json!({"fqdn": ["m.example.com"], key: value,
            "upstreams": [{"hostname": "127.0.0.1", "port": stage.web.port}]});
        stage.world.juju.relation_set(unit, theirs, [("cert-request", request.to_string())]);
        stage.settle();
        serde_json::from_str::<Value>(&stage.world.juju.bag(theirs, "edge/0")["status"]).unwrap()
    };
    // One that is not there, one that is not granted, one that is granted and holds something else: one sentence.
    let not_granted = stage.world.juju.add_secret("other", [("username", "ann"), ("password", "sesame")]);
    for uri in ["secret:d00000000000000000g0", not_granted.as_str(), operators.as_str()] {
        let told = ask(&mut stage, "mallory/0", "credentials-secret", uri);
        let refused = json!([{"unit": "mallory/0", "field": "credentials-secret", "reason": UNUSABLE}]);
        assert_eq!(told["_refused"], refused, "{uri}");
    }
    // The victim's protects their site, and says nothing of what is in it, whatever they compare it with.
    let victims = stage.own();
    let mut answers = Vec::new();
    for guess in ["ann sesame", "ann wrong"] {
        ask(&mut stage, "mallory/0", "credentials-secret", &victims);
        let mut told = ask(&mut stage, "mallory/1", "credentials", guess);
        assert!(!told.to_string().contains("ann"), "{told}");
        told["m.example.com"]["expires"] = Value::Null;
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(stage.codes(["ann:sesame"]), (401, [200]), "the victim's site is as before");
}
