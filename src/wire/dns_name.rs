//! The grammar that every name shares (RFC 1123 section 2.1, in lower case).

use super::Reason;

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Accepts `label(.label)*`: lower-case ASCII letters, digits and hyphens, labels of 1 to 63 characters without a
/// hyphen at an end, 253 characters in all, and a last label that nothing can take for a number.
pub(super) fn check(name: &str) -> Result<(), Reason> {
    let refuse = |rule| Err(Reason::quoting(rule, name));
    if name.is_empty() {
        return Err(Reason::new("empty"));
    }
    if let Some(bad) = name.chars().find(|&c| !allowed(c)) {
        return refuse(match bad {
            'A'..='Z' => "an upper-case letter is in the name, which has to be in lower case",
            '_' => "an underscore is in the name",
            _ => "a name has only lower-case ASCII letters, digits, hyphens and dots",
        });
    }
    if name.len() > MAX_NAME {
        return refuse("a name has at most 253 characters");
    }
    if name.len() > 1 && name.ends_with('.') {
        return refuse("a dot is at the end of the name");
    }
    for label in name.split('.') {
        if label.is_empty() {
            return refuse("a label of the name is empty");
        }
        if label.len() > MAX_LABEL {
            return refuse("a label of the name has at most 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return refuse("a hyphen is at an end of a label of the name");
        }
    }
    if numeric(name.rsplit('.').next().unwrap_or(name)) {
        return refuse("the last label of the name is a number");
    }
    Ok(())
}

fn allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')
}

/// Whether the C library's `inet_aton`, or a browser (WHATWG URL, "ends in a number"), would read an address:
/// decimal, octal or hexadecimal. All their short forms end in such a label.
fn numeric(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(hex) => hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::wire::hostile::ATTACKS;
    use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    #[test]
    fn accepted() {
        for name in [
            "a",
            "0a",
            "a0",
            "1.a",
            "example.com",
            "a-b.example",
            "a--b.example",
            "xn--bcher-kva.example",
            "0x1.com",
            "0xfg",
            "x0",
            "deadbeef",
            "1e3",
            &"a".repeat(63),
            &long(253),
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn refused() {
        for (name, reason) in [
            ("", "empty"),
            (
                "Example.com",
                "an upper-case letter is in the name, which has to be in lower case: Example.com",
            ),
            ("a_b.com", "an underscore is in the name: a_b.com"),
            (
                "a.com; } server {",
                "a name has only lower-case ASCII letters, digits, hyphens and dots: a.com; } server {",
            ),
            (
                "ex\u{430}mple.com\n",
                "a name has only lower-case ASCII letters, digits, hyphens and dots: ex?mple.com?",
            ),
            ("a.com\0", "a name has only lower-case ASCII letters, digits, hyphens and dots: a.com?"),
            ("a.com.", "a dot is at the end of the name: a.com."),
            (".", "a label of the name is empty: ."),
            (".a.com", "a label of the name is empty: .a.com"),
            ("a..com", "a label of the name is empty: a..com"),
            ("-a.com", "a hyphen is at an end of a label of the name: -a.com"),
            ("a-.com", "a hyphen is at an end of a label of the name: a-.com"),
            ("127.1", "the last label of the name is a number: 127.1"),
            ("0x7f000001", "the last label of the name is a number: 0x7f000001"),
            (
                &"a".repeat(64),
                "a label of the name has at most 63 characters: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...",
            ),
            (&long(254), "a name has at most 253 characters: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."),
        ] {
            assert_eq!(check(name).unwrap_err().to_string(), reason);
        }
        for name in ATTACKS {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    /// A name of `length` characters whose labels are as long as they may be.
    fn long(length: usize) -> String {
        let mut name = "a".repeat(length);
        for dot in (63..length - 1).step_by(64) {
            name.replace_range(dot..=dot, ".");
        }
        name
    }

    /// The grammar once more, as a machine over bytes that shares nothing with the code above.
    fn oracle(name: &str) -> bool {
        let (mut length, mut last, mut hex) = (0, b'.', 0);
        let mut decimal = true;
        for &byte in name.as_bytes() {
            match byte {
                b'.' if last == b'.' || last == b'-' => return false,
                b'.' => (length, decimal, hex) = (0, true, 0),
                b'-' if length == 0 => return false,
                b'a'..=b'z' | b'0'..=b'9' | b'-' => {
                    hex = match (length, byte) {
                        (0, b'0') => 1,
                        (1, b'x') if hex == 1 => 2,
                        (2.., b'0'..=b'9' | b'a'..=b'f') if hex == 2 => 2,
                        _ => 0,
                    };
                    decimal &= byte.is_ascii_digit();
                    length += 1;
                }
                _ => return false,
            }
            if length == 64 {
                return false;
            }
            last = byte;
        }
        name.len() < 254 && last != b'.' && last != b'-' && !decimal && hex != 2
    }

    proptest! {
        #[test]
        fn agrees_with_the_oracle(name in prop_oneof![
            any::<String>(),
            "[a-z0-9.x-]{0,12}",
            "[a-zA-Z0-9._{};\"'$\\\\ #*~-]{0,8}",
            "([a-z0-9-]{1,65}\\.){0,5}(0x)?[a-f0-9]{1,3}",
            "([a-z0-9]{55,63}\\.){3,4}[a-z]{1,70}",
        ].boxed()) {
            prop_assert_eq!(check(&name).is_ok(), oracle(&name));
        }
    }
}
