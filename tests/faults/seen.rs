//! All that can be seen of a proxy from outside, apart from what differs by chance.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::stage::{PASSWORD, PROXY, Stage};
use crate::world::Request;

/// What is seen, by what it is of.
pub(crate) type Seen = BTreeMap<String, String>;

const NAMES: [&str; 3] = ["blog.example.com", "shop.example.com", "www.example.com"];

impl Stage {
    /// Databags, flags, status and ports, files, what nginx runs and what it answers.
    pub(crate) fn seen(&self) -> Seen {
        let mut seen = Seen::new();
        if self.is_deployed() {
            for (client, relation) in [("blog", self.blog), ("shop", self.shop)] {
                let mut bag =
                    relation.map(|relation| self.world.juju.bag(relation, PROXY)).unwrap_or_default();
                if let Some(status) = bag.get_mut("status") {
                    *status = without_dates(status);
                }
                seen.insert(format!("answer to {client}"), format!("{bag:?}"));
            }
            seen.insert("state that nothing names".to_owned(), self.left_over().join(" "));
            seen.insert("flags".to_owned(), self.world.flags(PROXY).join(" "));
            seen.insert("status".to_owned(), format!("{:?}", self.world.juju.status(PROXY)));
            let ports = self.world.juju.opened_ports(PROXY).join(" ");
            seen.insert("ports".to_owned(), self.without_chance(&ports));
        }
        self.note_files(self.world.root(), &mut seen);
        let masters = self.world.nginx_processes().len();
        seen.insert("nginx".to_owned(), masters.to_string());
        if masters > 0 {
            let requests = NAMES.map(|name| self.world.get(&format!("https://{name}/")));
            for (name, answer) in NAMES.iter().zip(Request::send_all(&requests)) {
                let by = answer.body.lines().next().unwrap_or_default();
                seen.insert(format!("served {name}"), format!("{} {by}", answer.code));
            }
        }
        seen
    }

    /// The certificates, key and all, by the file's name.
    pub(crate) fn certificates(&self) -> BTreeMap<String, Vec<u8>> {
        let folder = self.world.path("var/lib/ssl-termination/proxy-0/certificates");
        let files =
            fs::read_dir(folder.join("self-signed")).into_iter().flatten().map(|entry| entry.unwrap());
        files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
    }

    /// Pieces of the state that the flag file does not name.
    fn left_over(&self) -> Vec<String> {
        let file = fs::read_to_string(self.state_folder().join("flags.json")).unwrap_or_default();
        let pieces = fs::read_dir(self.state_folder().join("view")).into_iter().flatten();
        let pieces = pieces.map(|piece| piece.unwrap().file_name().into_string().unwrap());
        pieces.filter(|piece| !file.contains(piece.as_str())).collect()
    }

    /// Whether the password is in some file of the unit's.
    pub(crate) fn keeps_password(&self) -> bool {
        let folders = [self.state_folder(), self.world.root().to_owned()];
        self.is_deployed() && folders.iter().any(|folder| is_below(folder, PASSWORD))
    }

    fn note_files(&self, folder: &Path, seen: &mut Seen) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777;
            let name = path.strip_prefix(self.world.root()).unwrap().display().to_string();
            if name == "run" {
                continue; // gone after a restart of the machine
            }
            let mut name = without_digests(&name);
            while seen.contains_key(&name) {
                name.push_str(" once more");
            }
            if path.is_dir() {
                seen.insert(name, format!("folder {mode:o}"));
                self.note_files(&path, seen);
            } else {
                let content = self.content(&name, &path);
                seen.insert(name, format!("{mode:o} {content}"));
            }
        }
    }

    /// A file's text, as far as two lives have it in common.
    fn content(&self, name: &str, path: &Path) -> String {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        match name {
            _ if name.starts_with("var/log/") => String::new(),
            _ if name.contains("/certificates/") || name.ends_with("/ca.crt") => {
                text.lines().filter(|line| line.starts_with("-----")).collect()
            }
            _ if name.contains("/passwords/") => text.split('$').take(2).collect(),
            _ => self.without_chance(&text),
        }
    }

    fn without_chance(&self, text: &str) -> String {
        let ports =
            [(self.world.http_port, "HTTP"), (self.world.https_port, "HTTPS"), (self.web.port, "WEB")];
        let text = without_digests(&text.replace(&*self.world.root().to_string_lossy(), "ROOT"));
        ports.iter().fold(text, |text, (port, name)| text.replace(&port.to_string(), name))
    }
}

/// Whether a text stands in some file below a folder.
fn is_below(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).into_iter().flatten().any(|entry| {
        let path = entry.unwrap().path();
        let has = |bytes: Vec<u8>| bytes.windows(text.len()).any(|some| some == text.as_bytes());
        if path.is_dir() { is_below(&path, text) } else { fs::read(&path).is_ok_and(has) }
    })
}

/// A text without the digests in the names of nginx's files, which depend on ports and folder, and those of certificates.
fn without_digests(text: &str) -> String {
    let is_other = |c: char| !c.is_ascii_hexdigit();
    let without = |part: &str| match part.trim_end_matches(is_other) {
        word if word.len() == 32 => part.replace(word, "DIGEST"),
        _ => part.to_owned(),
    };
    text.split_inclusive(is_other).map(without).collect()
}

/// An answer without the dates on which certificates end.
fn without_dates(text: &str) -> String {
    let mut answer: Value = serde_json::from_str(text).unwrap();
    for (_, served) in answer.as_object_mut().into_iter().flatten() {
        if let Some(served) = served.as_object_mut() {
            served.remove("expires");
        }
    }
    answer.to_string()
}

/// Without what stays on the machine when nobody needs it any more: certificates, logs, folders.
pub(crate) fn without_what_stays(mut seen: Seen) -> Seen {
    let stays = |what: &str| {
        what.contains("certificates") || what.ends_with("/ca.crt") || what.starts_with("var/log/")
    };
    seen.retain(|what, is| !stays(what) && !is.starts_with("folder "));
    seen
}

/// What differs between two sights, for a person.
pub(crate) fn difference(should: &Seen, is: &Seen) -> String {
    let of = |seen: &Seen, key: &str| seen.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
    let keys: std::collections::BTreeSet<&String> = should.keys().chain(is.keys()).collect();
    let differ = keys.into_iter().filter(|key| should.get(*key) != is.get(*key));
    let lines = differ.map(|key| {
        let (should, is) = (of(should, key), of(is, key));
        format!("{key}\n  should be {should:?}\n  is        {is:?}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
