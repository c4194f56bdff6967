use serde_json::{Value, json};

use super::*;
use crate::proxy::lookup::Known;
use crate::wire::Refusal;

/// Requests as lines of `OWNER UNIT NAMES UPSTREAMS [CREDENTIALS]`; `!` for a refused one, `-` for no upstreams.
fn wanted(lines: &[&str]) -> Vec<Wanted> {
    let one = |line: &&str| {
        let mut words = line.split(' ');
        let (owner, unit) = (words.next().unwrap(), words.next().unwrap());
        let rest: Vec<&str> = words.collect();
        let request = match rest.as_slice() {
            ["!"] => Err(Refusal { field: "fqdn[0]".to_owned(), reason: "no".to_owned() }),
            [names, upstreams, credentials @ ..] => {
                let mut request =
                    CertRequest::new(names.split(',').map(|name| name.parse().unwrap())).unwrap();
                let upstreams = upstreams.split(',').filter(|upstream| *upstream != "-");
                request.upstreams = upstreams
                    .map(|text| {
                        let (host, port) = text.rsplit_once(':').unwrap();
                        crate::wire::Upstream { host: host.parse().unwrap(), port: port.parse().unwrap() }
                    })
                    .collect();
                request.protection = (!credentials.is_empty())
                    .then(|| crate::wire::Protection::Text(credentials.join(" ").parse().unwrap()));
                Ok(request)
            }
            _ => panic!("{line}"),
        };
        Wanted {
            owner: owner.to_owned().try_into().unwrap(),
            app: unit.split('/').next().unwrap().to_owned(),
            unit: unit.to_owned(),
            request,
        }
    };
    lines.iter().map(one).collect()
}

/// The plan as `OWNER NAMES -> UPSTREAMS [USER]`, and the answers as JSON.
fn planned(claims: &Claims, lines: &[&str]) -> (Vec<String>, Value, Claims) {
    planned_by(&Policy::default(), claims, lines)
}

fn planned_by(policy: &Policy, claims: &Claims, lines: &[&str]) -> (Vec<String>, Value, Claims) {
    let known = |addresses: &[&str], trouble: Option<&str>| Known {
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        trouble: trouble.map(str::to_owned),
    };
    let resolved = Resolved::from([
        ("web".to_owned(), known(&["10.0.0.1", "10.0.0.2"], None)),
        ("self".to_owned(), known(&["127.0.0.1"], None)),
        ("gone".to_owned(), known(&[], Some("the upstream gone does not resolve"))),
        ("lost".to_owned(), known(&["10.0.0.3"], Some("the upstream lost does not resolve"))),
    ]);
    let plan = plan(wanted(lines), claims.clone(), policy, &resolved);
    let site = |site: &Site| {
        let names: Vec<&str> = site.names.iter().map(Fqdn::as_str).collect();
        let upstreams: Vec<String> = site.upstreams.iter().map(ToString::to_string).collect();
        let user = match &site.protection {
            Some(Protection::Text(credentials)) => format!(" {}", credentials.user()),
            Some(Protection::Secret(secret)) => format!(" {secret}"),
            None => String::new(),
        };
        format!("{} {} -> {}{user}", site.owner, names.join(","), upstreams.join(","))
    };
    let answers: serde_json::Map<String, Value> =
        plan.answers.iter().map(|(owner, answer)| (owner.to_string(), answer.to_value())).collect();
    (plan.sites.iter().map(site).collect(), Value::Object(answers), plan.claims)
}

#[test]
fn requests_that_share_a_name_are_one_site_and_the_first_units_word_stands() {
    let (sites, answers, _) = planned(
        &Claims::default(),
        &[
            "tls:3 blog/0 a.bc 10.0.0.1:80 ann pw",
            "tls:3 blog/1 x.yz 10.0.0.9:80",
            "tls:3 blog/2 a.bc,b.bc 10.0.0.2:80,10.0.0.1:80 bob pw",
            "tls:3 blog/10 b.bc 10.0.0.3:80 ann pw",
        ],
    );
    assert_eq!(
        sites,
        ["tls:3 a.bc,b.bc -> 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 ann", "tls:3 x.yz -> 10.0.0.9:80"]
    );
    let note = "credentials differ between blog/0 and blog/2: blog/0's stand";
    assert_eq!(answers, json!({"tls:3": {"_notes": {"a.bc": note}}}));
}

#[test]
fn a_later_request_can_join_two_sites() {
    let (sites, _, _) = planned(
        &Claims::default(),
        &[
            "tls:3 blog/0 a.bc 10.0.0.1:80",
            "tls:3 blog/1 b.bc 10.0.0.2:80",
            "tls:3 blog/2 b.bc,a.bc 10.0.0.3:80",
        ],
    );
    assert_eq!(sites, ["tls:3 a.bc,b.bc -> 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80"]);
}

#[test]
fn applications_never_share_a_site_and_the_first_has_the_name() {
    let lines = ["tls:3 blog/0 a.bc 10.0.0.1:80", "tls:4 shop/0 a.bc,s.bc 10.0.0.2:80"];
    let (sites, answers, claims) = planned(&Claims::default(), &lines);
    assert_eq!(sites, ["tls:3 a.bc -> 10.0.0.1:80", "tls:4 s.bc -> 10.0.0.2:80"]);
    assert_eq!(answers, json!({"tls:3": {}, "tls:4": {"_pending": {"a.bc": "taken"}}}));

    let (sites, answers, _) = planned(&claims, &lines[1..]);
    assert_eq!(sites, ["tls:4 a.bc,s.bc -> 10.0.0.2:80"], "free again");
    assert_eq!(answers, json!({"tls:4": {}}));
}

#[test]
fn who_came_first_keeps_the_name_whatever_the_number_of_the_relation() {
    let (_, _, claims) = planned(&Claims::default(), &["tls:9 shop/0 a.bc 10.0.0.2:80"]);
    let (sites, _, _) = planned(&claims, &["tls:3 blog/0 a.bc 10.0.0.1:80", "tls:9 shop/0 a.bc 10.0.0.2:80"]);
    assert_eq!(sites, ["tls:9 a.bc -> 10.0.0.2:80"]);
}

#[test]
fn a_refused_request_keeps_its_names_reserved_and_nothing_else() {
    let (_, _, claims) = planned(&Claims::default(), &["tls:3 blog/0 a.bc 10.0.0.1:80"]);
    let (sites, answers, claims) = planned(&claims, &["tls:3 blog/0 !", "tls:4 shop/0 a.bc 10.0.0.2:80"]);
    assert!(sites.is_empty());
    let refused = json!([{"unit": "blog/0", "field": "fqdn[0]", "reason": "no"}]);
    let reserved = json!({"a.bc": "reserved: its request is refused"});
    assert_eq!(
        answers,
        json!({"tls:3": {"_refused": refused, "_pending": reserved}, "tls:4": {"_pending": {"a.bc": "taken"}}})
    );

    let (sites, _, _) =
        planned(&claims, &["tls:3 blog/0 other.bc 10.0.0.1:80", "tls:4 shop/0 a.bc 10.0.0.2:80"]);
    assert_eq!(
        sites,
        ["tls:3 other.bc -> 10.0.0.1:80", "tls:4 a.bc -> 10.0.0.2:80"],
        "a good request lets it go"
    );
}

#[test]
fn a_name_is_kept_by_any_unit_that_still_wants_it() {
    let both = ["tls:3 blog/0 a.bc 10.0.0.1:80", "tls:3 blog/1 a.bc 10.0.0.2:80"];
    let (_, _, claims) = planned(&Claims::default(), &both);
    let (sites, _, _) = planned(
        &claims,
        &["tls:2 shop/0 a.bc 10.0.0.9:80", "tls:3 blog/0 b.bc 10.0.0.1:80", "tls:3 blog/1 a.bc 10.0.0.2:80"],
    );
    assert_eq!(sites, ["tls:3 b.bc -> 10.0.0.1:80", "tls:3 a.bc -> 10.0.0.2:80"]);
}

#[test]
fn the_operators_own_site_takes_its_names_from_anyone() {
    let (_, _, claims) = planned(&Claims::default(), &["tls:3 blog/0 a.bc 10.0.0.1:80"]);
    let lines = ["own proxy/0 a.bc 10.0.0.5:80", "tls:3 blog/0 a.bc 10.0.0.1:80"];
    let (sites, answers, _) = planned(&claims, &lines);
    assert_eq!(sites, ["own a.bc -> 10.0.0.5:80"]);
    assert_eq!(answers, json!({"own": {}, "tls:3": {"_pending": {"a.bc": "taken"}}}));
}

#[test]
fn without_upstreams_names_are_kept_and_the_client_is_told() {
    let (sites, answers, _) = planned(&Claims::default(), &["tls:3 blog/0 a.bc,b.bc -"]);
    assert_eq!(sites, ["tls:3 a.bc,b.bc -> "]);
    let why = "no upstreams: the site answers 503";
    assert_eq!(answers, json!({"tls:3": {"_pending": {"a.bc": why, "b.bc": why}}}));
}

#[test]
fn names_among_the_upstreams_are_served_as_far_as_they_resolve() {
    let (sites, answers, _) = planned(
        &Claims::default(),
        &["tls:3 blog/0 a.bc web:80,gone:80,self:80", "tls:4 shop/0 b.bc gone:80"],
    );
    assert_eq!(sites, ["tls:3 a.bc -> 10.0.0.1:80,10.0.0.2:80", "tls:4 b.bc -> "]);
    assert_eq!(
        answers,
        json!({
            "tls:3": {"_notes": {"a.bc": "the upstream gone does not resolve; the upstream self is a loopback address, which this proxy does not serve"}},
            "tls:4": {"_pending": {"b.bc": "no upstreams: the site answers 503; the upstream gone does not resolve"}},
        })
    );
}

#[test]
fn an_address_of_the_proxy_itself_is_refused() {
    let (sites, answers, _) =
        planned(&Claims::default(), &["tls:3 blog/0 a.bc 10.0.0.1:80,169.254.169.254:80"]);
    assert!(sites.is_empty());
    let refused = json!([{"unit": "blog/0", "field": "upstreams[1].hostname",
        "reason": "a cloud's metadata address, which this proxy does not serve"}]);
    assert_eq!(answers, json!({"tls:3": {"_refused": refused}}));
}

#[test]
fn a_name_that_no_longer_resolves_keeps_its_last_addresses_and_is_told() {
    let (sites, answers, _) = planned(&Claims::default(), &["tls:3 blog/0 a.bc lost:80"]);
    assert_eq!(sites, ["tls:3 a.bc -> 10.0.0.3:80"]);
    let note = "the upstream lost does not resolve: its last addresses are used";
    assert_eq!(answers, json!({"tls:3": {"_notes": {"a.bc": note}}}));
}

#[test]
fn the_operator_says_who_may_have_which_names() {
    let lines = ["tls:3 blog/0 a.bc,shop.de 10.0.0.1:80", "tls:4 shop/0 a.bc,shop.de 10.0.0.2:80"];
    let policy = Policy { domains: "blog=a.bc shop=shop.de,a.bc".parse().unwrap(), ..Policy::default() };
    let (sites, answers, claims) = planned_by(&policy, &Claims::default(), &lines);
    assert_eq!(sites, ["tls:3 a.bc -> 10.0.0.1:80", "tls:4 shop.de -> 10.0.0.2:80"]);
    let not_allowed = "not allowed for this application by the operator of the proxy";
    assert_eq!(
        answers,
        json!({"tls:3": {"_pending": {"shop.de": not_allowed}}, "tls:4": {"_pending": {"a.bc": "taken"}}})
    );
    let stricter = Policy { domains: "blog=x.yz shop=*".parse().unwrap(), ..Policy::default() };
    let (sites, _, _) = planned_by(&stricter, &claims, &lines);
    assert_eq!(sites, ["tls:4 a.bc,shop.de -> 10.0.0.2:80"], "a claim ends when the operator says so");
}

#[test]
fn the_largest_site_and_the_most_refusals_are_planned() {
    let units: Vec<String> = (0..1000)
        .map(|unit| {
            let names: Vec<String> =
                (1..CertRequest::MAX_NAMES).map(|name| format!("n{name}.u{unit}.bc")).collect();
            format!("tls:1 blog/{unit} all.bc,{} 10.0.0.1:80", names.join(","))
        })
        .collect();
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    let (sites, answers, _) = planned(&Claims::default(), &units);
    assert_eq!((sites.len(), &answers), (1, &json!({"tls:1": {}})));
    assert_eq!(sites[0].split(',').count(), 1 + 1000 * (CertRequest::MAX_NAMES - 1));

    let lines = |request: &str| -> Vec<String> {
        (0..10_000)
            .map(|client| format!("tls:{client} c{client}/0 {}", request.replace('N', &client.to_string())))
            .collect()
    };
    let plan = |claims: &Claims, lines: &[String]| {
        planned(claims, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (sites, _, claims) = plan(&Claims::default(), &lines("cN.bc 10.0.0.1:80"));
    assert_eq!(sites.len(), 10_000);
    let (sites, answers, after) = plan(&claims, &lines("!"));
    assert!(sites.is_empty() && after == claims);
    for (client, answer) in answers.as_object().unwrap() {
        let name = format!("c{}.bc", client.trim_start_matches("tls:"));
        assert_eq!(answer["_pending"], json!({name: "reserved: its request is refused"}));
    }
}

#[test]
fn a_name_for_which_another_waits_is_not_forgotten_where_it_goes_from_unit_to_unit() {
    let of = |text: &str| Owner::try_from(text.to_owned()).unwrap();
    let after = |owner: &str, before: &Claims, lines: &[&str]| {
        let before = Claims::around(of(owner), before.by_name().clone());
        (before.clone(), before.after(&wanted(lines), &Policy::default()))
    };
    let (_, first) = after("tls:3", &Claims::default(), &["tls:3 a/0 a.bc -"]);
    let (_, waits) = after("tls:4", &first, &["tls:4 b/0 a.bc -"]);
    let (before, moved) = after("tls:3", &waits, &["tls:3 a/1 a.bc -"]);
    assert!(!before.frees(&moved));
    let (before, gone) = after("tls:3", &moved, &[]);
    assert!(before.frees(&gone), "it is free for who waits for it");
}
