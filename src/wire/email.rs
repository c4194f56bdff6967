use std::fmt;
use std::str::FromStr;

use super::{Fqdn, Reason};

const MAX_LOCAL: usize = 64;
const MAX_ADDRESS: usize = 254;

/// A plain address that a certificate authority can write to, such as `ops@example.com`.
///
/// Narrower than RFC 5321: the part before the `@` has 1 to 64 characters of `A-Z a-z 0-9 . _ + -`, starts with a
/// letter, digit or `_`, and has no dot at its end and no two in a row; the part behind it is an [`Fqdn`], written
/// in any case and kept in lower case. It means itself in a `mailto:` address, without any escaping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        let plain = || {
            let (local, domain) = text.split_once('@')?;
            let domain: Fqdn = domain.to_ascii_lowercase().parse().ok()?;
            (is_local_part(local) && text.len() <= MAX_ADDRESS).then(|| Self(format!("{local}@{domain}")))
        };
        plain().ok_or_else(|| Reason::quoting("not a plain e-mail address", text))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(text: &str) -> bool {
    (1..=MAX_LOCAL).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
        && !text.starts_with(['.', '-', '+'])
        && !text.ends_with('.')
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::Email;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    #[test]
    fn accepted() {
        let longest = format!("{}@example.com", "a".repeat(64));
        for (text, address) in [
            ("ops@example.com", "ops@example.com"),
            ("First.Last+tag@Example.COM", "First.Last+tag@example.com"),
            ("_a-b_@a.b", "_a-b_@a.b"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            (&longest, &longest),
        ] {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), address);
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@localhost",
            "a@@example.com",
            "a@b@example.com",
            "a@10.0.0.1",
            "a@[10.0.0.1]",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "-a@example.com",
            "+a@example.com",
            "a b@example.com",
            "\"a\"@example.com",
            "a%b@example.com",
            "a@example.com?bcc=b@example.com",
            "a@example.com,b@example.com",
            "A <a@example.com>",
            "mailto:a@example.com",
            "a@example.com.",
            "a@example.com\n",
            "a\0@example.com",
            "\u{e4}@example.com",
            "a@ex\u{430}mple.com",
            "a@\u{212a}.com",
            "a'@example.com",
            "a;b@example.com",
            "$a@example.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("{}@{}", "a".repeat(64), "b.".repeat(95) + "com"),
        ] {
            let reason = text.parse::<Email>().unwrap_err().to_string();
            assert!(reason.starts_with("not a plain e-mail address: ") && reason.is_ascii(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_harmless(text in prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9._+{};\"'$\\\\ #\\n-]{0,4}@([a-zA-Z-]{1,4}\\.){1,2}[a-zA-Z0-9]{1,3}",
        ].boxed()) {
            if let Ok(email) = text.parse::<Email>() {
                let address = email.as_str();
                prop_assert!(address.chars().all(|c| c.is_ascii_alphanumeric() || "._+-@".contains(c)));
                prop_assert_eq!(address.matches('@').count(), 1);
                prop_assert_eq!(address.parse::<Email>(), Ok(email.clone()));
            }
        }
    }
}
