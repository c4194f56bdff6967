use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Reason, dns_name};

/// A name that a certificate can be issued for and a site served under, such as `blog.example.com`.
///
/// At least two labels of 1 to 63 lower-case ASCII letters, digits and hyphens, without a hyphen at an end of a
/// label, the last label not a number (`0x1` is one too), at most 253 characters in all (RFC 1123; RFC 5890 for
/// `xn--` labels).
/// Upper case is refused rather than folded: the text that the client wrote is the key that it looks for in the
/// answer. Wildcards are refused while no certificate source here can serve them.
///
/// A name can thus be written into a configuration, a file name or an argument as it is. It starts neither with
/// `_` (so it never meets the other keys of an answer) nor with `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fqdn(String);

impl Fqdn {
    /// The name, without a dot at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fqdn {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        if text.starts_with('*') {
            return Err(Reason::quoting("wildcard names are not served", text));
        }
        dns_name::check(text)?;
        if !text.contains('.') {
            return Err(Reason::quoting("a name needs at least two labels", text));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<&str> for Fqdn {
    type Error = Reason;

    fn try_from(text: &str) -> Result<Self, Reason> {
        text.parse()
    }
}

impl TryFrom<String> for Fqdn {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        text.parse()
    }
}

impl From<Fqdn> for String {
    fn from(name: Fqdn) -> Self {
        name.0
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Fqdn;
    use crate::wire::hostile::{ATTACKS, is_special};
    use proptest::prelude::{any, prop_assert, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    #[test]
    fn accepted() {
        for name in ["example.com", "a.b", "0.a", "xn--bcher-kva.example", "a-b.c-d.example", "unix.example"]
        {
            assert_eq!(Fqdn::try_from(name).unwrap().as_str(), name);
            assert_eq!(name.parse::<Fqdn>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn refused() {
        for (name, reason) in [
            ("*.example.com", "wildcard names are not served: *.example.com"),
            ("*", "wildcard names are not served: *"),
            ("localhost", "a name needs at least two labels: localhost"),
            ("unix", "a name needs at least two labels: unix"),
            ("10.0.0.4", "the last label of the name is a number: 10.0.0.4"),
            ("::1", "a name has only lower-case ASCII letters, digits, hyphens and dots: ::1"),
        ] {
            assert_eq!(name.parse::<Fqdn>().unwrap_err().to_string(), reason);
        }
        for name in ATTACKS {
            assert!(name.parse::<Fqdn>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn travels_as_a_string() {
        let name: Fqdn = serde_json::from_str("\"example.com\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"example.com\"");
        assert!(serde_json::from_str::<Fqdn>("\"a.com;\"").is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_harmless(text in prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9._{};\"'$\\\\ #*~\\n\\x00-]{1,8}",
            "([a-z0-9-]{1,9}\\.){1,3}[a-z0-9-]{1,4}",
        ].boxed()) {
            if let Ok(name) = text.parse::<Fqdn>() {
                prop_assert!(name.as_str() == text && text.contains('.') && text.len() <= 253);
                prop_assert!(text.chars().all(|c| "abcdefghijklmnopqrstuvwxyz0123456789-.".contains(c)));
                prop_assert!(!text.contains(is_special));
                prop_assert!(text.starts_with(|c: char| c.is_ascii_alphanumeric()));
            }
        }
    }
}
