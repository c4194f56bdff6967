use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use time::{Duration, OffsetDateTime};

use super::authority::Authority;
use super::{names, now};
use crate::cert::signing::request::Request;
use crate::cert::signing::{Asking, KeyKind, Outcome, ask, forget};
use crate::cert::{Folder, Pair, Source};
use crate::host::Host;
use crate::wire::tls_certificates::{
    Answer, Answers, Capabilities, Certificate, Denial, Issued, SigningRequest,
};
use crate::wire::{Fqdn, Refusal};

/// A unit, and a provider whose answers the test gives.
struct Stage {
    machine: tempfile::TempDir,
    authority: Authority,
    answers: Answers,
    asking: Asking,
    now: OffsetDateTime,
}

impl Stage {
    fn new() -> Self {
        Self {
            machine: tempfile::tempdir().unwrap(),
            authority: Authority::root("root"),
            answers: Answers::default(),
            asking: Asking::default(),
            now: now(),
        }
    }

    fn host(&self) -> Host {
        Host::new(self.machine.path(), std::env::var_os("PATH").unwrap())
    }

    fn folder(&self) -> Folder {
        Folder::of(&self.host(), &"proxy/0".parse().unwrap())
    }

    fn ask(&mut self, sites: &[&[&str]]) -> Outcome {
        let sites: Vec<Vec<Fqdn>> = sites.iter().map(|site| names(site)).collect();
        let sites: Vec<(&Fqdn, &[Fqdn])> = sites.iter().map(|names| (&names[0], names.as_slice())).collect();
        let answers = self.answers.clone();
        let read = |ours: &BTreeSet<SigningRequest>| {
            let mut answers = answers;
            answers.by_request.retain(|request, _| ours.contains(request));
            Ok(answers)
        };
        let (host, folder, key) = (self.host(), self.folder(), KeyKind::P256);
        ask(&host, &folder, &sites, read, &mut self.asking, key, self.now).unwrap()
    }

    /// The request of a site that waits for its answer.
    fn pending(&self, id: &str) -> Option<Request> {
        Request::read(&self.host().read(&self.folder().request(&id.parse().unwrap())).unwrap()?)
    }

    fn pair_text(&self, id: &str) -> Option<Vec<u8>> {
        self.host().read(&self.folder().pair(Source::Certificates, &id.parse().unwrap())).unwrap()
    }

    fn served(&self, id: &str) -> Option<Pair> {
        Pair::read(&self.pair_text(id)?)
    }

    /// The provider signs a request as it is.
    fn sign(&mut self, request: &Request) -> Certificate {
        let names: Vec<&str> = request.names.iter().map(String::as_str).collect();
        let certificate = self.authority.issue_from(&request.key, &names, self.now - Duration::HOUR);
        self.issue(request, certificate.clone());
        certificate
    }

    fn issue(&mut self, request: &Request, certificate: Certificate) {
        let ca = self.authority.certificate.clone();
        let issued = Issued { chain: vec![certificate.clone(), ca.clone()], ca, certificate };
        self.answers.by_request.insert(request.csr.clone(), Answer::Issued(issued));
    }

    fn deny(&mut self, request: &Request, code: i64, message: &str) {
        let denial = Denial { code, message: message.to_owned(), reason: None };
        self.answers.by_request.insert(request.csr.clone(), Answer::Denied(denial));
    }
}

fn waiting(outcome: &Outcome) -> Vec<String> {
    outcome.waiting.iter().map(|(id, why)| format!("{id}: {why}")).collect()
}

const A: &[&str] = &["a.example", "www.a.example"];
const WAITS: &str = "a.example: waiting for the certificate provider";

#[test]
fn a_site_asks_once_and_serves_what_it_gets() {
    let mut stage = Stage::new();
    let first = stage.ask(&[A]);
    assert_eq!(waiting(&first), [WAITS]);
    let request = stage.pending("a.example").unwrap();
    assert_eq!(first.requests, [request.csr.clone()].into());
    assert_eq!(stage.ask(&[A]), first, "a hook that is run again publishes the same");

    stage.sign(&request);
    let done = stage.ask(&[A]);
    assert_eq!(done, Outcome { requests: first.requests, ..Outcome::default() });
    assert!(stage.pending("a.example").is_none());
    assert_eq!(stage.served("a.example").unwrap().names, request.names);
    let file = stage.folder().pair(Source::Certificates, &"a.example".parse().unwrap());
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(stage.ask(&[A]), done);
}

#[test]
fn a_third_before_the_end_a_new_request_with_a_new_key_is_sent_and_the_old_stays_until_then() {
    let mut stage = Stage::new();
    stage.ask(&[A]);
    let old = stage.pending("a.example").unwrap();
    stage.sign(&old);
    stage.ask(&[A]);
    stage.now += Duration::days(59);
    assert!(stage.ask(&[A]).waiting.is_empty());
    stage.now += Duration::days(2);
    let before = stage.pair_text("a.example");
    let renewing = stage.ask(&[A]);
    let new = stage.pending("a.example").unwrap();
    assert_ne!(new.public_key(), old.public_key());
    assert_eq!(renewing.requests, [old.csr.clone(), new.csr.clone()].into());
    assert_eq!((waiting(&renewing), stage.pair_text("a.example")), (vec![WAITS.to_owned()], before.clone()));

    stage.deny(&new, 201, "the server is away");
    let told = "a.example: the certificate provider refuses: the server is away (code 201)";
    let refused = stage.ask(&[A]);
    assert_eq!((waiting(&refused), refused.requests), (vec![told.to_owned()], renewing.requests));
    assert_eq!(stage.pair_text("a.example"), before);
    stage.sign(&new);
    assert_eq!(stage.ask(&[A]), Outcome { requests: [new.csr.clone()].into(), ..Outcome::default() });
    assert_ne!(stage.pair_text("a.example"), before);
}

#[test]
fn a_revoked_certificate_is_gone_at_once_and_a_new_one_is_asked_for() {
    let mut stage = Stage::new();
    stage.ask(&[A]);
    let old = stage.pending("a.example").unwrap();
    stage.sign(&old);
    stage.ask(&[A]);
    stage.answers.by_request.insert(old.csr.clone(), Answer::Revoked);
    let told = "a.example: the certificate provider has revoked the certificate; waiting for the certificate provider";
    let revoked = stage.ask(&[A]);
    let new = stage.pending("a.example").unwrap();
    assert_eq!((waiting(&revoked), stage.served("a.example")), (vec![told.to_owned()], None));
    assert_eq!(revoked.requests, [new.csr.clone()].into());
    assert!(revoked.has_retired);
    let again = Outcome { has_retired: false, ..revoked };
    assert_eq!(stage.ask(&[A]), again, "it is told until the new one is in");
    stage.sign(&new);
    assert!(stage.ask(&[A]).waiting.is_empty());
    assert!(stage.served("a.example").is_some());
}

#[test]
fn a_provider_that_revokes_everything_is_asked_five_times_an_hour() {
    let mut stage = Stage::new();
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        for request in stage.ask(&[A]).requests {
            stage.answers.by_request.insert(request.clone(), Answer::Revoked);
            seen.insert(request);
        }
    }
    assert_eq!(seen.len(), 5);
    let later = "a.example: 5 certificates were asked for in an hour: the next one later";
    assert_eq!(waiting(&stage.ask(&[A])), [later]);
    stage.now += Duration::HOUR;
    assert_eq!(stage.ask(&[A]).requests.len(), 1);
}

#[test]
fn a_provider_whose_certificates_are_due_at_once_is_asked_three_times_an_hour() {
    let mut stage = Stage::new();
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        seen.extend(stage.ask(&[A]).requests);
        if let Some(request) = stage.pending("a.example") {
            let names: Vec<&str> = request.names.iter().map(String::as_str).collect();
            let old = stage.authority.issue_from(&request.key, &names, stage.now - Duration::days(61));
            stage.issue(&request, old);
        }
    }
    assert_eq!(seen.len(), 3);
    assert!(stage.ask(&[A]).waiting.is_empty() && stage.served("a.example").is_some());
    stage.now += Duration::HOUR;
    assert_eq!(stage.ask(&[A]).requests.len(), 2, "the next one");
}

#[test]
fn another_certificate_for_the_same_request_takes_the_place_of_the_first() {
    let mut stage = Stage::new();
    stage.ask(&[A]);
    let request = stage.pending("a.example").unwrap();
    let first = stage.sign(&request);
    stage.ask(&[A]);
    stage.authority = Authority::root("new root");
    let second = stage.sign(&request);
    assert_ne!(first, second);
    assert_eq!(stage.ask(&[A]).requests, [request.csr].into());
    let served = String::from_utf8(stage.pair_text("a.example").unwrap()).unwrap();
    assert!(served.starts_with(&second.to_pem()), "{served}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_and_what_is_served_stays() {
    let mut stage = Stage::new();
    stage.ask(&[A]);
    let request = stage.pending("a.example").unwrap();
    let wrong = stage.authority.issue(&request.key, &["a.example"]);
    stage.issue(&request, wrong);
    let told = "a.example: the certificate of the provider cannot be used: it is not for www.a.example";
    let outcome = stage.ask(&[A]);
    assert_eq!((waiting(&outcome), stage.served("a.example")), (vec![told.to_owned()], None));
    assert_eq!(outcome.requests, [request.csr.clone()].into(), "the provider may do better");
    stage.sign(&request);
    assert!(stage.ask(&[A]).waiting.is_empty());
    let before = stage.pair_text("a.example");
    let wrong = stage.authority.issue(&request.key, &["b.example"]);
    stage.issue(&request, wrong);
    stage.ask(&[A]);
    assert_eq!(stage.pair_text("a.example"), before);
}

#[test]
fn rsa_is_for_providers_that_say_so() {
    let mut stage = Stage::new();
    stage.ask(&[A, &["b.example"]]);
    let (a, b) = (stage.pending("a.example").unwrap(), stage.pending("b.example").unwrap());
    assert_eq!((a.kind, b.kind), (KeyKind::P256, KeyKind::P256));
    stage.deny(&a, 999, "role requires keys of type rsa");
    stage.deny(&b, 102, "not this name");
    let outcome = stage.ask(&[A, &["b.example"]]);
    let (new_a, new_b) = (stage.pending("a.example").unwrap(), stage.pending("b.example").unwrap());
    assert_eq!((new_a.kind, new_b.kind), (KeyKind::Rsa, KeyKind::Rsa), "b's was not answered either");
    assert_eq!(outcome.requests, [new_a.csr.clone(), new_b.csr].into());
    stage.sign(&new_a);
    assert!(!stage.ask(&[A, &["b.example"]]).waiting.contains_key(&"a.example".parse().unwrap()));
    assert!(stage.served("a.example").is_some());
}

#[test]
fn names_change_and_sites_come_and_go() {
    let mut stage = Stage::new();
    stage.ask(&[A, &["b.example"]]);
    let (a, b) = (stage.pending("a.example").unwrap(), stage.pending("b.example").unwrap());
    stage.sign(&a);
    stage.sign(&b);
    let both = stage.ask(&[A, &["b.example"]]).requests;
    assert_eq!(both, [a.csr.clone(), b.csr.clone()].into());

    assert_eq!(stage.ask(&[A]).requests, [a.csr.clone()].into(), "nobody needs b's certificate");
    assert!(stage.served("b.example").is_some(), "but it is not deleted: the site may come back");
    assert_eq!(stage.ask(&[A, &["b.example"]]).requests, both);

    let fewer = stage.ask(&[&["a.example"]]);
    assert_eq!(
        (fewer.requests, fewer.waiting.len()),
        ([a.csr.clone()].into(), 0),
        "it is still for its names"
    );
    let more = &["a.example", "new.a.example"][..];
    let outcome = stage.ask(&[more]);
    let new = stage.pending("a.example").unwrap();
    assert_eq!(outcome.requests, [a.csr.clone(), new.csr].into());
    assert!(stage.served("a.example").is_some(), "served until the new one is in");
    assert_eq!(stage.ask(&[A]).requests, [a.csr.clone()].into(), "the request is taken back");
    assert!(stage.pending("a.example").is_none());

    stage.ask(&[&["c.example"]]);
    assert!(stage.pending("c.example").is_some());
    stage.ask(&[A]);
    assert!(stage.pending("c.example").is_none(), "the key of a site that is gone is deleted");
    stage.ask(&[&["c.example"]]);
    forget(&stage.host(), &stage.folder()).unwrap();
    assert!(stage.pending("c.example").is_none() && stage.served("a.example").is_some());
}

#[test]
fn what_the_provider_cannot_issue_is_not_asked_for() {
    let mut stage = Stage::new();
    stage.answers.capabilities =
        Capabilities { allowed_domains: vec!["b.example".to_owned()], supports_subdomain: None };
    let outcome = stage.ask(&[A, &["b.example"]]);
    let told = "a.example: the certificate provider issues certificates for b.example alone";
    assert_eq!(waiting(&outcome)[0], told);
    assert_eq!(outcome.requests, [stage.pending("b.example").unwrap().csr].into());
}

#[test]
fn what_cannot_be_read_is_told_to_those_who_wait_for_an_answer() {
    let mut stage = Stage::new();
    stage.ask(&[A, &["b.example"]]);
    let (a, b) = (stage.pending("a.example").unwrap(), stage.pending("b.example").unwrap());
    stage.sign(&b);
    let refusal = Refusal { field: "certificates".to_owned(), reason: "not a list but a number".to_owned() };
    stage.answers.unreadable.push(refusal);
    let outcome = stage.ask(&[A, &["b.example"]]);
    let told = "a.example: waiting for the certificate provider, of which this cannot be read: certificates: not a \
                list but a number";
    assert_eq!(waiting(&outcome), [told]);
    stage.deny(&a, 102, "not ours");
    assert!(waiting(&stage.ask(&[A]))[0].ends_with("refuses: not ours (code 102)"));
}

#[test]
fn damaged_files_are_made_anew() {
    let mut stage = Stage::new();
    stage.ask(&[A]);
    let request = stage.pending("a.example").unwrap();
    let (file, id) = (stage.folder(), "a.example".parse().unwrap());
    std::fs::write(file.request(&id), "damaged").unwrap();
    stage.ask(&[A]);
    let new = stage.pending("a.example").unwrap();
    assert_ne!(new.csr, request.csr);
    stage.sign(&new);
    stage.ask(&[A]);
    std::fs::write(file.pair(Source::Certificates, &id), "damaged").unwrap();
    assert_eq!(waiting(&stage.ask(&[A])), [WAITS]);
}
