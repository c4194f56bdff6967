//! What is fuzzed: functions that take any bytes and panic where something is not as it should be. The everyday tests
//! give them what is kept in `corpus/`.
#![allow(dead_code, reason = "each fuzzer calls one of them")]

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use ssl_termination::host::{Command, Host};
use ssl_termination::juju::tool;
use ssl_termination::juju::{RelationId, UnitName};
use ssl_termination::options::Options;
use ssl_termination::reactive::{Committed, Next, Standing, Store, digest};
use ssl_termination::wire::{
    Bag, CertRequest, Composed, Directive, Features, Fqdn, Published, Refusal, Website, readiness,
};

/// Panics if something is not as it should be.
type Target = fn(&[u8]);

/// All of them, by the names of their corpora.
pub(crate) const ALL: [(&str, Target); 4] =
    [("request", request), ("directive", directive), ("tools", tools), ("state", state)];

/// The text of a `cert-request`: what is read can be sent and is the same again, a refusal is fit to be shown.
pub(crate) fn request(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match CertRequest::parse(text) {
        Ok(Some(request)) => {
            assert_eq!(CertRequest::parse(&request.to_wire()), Ok(Some(request.clone())));
            request.nginx_config.iter().for_each(is_one_directive);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(request.fqdn().iter().all(|name| name.as_str().chars().all(plain)));
            let of_addresses = |c: char| plain(c) || "[]:".contains(c);
            assert!(request.upstreams.iter().all(|upstream| upstream.to_string().chars().all(of_addresses)));
        }
        Ok(None) => {}
        Err(refusal) => is_fit_to_be_shown(&refusal),
    }
    match Composed::compose(text) {
        Ok(request) => assert!(request.is_none_or(|request| Composed::compose(&request.to_wire()).is_ok())),
        Err(refusal) => is_fit_to_be_shown(&refusal),
    }
}

/// One directive of a client.
pub(crate) fn directive(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match text.parse::<Directive>() {
        Ok(directive) => is_one_directive(&directive),
        Err(reason) => is_fit_to_be_shown(&reason.at("nginx-config[0]")),
    }
}

/// What a hook tool prints, and what is made of the texts in it.
pub(crate) fn tools(bytes: &[u8]) {
    let command = Command::new("relation-get");
    if let Ok(bag) = tool::read::<Bag>(&command, bytes) {
        bag_of_a_stranger(&bag);
    }
    if let Ok(config) = tool::read::<Map<String, Value>>(&command, bytes) {
        let _ = Options::parse(&config).map(|options| options.request(&[]));
    }
    for id in tool::read::<Vec<RelationId>>(&command, bytes).into_iter().flatten() {
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert!(!id.file_name().contains(['/', '\0']) && !id.to_string().starts_with('-'));
    }
    for unit in tool::read::<Vec<UnitName>>(&command, bytes).into_iter().flatten() {
        assert_eq!(unit.to_string().parse(), Ok(unit.clone()));
        assert!(!unit.file_name().contains(['/', '\0']) && !unit.to_string().starts_with('-'));
    }
    if let Err(error) = tool::read::<Option<String>>(&command, bytes) {
        let said = error.to_string();
        assert!(said.len() < 120 && said.is_ascii(), "{said}");
    }
}

fn bag_of_a_stranger(bag: &Bag) {
    if let Err(refusal) = Website::parse(bag) {
        is_fit_to_be_shown(&refusal);
    }
    let text = |key: &str| bag.get(key).map(String::as_str);
    request(text("cert-request").unwrap_or_default().as_bytes());
    let _ = Features::parse(text("features"));
    let names = ["a.example.com", "b.example.com"].map(|name| name.parse::<Fqdn>().unwrap());
    let readiness = readiness(&Published::parse(text("status")), &names);
    let reasons = readiness.missing.values().flatten().chain(readiness.notes.values());
    let refused = readiness.refused.iter().flat_map(|one| [&one.unit, &one.field, &one.reason]);
    for text in reasons.chain(refused) {
        assert!(text.len() <= 200 && text.chars().all(|c| matches!(c, ' '..='~')), "{text:?}");
    }
}

/// A flag file and, behind a line `---`, a piece of the view; in the file PIECE stands for the piece's digest. Whatever
/// they hold, the state is taken up or set aside, and can be written again.
pub(crate) fn state(bytes: &[u8]) {
    const LINE: &[u8] = b"\n---\n";
    let end = bytes.windows(LINE.len()).position(|window| window == LINE).unwrap_or(bytes.len());
    let (file, piece) = (&bytes[..end], bytes.get(end + LINE.len()..).unwrap_or_default());
    let file = String::from_utf8_lossy(file).replace("PIECE", &digest(piece));

    let folder =
        tempfile::tempdir_in(if Path::new("/dev/shm").exists() { "/dev/shm" } else { "/tmp" }).unwrap();
    let view = folder.path().join("view");
    fs::create_dir(&view).unwrap();
    fs::write(folder.path().join("flags.json"), file).unwrap();
    for topic in ["kept", "config", "tls.relations", "tls.units"] {
        fs::write(view.join(format!("{topic}.{}.json", digest(piece))), piece).unwrap();
    }
    let host = Host::new("/", "");
    let hook = |id: &str| {
        let mut store = Store::open(&host, folder.path(), id, Some("update-status")).ok()?;
        let (state, standing) = store.settle(&Committed::Token("one".to_owned()), None);
        let (mut state, standing) = store.load(&host, state, standing).unwrap();
        state.view.config().unwrap();
        state.kept_all::<Value>("").unwrap();
        state.flags.set("proxy.stale".parse().unwrap());
        let next = Next::of(&state).unwrap();
        store.commit(&host, next, standing, true).unwrap();
        Some(standing)
    };
    // A file of a newer program is left alone, and nothing goes on.
    if hook("two").is_some() {
        assert_eq!(hook("two"), Some(Standing::Again), "what was written can be read");
    }
}

/// A directive as it is written: words that nginx takes for words, and nothing else.
fn is_one_directive(directive: &Directive) {
    let text = directive.to_string();
    assert_eq!(text.parse().as_ref(), Ok(directive));
    assert_eq!(text.matches('"').count() % 2, 0, "{text}");
    for (number, part) in text.split('"').enumerate() {
        let special = if number % 2 == 0 { "{};'#`$\\" } else { "$\\" };
        assert!(part.chars().all(|c| matches!(c, ' '..='~') && !special.contains(c)), "{text}");
    }
}

fn is_fit_to_be_shown(refusal: &Refusal) {
    let text = refusal.to_string();
    assert!(text.len() < 250 && text.chars().all(|c| matches!(c, ' '..='~')), "{text:?}");
}
