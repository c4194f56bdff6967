//! `library.json` holds the bags that both sides of the Python library charmlibs-interfaces-tls-certificates 1.12
//! write: requests for a, b, c and d; a's is answered, b's certificate is revoked, c's is denied.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{any, proptest};
use serde_json::{Value, json};

use super::{Answer, Answers, Capabilities, SigningRequest, requests_to_wire};
use crate::wire::{Bag, Fqdn};

fn library(side: &str) -> Bag {
    let mut bags: BTreeMap<String, Bag> = serde_json::from_str(include_str!("tests/library.json")).unwrap();
    bags.remove(side).unwrap()
}

fn written(side: &str, key: &str) -> Value {
    serde_json::from_str(library(side).get(key).unwrap()).unwrap()
}

/// The requests for a, b, c and d.
fn requests() -> Vec<SigningRequest> {
    let list = written("requirer", super::REQUESTS);
    let text = |entry: &Value| entry["certificate_signing_request"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|entry| SigningRequest::parse(&text(entry)).unwrap()).collect()
}

fn ours() -> BTreeSet<SigningRequest> {
    requests().into_iter().collect()
}

/// The provider's bag with another value under a key.
fn with(key: &str, value: &Value) -> Bag {
    let mut bag = library("provider");
    bag.insert(key.to_owned(), value.to_string());
    bag
}

fn certificates() -> Value {
    written("provider", "certificates")
}

fn told(bag: &Bag) -> Vec<String> {
    let answers = Answers::parse(bag, &ours());
    let said = requests().into_iter().map(|request| match answers.by_request.get(&request) {
        None => "nothing".to_owned(),
        Some(Answer::Issued(issued)) => format!("a chain of {}", issued.chain.len()),
        Some(Answer::Revoked) => "revoked".to_owned(),
        Some(Answer::Denied(denial)) => denial.to_string(),
        Some(Answer::Unreadable(refusal)) => refusal.to_string(),
    });
    said.chain(answers.unreadable.iter().map(ToString::to_string)).collect()
}

#[test]
fn requests_are_written_as_the_library_writes_them() {
    let ours: Value = serde_json::from_str(&requests_to_wire(&requests()).unwrap()).unwrap();
    assert_eq!(ours, written("requirer", super::REQUESTS));
    assert_eq!(requests_to_wire([]), None);
}

#[test]
fn the_answers_of_the_library_are_understood() {
    let denied = "Domain not allowed: example.com is not served (code 102)";
    assert_eq!(told(&library("provider")), ["a chain of 3", "revoked", denied, "nothing"]);
    assert_eq!(
        Answers::parse(&library("provider"), &ours()).capabilities,
        Capabilities { allowed_domains: vec!["example.com".to_owned()], supports_subdomain: None }
    );
    let of_others = Answers::parse(&library("provider"), &BTreeSet::new());
    assert!(of_others.by_request.is_empty() && of_others.unreadable.is_empty());
    assert_eq!(Answers::parse(&Bag::new(), &ours()), Answers::default());
}

#[test]
fn white_space_around_a_request_and_other_line_breaks_are_no_difference() {
    let mut certificates = certificates();
    let text = certificates[0]["certificate_signing_request"].as_str().unwrap().to_owned();
    for other in [format!("\n {text}\n\n"), text.replace('\n', "\r\n")] {
        certificates[0]["certificate_signing_request"] = other.into();
        assert_eq!(told(&with("certificates", &certificates))[0], "a chain of 3");
    }
}

#[test]
fn a_certificate_counts_more_than_an_error_and_a_later_one_more_than_an_earlier() {
    let all = certificates();
    let request = all[0]["certificate_signing_request"].clone();
    let mut errors = written("provider", "request_errors");
    errors[0]["csr"] = request;
    assert_eq!(told(&with("request_errors", &errors))[0], "a chain of 3");
    let mut shorter = all[0].clone();
    shorter["chain"] = json!([]);
    assert_eq!(told(&with("certificates", &json!([all[0], shorter])))[0], "a chain of 0");
    let mut revoked = all[0].clone();
    revoked["revoked"] = true.into();
    assert_eq!(told(&with("certificates", &json!([all[0], revoked])))[0], "a chain of 3");
}

#[test]
fn a_bad_entry_is_that_entrys_fault_alone() {
    let entry = certificates()[0].clone();
    let damaged = |key: &str, value: Value| {
        let mut entry = entry.clone();
        entry[key] = value;
        entry
    };
    let at = "certificates[0]";
    for (bad, fault) in [
        (damaged("certificate", 7.into()), format!("{at}.certificate: not a string but a number")),
        (damaged("certificate", "x\ny".into()), format!("{at}.certificate: not PEM: x?y")),
        (damaged("ca", Value::Null), format!("{at}.ca: not a string but null")),
        (
            damaged("ca", entry["certificate_signing_request"].clone()),
            format!("{at}.ca: not a CERTIFICATE in PEM but: CERTIFICATE REQUEST"),
        ),
        (damaged("chain", 7.into()), format!("{at}.chain: not a list but a number")),
        (damaged("chain", json!([entry["ca"], "x"])), format!("{at}.chain[1]: not PEM: x")),
        (
            damaged("chain", json!([format!("{0}\n{0}", entry["ca"].as_str().unwrap())])),
            format!("{at}.chain[0]: not one PEM block but 2"),
        ),
        (
            damaged("chain", vec![entry["ca"].clone(); 11].into()),
            format!("{at}.chain: longer than 10 certificates"),
        ),
        (
            damaged("certificate", "x".repeat(200_000).into()),
            format!("{at}.certificate: longer than 131072 characters"),
        ),
    ] {
        let said = told(&with("certificates", &json!([bad, certificates()[1]])));
        assert_eq!(said[..2], [fault, "revoked".to_owned()]);
        assert_eq!(said.len(), 4, "{said:?}");
    }
}

#[test]
fn what_cannot_be_ascribed_is_told_and_everything_else_goes_on() {
    let all = certificates();
    for (key, value, fault) in [
        ("certificates", json!([7, all[0]]), "certificates[0]: not an object but a number"),
        ("certificates", json!([{}, all[0]]), "certificates[0].certificate_signing_request: missing"),
        ("request_errors", json!({}), "request_errors: not a list but an object"),
        ("request_errors", json!([{"csr": "x"}]), "request_errors[0].csr: not PEM: x"),
        ("capabilities", json!([]), "capabilities: not an object but a list"),
    ] {
        let said = told(&with(key, &value));
        assert_eq!((said[0].as_str(), said.last().unwrap().as_str()), ("a chain of 3", fault));
    }
    let mut bag = library("provider");
    bag.insert("certificates".to_owned(), "[{".to_owned());
    let said = told(&bag);
    assert_eq!(said[0], "nothing");
    assert!(said[2].starts_with("Domain not allowed") && said[4].starts_with("certificates: not JSON: "));
}

#[test]
fn texts_of_an_error_are_made_harmless_and_a_key_that_is_refused_is_told() {
    let request = certificates()[0]["certificate_signing_request"].clone();
    let bag = |error: Value| {
        let errors = json!([{"csr": request, "error": error}]);
        Bag::from_iter([("request_errors".to_owned(), errors.to_string())])
    };
    let denial = |error: Value| {
        let answers = Answers::parse(&bag(error), &ours());
        match answers.by_request.into_values().next() {
            Some(Answer::Denied(denial)) => Ok((denial.is_about_the_key(), denial.to_string())),
            other => Err(format!("{other:?}")),
        }
    };
    let vault = json!({"code": 999, "name": "OTHER", "message": "not signed", "reason": "role requires keys of type rsa"});
    assert_eq!(
        denial(vault).unwrap(),
        (true, "not signed: role requires keys of type rsa (code 999)".to_owned())
    );
    let named = json!({"code": 201, "name": "SERVER_NOT_AVAILABLE", "message": ""});
    assert_eq!(denial(named).unwrap(), (false, "SERVER_NOT_AVAILABLE (code 201)".to_owned()));
    let hostile = json!({"code": 102, "message": "a\u{1b}[2J\n".repeat(100), "reason": "RSA"});
    let (key, text) = denial(hostile).unwrap();
    assert!(!key && text.len() < 230 && text.is_ascii() && !text.contains(['\n', '\u{1b}']), "{text}");
    let error = denial(json!("no")).unwrap_err();
    assert!(error.contains("request_errors[0].error") && error.contains("not an object but a string"));
    assert!(denial(json!({"code": "102"})).unwrap_err().contains("no code"));
}

#[test]
fn capabilities_are_heeded_as_far_as_they_are_said() {
    let check = |capabilities: Value, name: &str| {
        let answers = Answers::parse(&with("capabilities", &capabilities), &ours());
        assert!(answers.unreadable.is_empty(), "{capabilities}");
        answers.capabilities.check(&name.parse::<Fqdn>().unwrap()).err()
    };
    let none = json!({"allowed_domains": ["example.com", "*.Example.org"]});
    let only = "the certificate provider issues certificates for example.com, example.org alone";
    for (name, refused) in [
        ("example.com", None),
        ("a.b.example.com", None),
        ("x.example.org", None),
        ("badexample.com", Some(only)),
        ("example.net", Some(only)),
    ] {
        assert_eq!(check(none.clone(), name).as_deref(), refused, "{name}");
    }
    let exact = json!({"allowed_domains": ["example.com"], "supports_subdomain": false});
    assert_eq!(check(exact.clone(), "example.com"), None);
    let below =
        "the certificate provider issues certificates for example.com alone and not for names below them";
    assert_eq!(check(exact, "a.example.com").as_deref(), Some(below));
    for unknown in [json!(null), json!({}), json!({"allowed_domains": []}), json!({"allowed_domains": 7})] {
        assert_eq!(check(unknown, "a.example.com"), None);
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>(), key in "(certificates|request_errors|capabilities)") {
        Answers::parse(&Bag::from_iter([(key.clone(), text.clone())]), &ours());
        Answers::parse(&with(&key, &json!([{"csr": text, "certificate_signing_request": text}])), &ours());
    }
}
