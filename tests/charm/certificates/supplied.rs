//! Certificates that the operator has put into secrets of the model.

use serde_json::json;

use super::authority::Authority;
use crate::proxy::{ask, proxy_and, request, status, told};
use crate::world::{Web, World};

#[test]
fn a_certificate_in_a_secret_serves_its_names_before_any_source() {
    let (mut world, relations) = proxy_and(&[("blog", 1)]);
    let (web, authority) = (Web::start("web"), Authority::new());
    ask(&mut world, relations[0], "blog/0", &request(&["a.example.com", "b.example.com"], &[&web]));
    let (certificate, key) = authority.pair("a.example.com");
    let secret =
        world.juju.add_secret("mine", [("certificate", certificate.as_str()), ("key", key.as_str())]);
    world.juju.configure("proxy", [("certificate-secrets", secret.as_str())]);
    world.juju.settle();
    let cannot = format!(
        "blocked: option certificate-secrets: {secret} cannot be read: give it to this application with juju \
         grant-secret"
    );
    assert_eq!(status(&world), cannot);

    world.juju.grant_secret(&secret, "proxy");
    world.juju.update_status("proxy/0");
    world.juju.settle();
    let both = |a: &str, b: &str| json!({"a.example.com": {"certificate": a, "expires": "…"}, "b.example.com": {"certificate": b, "expires": "…"}});
    assert_eq!(told(&world, relations[0]), both("operator", "self-signed"));
    assert_eq!(code(&world, &authority), 200);

    let other = Authority::new();
    let (new, new_key) = other.pair("a.example.com");
    world.juju.update_secret(&secret, [("certificate", new.as_str()), ("key", key.as_str())]);
    world.juju.settle();
    let mismatch = format!(
        "blocked: option certificate-secrets: {secret}: the key is not that of the first certificate"
    );
    assert_eq!((status(&world), code(&world, &authority)), (mismatch, 200), "the one before stays");
    world.juju.update_secret(&secret, [("certificate", new.as_str()), ("key", new_key.as_str())]);
    world.juju.settle();
    assert_eq!((code(&world, &other), code(&world, &authority)), (200, 0));
    let seen = format!("{:?}{:?}", world.juju.log("proxy/0"), world.juju.bag(relations[0], "proxy/0"));
    assert!(!seen.contains("PRIVATE KEY"), "{seen}");

    world.juju.configure("proxy", [("certificate-secrets", "")]);
    world.juju.settle();
    assert_eq!(told(&world, relations[0]), both("self-signed", "self-signed"));
}

fn code(world: &World, authority: &Authority) -> u16 {
    world.get("https://a.example.com/").checked(&authority.root()).send().code
}

#[test]
fn what_is_no_secret_is_a_malformed_option() {
    let (mut world, _) = proxy_and(&[]);
    world.juju.configure("proxy", [("certificate-secrets", "/etc/ssl/private/key.pem")]);
    world.juju.settle();
    let said = "blocked: option certificate-secrets: not a secret's URI such as secret:9m4e2mr0ui3e8a215n4g";
    assert!(status(&world).starts_with(said), "{}", status(&world));
}
