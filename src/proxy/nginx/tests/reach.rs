//! Changes that are about some of the sites.

use super::stage::Stage;
use super::upstream::upstream;
use crate::host::Owner;
use crate::proxy::nginx::{Applied, Site};

const SITES: [&str; 3] = ["a.example", "b.example", "c.example"];

fn three() -> Stage {
    let mut stage = Stage::new();
    for name in SITES {
        stage.site(name, &[upstream()]);
    }
    stage.apply();
    stage
}

/// What is served: `200`, or nothing.
fn served(stage: &Stage) -> [String; 3] {
    SITES.map(|name| stage.https(name, &[]).status().to_owned())
}

fn without_upstreams(site: &Site) -> Site {
    Site { upstreams: Vec::new(), ..site.clone() }
}

#[test]
fn a_change_of_one_site_leaves_the_others_alone() {
    let stage = three();
    let changed = || Some(Applied { changed: true, ..Applied::default() });
    let [_, b, _] = &stage.sites[..] else { panic!() };
    let empty = without_upstreams(b);
    assert_eq!(stage.apply_only(&["b.example"], std::slice::from_ref(b)), Some(Applied::default()));
    assert_eq!(stage.apply_only(&["b.example"], std::slice::from_ref(&empty)), changed());
    assert_eq!(served(&stage), ["200", "503", "200"]);
    assert_eq!(stage.apply_only(&["b.example"], &[]), changed());
    assert_eq!(served(&stage), ["200", "", "200"]);
    assert_eq!(stage.apply_only(&["b.example"], &[]), Some(Applied::default()));
    assert_eq!(stage.apply_only(&[], std::slice::from_ref(b)), changed());
    assert_eq!(served(&stage), ["200"; 3]);
    assert_eq!(stage.host.list(&stage.paths.live().join("sites")).unwrap().len(), 3);
    assert_eq!(stage.apply(), Applied::default(), "it is what it is for all");
}

#[test]
fn a_site_that_nginx_refuses_takes_nothing_from_the_others() {
    let mut stage = three();
    let certificate = &mut stage.sites[1].certificates[0];
    stage.host.write(&certificate.pem, b"garbage", 0o600, Owner::Us).unwrap();
    certificate.digest = "another".to_owned();
    let applied = stage.apply_only(&["b.example"], &stage.sites[1..2]).unwrap();
    assert!(applied.changed && applied.refused.len() == 1);
    assert_eq!(served(&stage), ["200", "", "200"]);
    let applied = stage.apply_only(&["b.example"], &stage.sites[1..2]).unwrap();
    assert!(!applied.changed && applied.refused.len() == 1, "it is tried again");
    assert_eq!(stage.host.read(&stage.paths.candidate()).unwrap(), None, "what was tried does not stay");
}

#[test]
fn all_must_be_known_where_it_is_not_sure_what_the_others_have() {
    let only = |stage: &Stage, names: &[&str]| stage.apply_only(names, &stage.sites[..1]);
    let mut stage = three();
    assert_eq!(only(&stage, &SITES), None, "there are no others");
    stage.server.ipv6 = !stage.server.ipv6;
    assert_eq!(only(&stage, &["a.example"]), None, "all are to be configured otherwise");
    stage.server.ipv6 = !stage.server.ipv6;
    stage.server.challenge = Some("another".to_owned());
    assert_eq!(only(&stage, &["a.example"]), None, "all are to answer for another ACME account");
    stage.server.challenge = None;
    assert!(only(&stage, &["a.example"]).is_some());
    let main = stage.paths.nginx_conf();
    let text = stage.host.read(&main).unwrap().unwrap();
    stage.host.write(&main, &[&text[..], b"# by hand"].concat(), 0o644, Owner::Us).unwrap();
    assert_eq!(only(&stage, &["a.example"]), None, "another main file");
    stage.host.write(&main, &text, 0o644, Owner::Us).unwrap();
    stage.host.remove(&stage.paths.served()).unwrap();
    assert_eq!(only(&stage, &["a.example"]), None, "no note of what is served");

    stage.apply();
    stage.sites[0].upstreams.clear();
    let other = stage.host.list(&stage.paths.live().join("sites")).unwrap().remove(2);
    stage.host.write(&stage.paths.live().join("sites").join(other), b"nonsense", 0o644, Owner::Us).unwrap();
    assert_eq!(
        only(&stage, &["a.example"]),
        None,
        "nginx cannot take what somebody has made of another site"
    );
    assert_eq!(served(&stage), ["200"; 3]);
    assert!(stage.apply().changed);
    assert_eq!(served(&stage), ["503", "200", "200"]);
}
