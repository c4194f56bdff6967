use std::collections::HashSet;

use serde_json::{Map, Value};

use super::directive::{self, Directive};
use super::{Credentials, Email, Fqdn, Reason, Refusal, Upstream, json};

/// What one unit asks for: names that share a certificate, and the servers behind them.
///
/// The value of the key `cert-request` in the unit bag of a client, a JSON object:
///
/// ```json
/// {"fqdn": ["example.com", "blog.example.com"], "contact-email": "", "credentials": "user pass",
///  "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}], "nginx-config": []}
/// ```
///
/// Only `fqdn` must be there. Other keys are ignored, `juju_unit` among them; of a key that is there twice the
/// last counts.
///
/// One that was read has [`Directive`]s, which are what they should be. One that is to be sent ([`Composed`]) has them
/// as text: the proxy that gets it is the one to judge them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertRequest<D = Directive> {
    fqdn: Vec<Fqdn>,
    /// Where the certificate authority may write to; on the wire "" for nowhere.
    pub contact_email: Option<Email>,
    /// What visitors must know; on the wire "" for an open site.
    pub credentials: Option<Credentials>,
    /// The servers, in the client's order; none is a site that answers that it has none.
    pub upstreams: Vec<Upstream>,
    /// Directives for the location of the site in nginx.
    pub nginx_config: Vec<D>,
}

/// A request that is to be sent.
pub type Composed = CertRequest<String>;

impl<D> CertRequest<D> {
    /// A request for `fqdn`, at least one name, and nothing else; repeated names are dropped.
    pub fn new(fqdn: impl IntoIterator<Item = Fqdn>) -> Result<Self, Refusal> {
        let mut seen = HashSet::new();
        let fqdn: Vec<Fqdn> = fqdn.into_iter().filter(|name| seen.insert(name.clone())).collect();
        if fqdn.is_empty() {
            return Err(at_least_one_name());
        }
        Ok(Self {
            fqdn,
            contact_email: None,
            credentials: None,
            upstreams: Vec::new(),
            nginx_config: Vec::new(),
        })
    }

    fn object(text: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        const WHOLE: &str = "cert-request";
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > CertRequest::MAX_BYTES {
            return Err(Reason::new(format!("longer than {} bytes", CertRequest::MAX_BYTES)).at(WHOLE));
        }
        // Syntax errors of serde_json tell the place, and repeat nothing of the text.
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Reason::new(format!("not JSON: {error}")).at(WHOLE))?;
        match value {
            value if is_nothing(&value) => Ok(None),
            Value::Object(object) => Ok(Some(object)),
            other => Err(Reason::expected("an object", &other).at(WHOLE)),
        }
    }

    /// The names, at least one, each once, in the client's order.
    pub fn fqdn(&self) -> &[Fqdn] {
        &self.fqdn
    }

    fn from_object(object: &Map<String, Value>, nginx_config: Vec<D>) -> Result<Self, Refusal> {
        let request = Self::new(names(object)?)?;
        let contact_email = optional(object, "contact-email")?;
        let credentials = optional(object, "credentials")?;
        let upstreams = upstreams(object)?;
        Ok(Self { contact_email, credentials, upstreams, nginx_config, ..request })
    }
}

impl CertRequest {
    /// The longest request that is read, in bytes: some hundred times the longest that makes sense.
    pub const MAX_BYTES: usize = 256 * 1024;
    /// The most names in a request that is read, repeated ones too: what Let's Encrypt puts into one certificate.
    pub const MAX_NAMES: usize = 100;
    /// The most upstreams in a request that is read; one unit usually sends itself.
    pub const MAX_UPSTREAMS: usize = 256;

    /// Reads the text of a `cert-request`; `None` is no request, which is what `{} [] 0 null false ""` and no text
    /// mean. The first thing that is wrong refuses the whole.
    pub fn parse(text: &str) -> Result<Option<Self>, Refusal> {
        let Some(object) = Self::object(text)? else { return Ok(None) };
        let request = Self::from_object(&object, Vec::new())?;
        Ok(Some(Self { nginx_config: directives(&object)?, ..request }))
    }
}

impl Composed {
    /// Reads the text of a request that is to be sent: as [`CertRequest::parse`] does, but whatever its directives are.
    pub fn compose(text: &str) -> Result<Option<Self>, Refusal> {
        let Some(object) = Self::object(text)? else { return Ok(None) };
        let nginx_config = nginx_config(&object)?.into_iter().map(|(_, directive)| directive).collect();
        Self::from_object(&object, nginx_config).map(Some)
    }
}

impl<D: ToString> CertRequest<D> {
    /// The object as the Python original wrote it: what is missing is "", ports are strings; `nginx-config` only
    /// where there is some.
    pub fn to_value(&self) -> Value {
        let mut object = Map::from_iter([
            (
                "contact-email".to_owned(),
                Value::String(self.contact_email.as_ref().map(Email::to_string).unwrap_or_default()),
            ),
            (
                "credentials".to_owned(),
                Value::String(self.credentials.as_ref().map(Credentials::to_wire).unwrap_or_default()),
            ),
            ("fqdn".to_owned(), self.fqdn.iter().map(Fqdn::as_str).collect()),
            ("upstreams".to_owned(), self.upstreams.iter().map(Upstream::to_value).collect()),
        ]);
        if !self.nginx_config.is_empty() {
            object.insert(NGINX_CONFIG.to_owned(), self.nginx_config.iter().map(D::to_string).collect());
        }
        Value::Object(object)
    }

    /// The text of a `cert-request`. It carries the password.
    pub fn to_wire(&self) -> String {
        json::to_string(&self.to_value())
    }
}

const NGINX_CONFIG: &str = "nginx-config";

/// The most directives in a request that is read.
const MAX_DIRECTIVES: usize = 64;

/// What Python takes for false.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

fn at_least_one_name() -> Refusal {
    Reason::new("at least one name is needed").at("fqdn")
}

fn names(object: &Map<String, Value>) -> Result<Vec<Fqdn>, Refusal> {
    let Some(value) = present(object, "fqdn") else { return Err(at_least_one_name()) };
    list(value, "fqdn", CertRequest::MAX_NAMES)?
        .iter()
        .enumerate()
        .map(|(index, value)| parse_string(value).map_err(|reason| reason.at(format!("fqdn[{index}]"))))
        .collect()
}

fn upstreams(object: &Map<String, Value>) -> Result<Vec<Upstream>, Refusal> {
    let Some(value) = present(object, "upstreams") else { return Ok(Vec::new()) };
    list(value, "upstreams", CertRequest::MAX_UPSTREAMS)?
        .iter()
        .enumerate()
        .map(|(index, value)| Upstream::parse(value, &format!("upstreams[{index}]")))
        .collect()
}

/// The texts of directives with their places: of a list, each element may hold several; of one string, each counts.
fn nginx_config(object: &Map<String, Value>) -> Result<Vec<(usize, String)>, Refusal> {
    let bare = |text: &str| text.trim_matches([' ', '\t', '\r', '\n', ';']).to_owned();
    let parts = |text: &str| -> Vec<String> {
        directive::split(text).into_iter().map(bare).filter(|part| !part.is_empty()).collect()
    };
    match present(object, NGINX_CONFIG) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(parts(text).into_iter().enumerate().collect()),
        Some(Value::Array(list)) => {
            let mut all = Vec::new();
            for (index, element) in list.iter().enumerate() {
                let refuse = || Reason::expected("a string", element).at(format!("{NGINX_CONFIG}[{index}]"));
                let text = element.as_str().ok_or_else(refuse)?;
                all.extend(parts(text).into_iter().map(|part| (index, part)));
            }
            Ok(all)
        }
        Some(other) => Err(Reason::expected("a list of strings", other).at(NGINX_CONFIG)),
    }
}

/// The directives, each as what it should be; those that nginx takes once are there once.
fn directives(object: &Map<String, Value>) -> Result<Vec<Directive>, Refusal> {
    let mut directives: Vec<Directive> = Vec::new();
    for (index, text) in nginx_config(object)? {
        let at = |reason: Reason| reason.at(format!("{NGINX_CONFIG}[{index}]"));
        if directives.len() == MAX_DIRECTIVES {
            return Err(at(Reason::new(format!("more than {MAX_DIRECTIVES} directives"))));
        }
        let directive: Directive = text.parse().map_err(at)?;
        if let Some(twice) = directives.iter().find(|other| other.excludes(&directive)) {
            return Err(at(Reason::new(format!("{} is there twice", twice.name()))));
        }
        directives.push(directive);
    }
    directive::check(&directives).map_err(|reason| reason.at(NGINX_CONFIG))?;
    Ok(directives)
}

/// A string member that may be missing, null or "".
fn optional<T: std::str::FromStr<Err = Reason>>(
    object: &Map<String, Value>,
    field: &str,
) -> Result<Option<T>, Refusal> {
    match present(object, field) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value) => parse_string(value).map(Some).map_err(|reason| reason.at(field)),
    }
}

fn parse_string<T: std::str::FromStr<Err = Reason>>(value: &Value) -> Result<T, Reason> {
    match value {
        Value::String(text) => text.parse(),
        other => Err(Reason::expected("a string", other)),
    }
}

fn list<'a>(value: &'a Value, field: &str, limit: usize) -> Result<&'a [Value], Refusal> {
    match value {
        Value::Array(list) if list.len() > limit => {
            Err(Reason::new(format!("more than {limit} elements")).at(field))
        }
        Value::Array(list) => Ok(list),
        other => Err(Reason::expected("a list", other).at(field)),
    }
}

fn present<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_to_be_sent_keeps_its_directives() {
        let text = r#"{"fqdn": ["a.b"], "nginx-config": "gzip on; ; etag off;"}"#;
        let request = super::CertRequest::compose(text).unwrap().unwrap();
        assert_eq!(request.nginx_config, ["gzip on", "etag off"]);
        assert_eq!(super::CertRequest::compose("{}"), Ok(None));
        assert!(super::CertRequest::compose(r#"{"fqdn": ["a;b"]}"#).is_err());
    }

    use super::CertRequest;
    use crate::wire::{Credentials, Fqdn, Upstream};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::{BoxedStrategy, Just, Strategy};
    use proptest::{collection, option};
    use serde_json::{Value, json};

    fn read(value: &Value) -> CertRequest {
        CertRequest::parse(&value.to_string()).unwrap().unwrap()
    }

    fn names(request: &CertRequest) -> Vec<&str> {
        request.fqdn().iter().map(Fqdn::as_str).collect()
    }

    #[test]
    fn no_request() {
        for text in
            ["", "{}", " {\n} ", "[]", "0", "-0", "0.0", "-0.0", "0e5", "null", "false", "\"\"", " null\n"]
        {
            assert_eq!(CertRequest::parse(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn accepted() {
        let request = read(&json!({
            "fqdn": ["example.com", "blog.example.com", "example.com"],
            "contact-email": "ops@example.com",
            "credentials": "user pass",
            "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}, {"hostname": "::1", "port": 80}],
            "nginx-config": ["", " ; "],
            "juju_unit": "other/0",
            "unknown": {"a": [1.5, null]},
        }));
        assert_eq!(names(&request), ["example.com", "blog.example.com"]);
        assert_eq!(request.contact_email.unwrap().as_str(), "ops@example.com");
        assert_eq!(request.credentials, Some(Credentials::new("user", "pass").unwrap()));
        let shown: Vec<String> = request.upstreams.iter().map(Upstream::to_string).collect();
        assert_eq!(shown, ["10.0.0.4:8080", "[::1]:80"]);
        assert!(request.nginx_config.is_empty());
    }

    #[test]
    fn missing_null_and_empty_are_one() {
        let bare = read(&json!({"fqdn": ["a.b"]}));
        assert_eq!((&bare.contact_email, &bare.credentials), (&None, &None));
        assert!(bare.upstreams.is_empty());
        for value in [
            json!({"fqdn": ["a.b"], "contact-email": null, "credentials": null, "upstreams": null, "nginx-config": null}),
            json!({"fqdn": ["a.b"], "contact-email": "", "credentials": "", "upstreams": [], "nginx-config": []}),
            json!({"fqdn": ["a.b"], "nginx-config": ""}),
            json!({"fqdn": ["a.b"], "nginx-config": " ;\n; "}),
        ] {
            assert_eq!(read(&value), bare, "{value}");
        }
    }

    #[test]
    fn of_a_key_that_is_there_twice_the_last_counts() {
        let request = CertRequest::parse(r#"{"fqdn": ["bad;"], "fqdn": ["a.b"]}"#).unwrap().unwrap();
        assert_eq!(names(&request), ["a.b"]);
        assert!(CertRequest::parse(r#"{"fqdn": ["a.b"], "fqdn": ["bad;"]}"#).is_err());
    }

    #[test]
    fn refused_as_a_whole() {
        for (text, refusal) in [
            (" ", "cert-request: not JSON: EOF while parsing a value at line 1 column 1"),
            ("{bad", "cert-request: not JSON: key must be a string at line 1 column 2"),
            ("{'fqdn': []}", "cert-request: not JSON: key must be a string at line 1 column 2"),
            ("{} {}", "cert-request: not JSON: trailing characters at line 1 column 4"),
            ("NaN", "cert-request: not JSON: expected value at line 1 column 1"),
            (
                &format!("{}1{}", "[".repeat(200), "]".repeat(200)),
                "cert-request: not JSON: recursion limit exceeded at line 1 column 128",
            ),
            ("[1]", "cert-request: not an object but a list"),
            (r#"["example.com"]"#, "cert-request: not an object but a list"),
            ("7", "cert-request: not an object but a number"),
            ("0.5", "cert-request: not an object but a number"),
            ("true", "cert-request: not an object but a boolean"),
            (r#""example.com""#, "cert-request: not an object but a string"),
            (&" ".repeat(CertRequest::MAX_BYTES + 1), "cert-request: longer than 262144 bytes"),
        ] {
            assert_eq!(CertRequest::parse(text).unwrap_err().to_string(), refusal, "{text:?}");
        }
    }

    #[test]
    fn refused_by_field() {
        for (mut value, refusal) in [
            (json!({"fqdn": null}), "fqdn: at least one name is needed".to_owned()),
            (json!({"fqdn": []}), "fqdn: at least one name is needed".to_owned()),
            (json!({"fqdn": "text"}), "fqdn: not a list but a string".to_owned()),
            (json!({"fqdn": ""}), "fqdn: not a list but a string".to_owned()),
            (json!({"fqdn": {"a.b": 1}}), "fqdn: not a list but an object".to_owned()),
            (json!({"fqdn": ["a.b", 7]}), "fqdn[1]: not a string but a number".to_owned()),
            (json!({"fqdn": ["a.b", null]}), "fqdn[1]: not a string but null".to_owned()),
            (json!({"fqdn": ["a.b", ""]}), "fqdn[1]: empty".to_owned()),
            (json!({"fqdn": ["a.b", "*.a.b"]}), "fqdn[1]: wildcard names are not served: *.a.b".to_owned()),
            (
                json!({"fqdn": ["x.y; } server { listen 81; root /; } #"]}),
                "fqdn[0]: a name has only lower-case ASCII letters, digits, hyphens and dots: \
                 x.y; } server { listen 81; root /; } #"
                    .to_owned(),
            ),
            (json!({"fqdn": vec!["a.b"; 101]}), "fqdn: more than 100 elements".to_owned()),
            (json!({"contact-email": false}), "contact-email: not a string but a boolean".to_owned()),
            (json!({"contact-email": "x"}), "contact-email: not a plain e-mail address: x".to_owned()),
            (json!({"credentials": ["u", "p"]}), "credentials: not a string but a list".to_owned()),
            (
                json!({"credentials": "hunter2"}),
                "credentials: not a user, one space and a password".to_owned(),
            ),
            (json!({"upstreams": {}}), "upstreams: not a list but an object".to_owned()),
            (
                json!({"upstreams": ["10.0.0.4:80"]}),
                "upstreams[0]: not an object with hostname and port but a string".to_owned(),
            ),
            (
                json!({"upstreams": [{"hostname": "a", "port": 1}, {"hostname": "unix", "port": 1}]}),
                "upstreams[1].hostname: the name unix means a socket, not a machine".to_owned(),
            ),
            (
                json!({"upstreams": [{"hostname": "a", "port": 70000}]}),
                "upstreams[0].port: not a port: 70000".to_owned(),
            ),
            (
                json!({"upstreams": vec![json!({"hostname": "a", "port": 1}); 257]}),
                "upstreams: more than 256 elements".to_owned(),
            ),
            (json!({"nginx-config": 1}), "nginx-config: not a list of strings but a number".to_owned()),
            (json!({"nginx-config": [1]}), "nginx-config[0]: not a string but a number".to_owned()),
            (
                json!({"nginx-config": ["client_max_body_size 0"]}),
                "nginx-config[0]: not from 1 to 102400m: 0".to_owned(),
            ),
            (
                json!({"nginx-config": ["", "include /etc/passwd;"]}),
                "nginx-config[1]: this directive is not accepted: include".to_owned(),
            ),
            (
                json!({"nginx-config": "; gzip on; etag on; gzip off"}),
                "nginx-config[2]: gzip is there twice".to_owned(),
            ),
            (
                json!({"nginx-config": "}"}),
                "nginx-config[0]: the character } is not accepted here".to_owned(),
            ),
        ] {
            if value.get("fqdn").is_none() {
                value["fqdn"] = json!(["a.b"]);
            }
            assert_eq!(CertRequest::parse(&value.to_string()).unwrap_err().to_string(), refusal, "{value}");
        }
        let none = CertRequest::parse(r#"{"upstreams": []}"#).unwrap_err();
        assert_eq!(none.to_string(), "fqdn: at least one name is needed");
        assert_eq!(super::Composed::new([]).unwrap_err(), none);
    }

    #[test]
    fn within_the_limits() {
        let many: Vec<String> = (0..CertRequest::MAX_NAMES).map(|i| format!("n{i}.example.com")).collect();
        let upstreams = vec![json!({"hostname": "a", "port": 1}); CertRequest::MAX_UPSTREAMS];
        let request = read(&json!({"fqdn": many, "upstreams": upstreams}));
        assert_eq!((request.fqdn().len(), request.upstreams.len()), (100, 256));
    }

    #[test]
    fn written_as_the_original_did() {
        let mut request = read(&json!({
            "fqdn": ["a.example.com"], "credentials": "u p",
            "upstreams": [{"hostname": "10.0.0.4", "port": 8080}],
        }));
        assert_eq!(
            request.to_wire(),
            r#"{"contact-email": "", "credentials": "u p", "fqdn": ["a.example.com"], "upstreams": [{"hostname": "10.0.0.4", "port": "8080"}]}"#
        );
        request.nginx_config = vec!["client_max_body_size 10G".parse().unwrap()];
        assert_eq!(request.to_value()["nginx-config"], json!(["client_max_body_size 10240m"]));
    }

    #[test]
    fn debug_hides_the_password() {
        let request = read(&json!({"fqdn": ["a.b"], "credentials": "user hunter2"}));
        assert!(!format!("{request:?}").contains("hunter2"));
    }

    /// Any JSON, with a liking for what a request is made of.
    fn any_json() -> BoxedStrategy<Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (0..70000_u32).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a-z]{1,3}\\.[a-z]{2}".prop_map(Value::from),
            "[a-z]{1,3} [ -~]{1,9}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("fqdn".to_owned()),
            Just("contact-email".to_owned()),
            Just("credentials".to_owned()),
            Just("upstreams".to_owned()),
            Just("nginx-config".to_owned()),
            Just("hostname".to_owned()),
            Just("port".to_owned()),
            any::<String>(),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                collection::btree_map(key.clone(), inner, 0..6)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
        .boxed()
    }

    fn any_request() -> BoxedStrategy<CertRequest> {
        let host = prop_oneof![
            any::<std::net::IpAddr>().prop_map(|address| address.to_string()),
            "[a-z]{1,9}(-[a-z]{1,3})?".prop_filter("a socket", |name| name != "unix"),
        ];
        let upstream = (host, 1..=65535_u16).prop_map(|(host, port)| json!({"hostname": host, "port": port}));
        (
            collection::vec("([a-z0-9]{1,9}\\.){1,3}[a-z]{2,3}", 1..5),
            option::of("[a-z0-9]{1,9}@[a-z]{1,9}\\.[A-Z]{2}"),
            option::of("[a-zA-Z0-9._@][a-zA-Z0-9._@-]{0,9} [!-~]{1,128}"),
            collection::vec(upstream, 0..4),
        )
            .prop_map(|(fqdn, email, credentials, upstreams)| {
                read(&json!({
                    "fqdn": fqdn, "contact-email": email, "credentials": credentials, "upstreams": upstreams,
                }))
            })
            .boxed()
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = CertRequest::parse(&text);
        }

        #[test]
        fn any_json_is_answered(value in any_json(), extra in any_json()) {
            let request = json!({"fqdn": ["a.b"], "upstreams": [extra.clone()]});
            let in_fields = json!({"fqdn": extra.clone(), "credentials": extra.clone(), "nginx-config": extra});
            for value in [value, request, in_fields] {
                if let Err(refusal) = CertRequest::parse(&value.to_string()) {
                    let shown = refusal.to_string();
                    prop_assert!(shown.len() < 200 && shown.bytes().all(|b| (0x20..=0x7e).contains(&b)));
                }
            }
        }

        #[test]
        fn refusals_never_tell_credentials(user in "[ -~]{0,3}Hunter2", password in "[ -~]{0,3}Hunter2[ \\n]{1,3}") {
            let value = json!({"fqdn": ["a.b"], "credentials": format!("{user} {password}")});
            let refusal = CertRequest::parse(&value.to_string()).unwrap_err();
            prop_assert!(!refusal.to_string().contains("Hunter2"));
        }

        #[test]
        fn what_is_written_reads_back(request in any_request()) {
            prop_assert_eq!(CertRequest::parse(&request.to_wire()), Ok(Some(request)));
        }
    }
}
