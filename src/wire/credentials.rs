use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::Reason;

const MAX_USER: usize = 64;
const MAX_PASSWORD: usize = 128;

const USER_KEY: &str = "username";
const PASSWORD_KEY: &str = "password";

/// The user and the password that a site asks its visitors for, on the wire `user password`.
///
/// The user has 1 to 64 characters of `A-Z a-z 0-9 . _ @ -` and does not start with `-`, so that it is one field
/// of a password file and never an option; the password 1 to 128 characters from `!` to `~`. Neither is ever
/// part of a refusal, and the password is not shown by `Debug`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Checks both parts.
    pub fn new(user: &str, password: &str) -> Result<Self, Reason> {
        let user_is_good = (1..=MAX_USER).contains(&user.len())
            && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"._@-".contains(&b))
            && !user.starts_with('-');
        if !user_is_good {
            return Err(Reason::new(
                "the user has 1 to 64 characters of A-Z a-z 0-9 . _ @ - and does not start with a hyphen",
            ));
        }
        let password_is_good =
            (1..=MAX_PASSWORD).contains(&password.len()) && password.bytes().all(|b| b.is_ascii_graphic());
        if !password_is_good {
            return Err(Reason::new(
                "the password has 1 to 128 printable ASCII characters and no white space",
            ));
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }

    /// Reads the content of a secret: its keys `username` and `password`.
    pub fn of_secret(content: &BTreeMap<String, String>) -> Result<Self, Reason> {
        let value = |key: &str| {
            content
                .get(key)
                .ok_or_else(|| Reason::new(format!("it has no key {key}: it needs username and password")))
        };
        Self::new(value(USER_KEY)?, value(PASSWORD_KEY)?)
    }

    /// The content of a secret, as [`Credentials::of_secret`] reads it.
    pub fn to_secret(&self) -> BTreeMap<String, String> {
        [(USER_KEY, &self.user), (PASSWORD_KEY, &self.password)]
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .into()
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password. Keep it out of logs, arguments and files that others can read.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Both, as they travel. The same care as for [`Credentials::password`].
    pub fn to_wire(&self) -> String {
        format!("{} {}", self.user, self.password)
    }
}

impl FromStr for Credentials {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        match text.split_once(' ') {
            Some((user, password)) => Self::new(user, password),
            None => Err(Reason::new("not a user, one space and a password")),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use crate::wire::hostile::is_special;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    const FORM: &str = "not a user, one space and a password";
    const USER: &str =
        "the user has 1 to 64 characters of A-Z a-z 0-9 . _ @ - and does not start with a hyphen";
    const PASSWORD: &str = "the password has 1 to 128 printable ASCII characters and no white space";

    #[test]
    fn accepted() {
        let longest = format!("{} {}", "u".repeat(64), "p".repeat(128));
        for text in ["u p", "A.b_c@d-9 !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"", ".- --", &longest] {
            let credentials = text.parse::<Credentials>().unwrap();
            assert_eq!(credentials.to_wire(), text);
            assert_eq!(format!("{} {}", credentials.user(), credentials.password()), text);
        }
    }

    #[test]
    fn refused() {
        for (text, reason) in [
            ("", FORM),
            ("user", FORM),
            ("user:password", FORM),
            ("user\tpassword", FORM),
            ("user\u{a0}password", FORM),
            (" ", USER),
            (" password", USER),
            ("-u p", USER),
            ("#u p", USER),
            ("u:x p", USER),
            ("u\n p", USER),
            ("u\0 p", USER),
            ("us\u{435}r p", USER),
            (&format!("{} p", "u".repeat(65)), USER),
            ("u ", PASSWORD),
            ("u  p", PASSWORD),
            ("u p q", PASSWORD),
            ("u p ", PASSWORD),
            ("u p\n", PASSWORD),
            ("u p\nroot:x", PASSWORD),
            ("u p\0", PASSWORD),
            ("u p\x7f", PASSWORD),
            ("u p\u{e9}", PASSWORD),
            (&format!("u {}", "p".repeat(129)), PASSWORD),
        ] {
            assert_eq!(text.parse::<Credentials>().unwrap_err().to_string(), reason, "{text:?}");
        }
    }

    #[test]
    fn a_secret_holds_both_under_keys() {
        let content = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        let good = content(&[("username", "ann"), ("password", "sesame"), ("other", "")]);
        let credentials = Credentials::of_secret(&good).unwrap();
        assert_eq!(credentials.to_wire(), "ann sesame");
        assert_eq!(Credentials::of_secret(&credentials.to_secret()).unwrap(), credentials);
        for (pairs, reason) in [
            (&[][..], "it has no key username: it needs username and password"),
            (&[("password", "sesame")], "it has no key username: it needs username and password"),
            (&[("username", "ann")], "it has no key password: it needs username and password"),
            (&[("username", ""), ("password", "sesame")], USER),
            (&[("username", "ann"), ("password", "open sesame")], PASSWORD),
        ] {
            assert_eq!(Credentials::of_secret(&content(pairs)).unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let credentials = Credentials::new("user", "hunter2").unwrap();
        assert_eq!(format!("{credentials:?}"), "Credentials { user: \"user\", .. }");
        assert!(!format!("{:#?}", Some(credentials)).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_harmless(text in prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9._@{};:\"'$\\\\ #\\n-]{0,4} [ -~]{0,4}",
        ].boxed()) {
            if let Ok(credentials) = text.parse::<Credentials>() {
                let (user, password) = (credentials.user(), credentials.password());
                let plain = |c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '@' | '-');
                prop_assert!(user.chars().all(plain));
                prop_assert!(!user.contains(is_special) && !user.contains(':'));
                prop_assert!(password.bytes().all(|b| (0x21..=0x7e).contains(&b)));
                prop_assert_eq!(credentials.to_wire(), text);
            }
        }
    }
}
