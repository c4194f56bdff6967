use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A flag's name, `endpoint.web.available`: letters, digits, dots, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Flag(String);

/// What the names of flags begin with that live no longer than the hook.
const HOOK: &str = "hook.";

/// A text that is no flag's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a flag: {0:?}: a flag is 1 to 255 letters, digits, dots, hyphens and underscores")]
pub struct FlagError(String);

impl FromStr for Flag {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, FlagError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FlagError(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for Flag {
    type Error = FlagError;

    fn try_from(text: String) -> Result<Self, FlagError> {
        text.parse()
    }
}

impl From<Flag> for String {
    fn from(flag: Flag) -> Self {
        flag.0
    }
}

impl Borrow<str> for Flag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Flag {
    /// `endpoint.NAME.available`: there is at least one unit at the other side.
    pub fn available(endpoint: &str) -> Self {
        Self(format!("endpoint.{endpoint}.available"))
    }

    /// `endpoint.NAME.update`: something was published, changed or withdrawn at the other side.
    pub fn update(endpoint: &str) -> Self {
        Self(format!("endpoint.{endpoint}.update"))
    }

    /// `hook.NAME`, set while the hook of that name runs and never kept: `hook.install`, `hook.secret-changed`. `hook.anew`
    /// is set in a hook in which nothing that is remembered of the outside can be relied on.
    pub fn hook(name: &str) -> Self {
        Self(format!("{HOOK}{name}"))
    }

    /// Whether it lives no longer than the hook.
    pub fn is_of_hook(&self) -> bool {
        self.0.starts_with(HOOK)
    }

    /// The flag's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The flags that are set, and which have been touched since somebody last asked.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    set: BTreeSet<Flag>,
    touched: BTreeSet<Flag>,
}

/// Equal when the same flags are set, however they came to be.
impl PartialEq for Flags {
    fn eq(&self, other: &Self) -> bool {
        self.set == other.set
    }
}

impl Flags {
    /// Whether a flag is set.
    pub fn is_set(&self, flag: &str) -> bool {
        self.set.contains(flag)
    }

    /// Sets a flag.
    pub fn set(&mut self, flag: Flag) {
        if self.set.insert(flag.clone()) {
            log::debug!("flag raised: {flag}");
            self.touched.insert(flag);
        }
    }

    /// Clears a flag.
    pub fn clear(&mut self, flag: &Flag) {
        if self.set.remove(flag) {
            log::debug!("flag cleared: {flag}");
            self.touched.insert(flag.clone());
        }
    }

    /// Sets or clears a flag.
    pub fn put(&mut self, flag: Flag, set: bool) {
        if set { self.set(flag) } else { self.clear(&flag) }
    }

    /// The flags that are set, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Flag> {
        self.set.iter()
    }

    /// Clears the flags that live no longer than the hook.
    pub fn end_hook(&mut self) {
        self.set.retain(|flag| !flag.is_of_hook());
    }

    /// The flags that have been set or cleared since the last call.
    pub(super) fn take_touched(&mut self) -> BTreeSet<Flag> {
        std::mem::take(&mut self.touched)
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<T: IntoIterator<Item = Flag>>(flags: T) -> Self {
        Self { set: flags.into_iter().collect(), touched: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_remember_what_was_touched() {
        let [a, b]: [Flag; 2] = ["a".parse().unwrap(), "b".parse().unwrap()];
        let mut flags = Flags::from_iter([a.clone()]);
        flags.set(a.clone());
        flags.clear(&b);
        assert!(flags.take_touched().is_empty(), "nothing changed");
        flags.put(b.clone(), true);
        flags.clear(&a);
        assert_eq!(flags.take_touched(), BTreeSet::from([a, b]));
        assert!(flags.is_set("b") && !flags.is_set("a"));
    }

    #[test]
    fn a_flag_is_a_plain_word() {
        for text in ["", "a b", "a\n", "ä", &"x".repeat(256)] {
            assert!(text.parse::<Flag>().is_err(), "{text}");
        }
        assert_eq!(Flag::update("my-tls").to_string(), "endpoint.my-tls.update");
    }
}
