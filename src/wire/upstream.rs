use std::fmt;

use serde_json::{Map, Value};

use super::{Port, Reason, Refusal, UpstreamHost};

/// One server behind a site.
///
/// On the wire `{"hostname": "10.0.0.4", "port": "8080"}`, where the port may be a number and other members are
/// ignored. Displayed as nginx and URLs have it: `10.0.0.4:8080`, `[::1]:8080`, `backend:80`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upstream {
    /// The machine.
    pub host: UpstreamHost,
    /// The port it listens on.
    pub port: Port,
}

impl Upstream {
    /// Reads the object in `field`.
    pub(super) fn parse(value: &Value, field: &str) -> Result<Self, Refusal> {
        let Value::Object(object) = value else {
            return Err(Reason::expected("an object with hostname and port", value).at(field));
        };
        Ok(Self {
            host: member(object, field, "hostname", |value| match value {
                Value::String(text) => text.parse(),
                other => Err(Reason::expected("a name or an address", other)),
            })?,
            port: member(object, field, "port", |value| value.try_into())?,
        })
    }

    /// The object as the Python original wrote it, its port a string.
    pub(super) fn to_value(&self) -> Value {
        let text = |member: &dyn fmt::Display| Value::String(member.to_string());
        Value::Object(Map::from_iter([
            ("hostname".to_owned(), text(&self.host)),
            ("port".to_owned(), text(&self.port)),
        ]))
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn member<T>(
    object: &Map<String, Value>,
    field: &str,
    name: &str,
    read: impl Fn(&Value) -> Result<T, Reason>,
) -> Result<T, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Err(Reason::missing()),
        Some(value) => read(value),
    }
    .map_err(|reason| reason.at(format!("{field}.{name}")))
}

#[cfg(test)]
mod tests {
    use super::Upstream;
    use serde_json::json;

    #[test]
    fn accepted() {
        for (value, shown) in [
            (json!({"hostname": "10.0.0.4", "port": "8080"}), "10.0.0.4:8080"),
            (json!({"hostname": "10.0.0.4", "port": 8080, "weight": "1; }"}), "10.0.0.4:8080"),
            (json!({"hostname": "::1", "port": 8080}), "[::1]:8080"),
            (json!({"hostname": "[::1]", "port": 8080}), "[::1]:8080"),
            (json!({"hostname": "name", "port": 80}), "name:80"),
        ] {
            let upstream = Upstream::parse(&value, "u").unwrap();
            assert_eq!(upstream.to_string(), shown);
            assert_eq!(Upstream::parse(&upstream.to_value(), "u"), Ok(upstream));
        }
    }

    #[test]
    fn refused() {
        for (value, refusal) in [
            (json!("10.0.0.4:80"), "u: not an object with hostname and port but a string"),
            (json!(null), "u: not an object with hostname and port but null"),
            (json!(["10.0.0.4", 80]), "u: not an object with hostname and port but a list"),
            (json!({}), "u.hostname: missing"),
            (json!({"port": 80}), "u.hostname: missing"),
            (json!({"hostname": null, "port": 80}), "u.hostname: missing"),
            (json!({"hostname": "", "port": 80}), "u.hostname: empty"),
            (
                json!({"hostname": 2_130_706_433, "port": 80}),
                "u.hostname: not a name or an address but a number",
            ),
            (
                json!({"hostname": "unix", "port": 80}),
                "u.hostname: the name unix means a socket, not a machine",
            ),
            (json!({"hostname": "a"}), "u.port: missing"),
            (json!({"hostname": "a", "port": null}), "u.port: missing"),
            (json!({"hostname": "a", "port": 70000}), "u.port: not a port: 70000"),
            (
                json!({"hostname": "a", "port": "80; } server { listen 81; root /etc/ssl; } #"}),
                "u.port: not a port: 80; } server { listen 81; root /etc/s...",
            ),
        ] {
            assert_eq!(Upstream::parse(&value, "u").unwrap_err().to_string(), refusal, "{value}");
        }
    }
}
