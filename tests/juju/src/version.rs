use std::fmt;

/// The version of Juju that the model plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    text: String,
    /// Major and minor. None if the text can't be read: that counts as current.
    numbers: Option<(u32, u32)>,
}

impl Version {
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = text.split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..digits].parse().ok()
        };
        let numbers = number().zip(number());
        Self { text: text.to_owned(), numbers }
    }

    /// Charm state came with 2.8, secrets with 3.0. What is asked of all others has always been there.
    pub(crate) fn has_tool(&self, name: &str) -> bool {
        let since = match name {
            "state-get" | "state-set" | "state-delete" => (2, 8),
            _ if name.starts_with("secret-") => (3, 0),
            _ => return true,
        };
        self.numbers.is_none_or(|numbers| numbers >= since)
    }

    /// What reading the other side says of a relation that is gone.
    pub(crate) fn of_gone_relation(&self) -> &'static str {
        if self.numbers.is_some_and(|numbers| numbers >= (4, 0)) {
            "relation not found"
        } else {
            "permission denied"
        }
    }

    /// Whether a commit is several transactions: relation settings, ports, charm state.
    pub(crate) fn commits_in_parts(&self) -> bool {
        self.numbers.is_some_and(|numbers| numbers == (4, 0) || numbers < (2, 8))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
