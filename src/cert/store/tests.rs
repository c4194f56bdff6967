use std::os::unix::fs::PermissionsExt as _;

use time::Duration;

use super::*;

struct Shelf {
    host: Host,
    folder: Folder,
    _root: tempfile::TempDir,
}

fn start() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn fqdns(names: &[&str]) -> Vec<Fqdn> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

impl Shelf {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let host = Host::new(root.path(), "");
        let folder = Folder::of(&host, &"proxy/0".parse().unwrap());
        Self { host, folder, _root: root }
    }

    fn keep(&self, asked: Source, names: &[&str], days: i64) -> Vec<Part> {
        let asked = Asked { source: asked, server: None };
        let store = Store::new(&self.host, &self.folder, &asked, start() + Duration::days(days)).unwrap();
        let names = fqdns(names);
        let looked = store.look(&names[0], &names).unwrap();
        let kept = store.keep(&names[0], &names).unwrap();
        let what = |parts: &[Part]| -> Vec<(PathBuf, Vec<Fqdn>)> {
            parts.iter().map(|part| (part.pem.clone(), part.names.clone())).collect()
        };
        assert_eq!(what(&looked), what(&kept), "a look says what will be");
        kept
    }

    /// Source and names of each part, in short.
    fn kept(&self, asked: Source, names: &[&str], days: i64) -> Vec<String> {
        let short = |part: &Part| {
            let names: Vec<&str> = part.names.iter().map(Fqdn::as_str).collect();
            format!(
                "{} {}{}",
                part.source,
                names.join(" "),
                if part.standing == Standing::Asked { ", asked" } else { "" }
            )
        };
        self.keep(asked, names, days).iter().map(short).collect()
    }

    /// What another source has brought, for 90 days from a day on.
    fn bring(&self, source: Source, names: &[&str], days: i64) {
        let names = fqdns(names);
        let now = start() + Duration::days(days);
        let text = Authority::new("another", now).unwrap().issue(&names, now).unwrap();
        self.folder.write_key(&self.host, &self.folder.pair(source, &names[0]), text.as_bytes()).unwrap();
    }

    fn content(&self, path: &Path) -> Vec<u8> {
        self.host.read(path).unwrap().unwrap()
    }
}

#[test]
fn a_self_signed_pair_is_kept_until_it_must_be_renewed() {
    let shelf = Shelf::new();
    let pair = |names: &[&str], days| {
        let part = shelf.keep(Source::SelfSigned, names, days).remove(0);
        (shelf.content(&part.pem), part.ends)
    };
    let first = pair(&["a.example", "b.example"], 0);
    assert_eq!(first.1, start() + Duration::days(90));
    let ca = shelf.content(&shelf.folder.authority_certificate());
    assert_eq!(pair(&["b.example", "a.example"][..1], 0).1, first.1, "another site");
    assert_eq!(pair(&["a.example", "b.example"], 59), first);
    let second = pair(&["a.example", "b.example"], 61);
    assert_ne!(second, first);
    assert_ne!(pair(&["a.example"], 61), second);
    shelf
        .host
        .write(
            &shelf.folder.pair(Source::SelfSigned, &fqdns(&["a.example"])[0]),
            b"damaged",
            0o600,
            Owner::Us,
        )
        .unwrap();
    pair(&["a.example"], 61);
    assert_eq!(shelf.content(&shelf.folder.authority_certificate()), ca, "one authority for all");

    let third = pair(&["a.example"], 61);
    shelf.host.remove(&shelf.folder.authority()).unwrap();
    assert_ne!(pair(&["a.example"], 61), third, "the authority is lost: there is another");
    assert_ne!(shelf.content(&shelf.folder.authority_certificate()), ca);
}

#[test]
fn a_key_that_others_can_read_is_closed_again() {
    let shelf = Shelf::new();
    let pem = shelf.keep(Source::SelfSigned, &["a.example"], 0).remove(0).pem;
    let content = shelf.content(&pem);
    for (path, open, closed) in [(pem.clone(), 0o644, 0o600), (shelf.folder.certificates(), 0o755, 0o700)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(open)).unwrap();
        shelf.keep(Source::SelfSigned, &["a.example"], 0);
        assert_eq!(shelf.host.mode(&path).unwrap(), Some(closed));
        assert_eq!(shelf.content(&pem), content);
    }
    let modes = [shelf.folder.authority(), shelf.folder.authority_certificate()];
    assert_eq!(modes.map(|path| shelf.host.mode(&path).unwrap()), [Some(0o600), Some(0o644)]);
}

#[test]
fn each_name_has_the_best_that_is_there() {
    let shelf = Shelf::new();
    let names = ["a.example", "b.example"];
    assert_eq!(shelf.kept(Source::Acme, &names, 0), ["self-signed a.example b.example"]);
    shelf.bring(Source::Acme, &["a.example"], 0);
    assert_eq!(
        shelf.kept(Source::Acme, &names, 0),
        ["acme a.example, asked", "self-signed b.example"],
        "one that fails does not hold up the other"
    );
    assert_eq!(
        shelf.kept(Source::Acme, &["b.example", "a.example"], 0),
        ["self-signed b.example", "acme a.example, asked"],
        "another first name"
    );
    shelf.bring(Source::Acme, &names, 0);
    assert_eq!(shelf.kept(Source::Acme, &names, 0), ["acme a.example b.example, asked"]);
    assert_eq!(shelf.kept(Source::Certificates, &names, 0), ["acme a.example b.example"], "no gap");
    shelf.bring(Source::Certificates, &names, 0);
    assert_eq!(shelf.kept(Source::Certificates, &names, 0), ["certificates a.example b.example, asked"]);
    assert_eq!(shelf.kept(Source::SelfSigned, &names, 0), ["self-signed a.example b.example, asked"]);
    assert_eq!(
        shelf.kept(Source::Acme, &names, 91),
        ["acme a.example b.example"],
        "ended: never worse than a stand-in"
    );
}

#[test]
fn near_some_sites_their_pairs_alone_are_looked_at() {
    let shelf = Shelf::new();
    shelf.bring(Source::Acme, &["a.example", "c.example"], 0);
    let earlier = Folder::earlier(&shelf.folder.pair(Source::Acme, &fqdns(&["b.example"])[0]));
    let other = shelf.folder.pair(Source::Acme, &fqdns(&["a.example"])[0]);
    shelf.folder.write_key(&shelf.host, &earlier, &shelf.content(&other)).unwrap();
    let asked = Asked { source: Source::Acme, server: None };
    let found = |near: &[&str], pairs: &[PathBuf]| {
        let store = Store::new(&shelf.host, &shelf.folder, &asked, start()).unwrap();
        let store = store.near(pairs.iter().cloned().collect(), &fqdns(near));
        let name = fqdns(&["c.example"]);
        store.look(&name[0], &name).unwrap().remove(0).pem
    };
    assert_eq!(found(&["c.example", "a.example"], &[]), other);
    assert_eq!(found(&["c.example"], std::slice::from_ref(&other)), other);
    assert_eq!(found(&["c.example", "b.example"], &[]), earlier);
    assert_eq!(found(&["c.example"], &[]), shelf.folder.pair(Source::SelfSigned, &fqdns(&["c.example"])[0]));
}
