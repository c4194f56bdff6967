use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use serde_json::Value;

use super::Reason;

/// A TCP port, 1 to 65535.
///
/// Read from a string of digits without a leading zero, or from a JSON integer; `8080.0` and `true` are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// The port as a number, never 0.
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl From<NonZeroU16> for Port {
    fn from(number: NonZeroU16) -> Self {
        Self(number)
    }
}

impl FromStr for Port {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        if text.is_empty() {
            return Err(Reason::new("empty"));
        }
        // The standard parser alone would take a sign and leading zeros.
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        match text.parse() {
            Ok(number) if digits => Ok(Self(number)),
            _ => Err(Reason::quoting("not a port", text)),
        }
    }
}

impl TryFrom<&Value> for Port {
    type Error = Reason;

    fn try_from(value: &Value) -> Result<Self, Reason> {
        match value {
            Value::String(text) => text.parse(),
            // A fraction, an exponent and a sign show in the number's text, and are refused there.
            Value::Number(number) => number.to_string().parse(),
            other => Err(Reason::expected("a port", other)),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::Port;
    use serde_json::{Value, from_str};

    #[test]
    fn accepted() {
        for (json, port) in
            [("1", 1), ("\"1\"", 1), ("80", 80), ("\"8080\"", 8080), ("65535", 65535), ("\"65535\"", 65535)]
        {
            let value: Value = from_str(json).unwrap();
            assert_eq!(Port::try_from(&value).unwrap().get(), port, "{json}");
        }
    }

    #[test]
    fn refused() {
        for (json, reason) in [
            ("70000", "not a port: 70000"),
            ("65536", "not a port: 65536"),
            ("\"70000\"", "not a port: 70000"),
            ("0", "not a port: 0"),
            ("\"0\"", "not a port: 0"),
            ("-0", "not a port: -0.0"),
            ("-1", "not a port: -1"),
            ("8080.0", "not a port: 8080.0"),
            ("8e3", "not a port: 8000.0"),
            ("99999999999999999999", "not a port: 1e+20"),
            ("\"\"", "empty"),
            ("\"080\"", "not a port: 080"),
            ("\"+80\"", "not a port: +80"),
            ("\"-80\"", "not a port: -80"),
            ("\" 80\"", "not a port:  80"),
            ("\"80\\n\"", "not a port: 80?"),
            ("\"80; }\"", "not a port: 80; }"),
            ("\"80 backup\"", "not a port: 80 backup"),
            ("\"0x50\"", "not a port: 0x50"),
            ("\"8_0\"", "not a port: 8_0"),
            ("\"http\"", "not a port: http"),
            ("\"$port\"", "not a port: $port"),
            ("\"\u{668}\u{660}\"", "not a port: ??"),
            ("\"80\\u0000\"", "not a port: 80?"),
            ("true", "not a port but a boolean"),
            ("null", "not a port but null"),
            ("[80]", "not a port but a list"),
            ("{}", "not a port but an object"),
        ] {
            let value: Value = from_str(json).unwrap();
            assert_eq!(Port::try_from(&value).unwrap_err().to_string(), reason, "{json}");
        }
    }

    #[test]
    fn exactly_the_ports() {
        for number in 0..=100_000_u32 {
            assert_eq!(number.to_string().parse::<Port>().is_ok(), (1..=65535).contains(&number));
        }
    }
}
