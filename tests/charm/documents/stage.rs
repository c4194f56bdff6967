//! Where commands of a page are run: a shell in a folder, with a `juju` that speaks to the Juju of the tests. All other
//! programs are the real ones.
//!
//! It is not quite the reader's world: nginx listens on ports of its own, to which curl is led by its own configuration;
//! the machine lies below a folder; ACME servers are pebbles; and whom browsers trust is an authority of the test.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command};
use std::thread;

use tempfile::TempDir;

use super::{juju, others};
use crate::certificates::authority::Authority;
use crate::world::pages::{self, Page};
use crate::world::pebble::{EXTERNAL, Manners, Pebble};
use crate::world::{Web, World, packed};

/// What there is when a page begins, besides the web applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Start {
    Nothing,
    /// The proxy and its client `blog-tls`, not yet related.
    Deployed,
    /// They serve `blog.example.com` in front of `my-blog`.
    Served,
}

/// A model, and the folder where the reader is.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) web: Web,
    pub(super) authority: Authority,
    /// For Let's Encrypt and a company's server, and for one that wants an account first.
    pub(super) pebbles: Option<[Pebble; 2]>,
    /// The URI of the secret that was added last: `secret:ID`.
    pub(super) secret: String,
    /// The signing requests that the provider of certificates has answered.
    pub(super) issued: Vec<String>,
    folder: TempDir,
}

/// The program `juju` of the folder: its words go through one pipe, the exit code and the text come through the other.
const CLIENT: &str = r#"#!/bin/sh
printf '%s\0' "$@" >"$STAGE/call"
answer=$(cat "$STAGE/answer")
printf '%s\n' "${answer#* }"
exit "${answer%% *}"
"#;

impl Stage {
    /// What a page needs before its first command.
    pub(super) fn new(page: &Page, start: Start) -> Self {
        let world = World::new(8);
        let port = world.http_port;
        let bound = Manners { is_bound: true, ..Manners::default() };
        let pebbles = page
            .text
            .contains("acme-agree-tos=true")
            .then(|| [Manners::default(), bound].map(|manners| Pebble::start(port, manners)));
        let mut stage = Self {
            world,
            web: Web::start("web"),
            authority: Authority::new(),
            pebbles,
            secret: String::new(),
            issued: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
        };
        stage.furnish();
        others::deploy(&mut stage);
        let before = [
            (Start::Deployed, "juju deploy ./ssl-termination_amd64.charm proxy"),
            (
                Start::Deployed,
                "juju deploy ./ssl-termination_amd64.charm blog-tls --config fqdns=blog.example.com",
            ),
            (Start::Served, "juju integrate blog-tls:website my-blog:website"),
            (Start::Served, "juju integrate blog-tls:proxy proxy:ssl-termination"),
        ];
        for (_, text) in before.iter().filter(|(since, _)| start >= *since) {
            stage.run(text).unwrap_or_else(|said| panic!("{text}: {said}"));
        }
        stage
    }

    /// What lies in the folder.
    fn furnish(&self) {
        let folder = self.folder.path();
        symlink(packed::archive().canonicalize().unwrap(), folder.join("ssl-termination_amd64.charm"))
            .unwrap();
        fs::create_dir(folder.join("bin")).unwrap();
        symlink(packed::binary(), folder.join("bin/ssl-termination")).unwrap();
        let (certificate, key) = self.authority.pair("blog.example.com");
        self.write("fullchain.pem", &certificate);
        self.write("privkey.pem", &key);
        self.write("key.pem", &key);
        self.write("hmac-key.txt", EXTERNAL.1);
        self.write("root.crt", &self.pebbles.iter().flatten().map(Pebble::trusted).collect::<String>());
        let World { http_port, https_port, .. } = self.world;
        let to = |from: u16, port: u16| format!("connect-to = \":{from}:127.0.0.1:{port}\"\n");
        let rules = [to(80, http_port), to(443, https_port)].concat();
        self.write(".curlrc", &format!("{rules}show-error\nsilent\nmax-time = 20\n"));
        self.write("juju", CLIENT);
        fs::set_permissions(folder.join("juju"), Permissions::from_mode(0o755)).unwrap();
        let pipes = ["call", "answer"].map(|name| folder.join(name));
        assert!(Command::new("mkfifo").args(pipes).status().unwrap().success());
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The text of a file of the folder.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Whether a file is in the folder.
    pub(super) fn must_have(&self, name: &str) -> Result<(), String> {
        let is_there = self.folder.path().join(name).exists();
        if is_there { Ok(()) } else { Err(format!("{name} is not there")) }
    }

    /// The machine of `proxy/0` is gone for good, and the unit with it.
    pub(super) fn lose_the_machine(&mut self) {
        self.world.kill_nginx();
        for folder in ["etc", "run", "var"] {
            fs::remove_dir_all(self.world.path(folder)).unwrap();
        }
        self.world.juju.force_remove_unit("proxy/0");
    }

    /// Plays commands of a page, one after the other: what each has said. The first that fails ends it.
    pub(super) fn play(&mut self, commands: &[pages::Command]) -> Vec<String> {
        let run = |command: &pages::Command| {
            self.run(&command.text).unwrap_or_else(|said| panic!("{}: {said}", command.text))
        };
        commands.iter().map(run).collect()
    }

    /// Runs a command: what it has said, which is the error if its exit code says so.
    pub(super) fn run(&mut self, text: &str) -> Result<String, String> {
        let said = self.folder.path().join("said");
        let output = File::create(&said).unwrap();
        let path = format!("{}:{}", self.folder.path().display(), std::env::var("PATH").unwrap());
        let child = Command::new("timeout")
            .args(["600", "bash", "-o", "pipefail", "-ec", &self.with_what_stands_for_others(text)])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("STAGE", self.folder.path())
            .env("SSL_TERMINATION_ROOT", self.world.root())
            .env("CURL_HOME", self.folder.path())
            .env("CURL_CA_BUNDLE", self.authority.root())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let has_succeeded = self.attend(child);
        let said = fs::read_to_string(said).unwrap();
        if has_succeeded { Ok(said) } else { Err(said) }
    }

    /// Answers calls of `juju` until the shell ends; the pipe that is opened and left empty then says so.
    fn attend(&mut self, mut child: Child) -> bool {
        let [call, answer] = ["call", "answer"].map(|name| self.folder.path().join(name));
        let end = call.clone();
        let shell = thread::spawn(move || {
            let ended = child.wait().unwrap();
            File::options().write(true).open(end).unwrap();
            ended.success()
        });
        loop {
            let words = fs::read_to_string(&call).unwrap();
            if words.is_empty() {
                return shell.join().unwrap();
            }
            let words: Vec<&str> = words.trim_end_matches('\0').split('\0').collect();
            // The model panics where it is asked for what isn't there.
            let done = catch_unwind(AssertUnwindSafe(|| juju::run(self, &words)));
            let text = match done {
                Ok(Ok(text)) => format!("0 {text}"),
                Ok(Err(error)) => format!("1 ERROR {error}"),
                Err(panic) => {
                    format!("1 ERROR {}", panic.downcast_ref::<String>().map_or("", String::as_str))
                }
            };
            fs::write(&answer, text).unwrap();
        }
    }

    fn with_what_stands_for_others(&self, text: &str) -> String {
        let logs = self.world.path("var/log/");
        let mut others = vec![
            ("secret:ID".to_owned(), self.secret.clone()),
            ("ADDRESS".to_owned(), "127.0.0.1".to_owned()),
            ("UNIT".to_owned(), "proxy/0".to_owned()),
            ("COMMAND".to_owned(), "send-cert-info".to_owned()),
            ("/var/log/".to_owned(), logs.display().to_string() + "/"),
        ];
        for (pebble, url) in self.pebbles.iter().flatten().zip(ACME_SERVERS) {
            others.push((url.to_owned(), pebble.directory()));
        }
        others.iter().fold(text.to_owned(), |text, (one, other)| text.replace(one, other))
    }
}

/// Servers of the pages, for which the pebbles stand.
const ACME_SERVERS: [&str; 2] =
    ["https://ca.internal/acme/acme/directory", "https://acme.example.com/directory"];
