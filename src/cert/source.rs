use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a certificate is from. Ordered by whom browsers trust: the last ones more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// An authority of this unit's own, which nobody trusts who was not told to.
    SelfSigned,
    /// A server that speaks ACME (RFC 8555), Let's Encrypt for one.
    Acme,
    /// The application at the endpoint `certificates`.
    Certificates,
    /// The operator, with a secret: whatever else is asked for, for the names that it is for.
    Operator,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SelfSigned, Self::Acme, Self::Certificates, Self::Operator];

    /// Its name in the option, in answers, and of its folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SelfSigned => "self-signed",
            Self::Acme => "acme",
            Self::Certificates => "certificates",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the operator says in the option `certificate-source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// The best that there is.
    #[default]
    Auto,
    /// This one and no other.
    Only(Source),
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text == "auto" {
            return Ok(Self::Auto);
        }
        let mut sources = Source::ALL.into_iter().filter(|source| *source != Source::Operator);
        let source = sources.find(|source| source.as_str() == text);
        source
            .map(Self::Only)
            .ok_or_else(|| format!("{text:?} is none of auto, acme, certificates, self-signed"))
    }
}

/// Which certificates are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// From where.
    pub source: Source,
    /// From ACME: the directory's URL. A certificate of another server is not what is asked for.
    pub server: Option<String>,
}

impl Asked {
    /// What the wish comes to. `related`: whether an application is at the endpoint `certificates`. `acme`: the
    /// directory's URL, if the operator has agreed to its terms.
    pub fn of(wish: Wish, related: bool, acme: Option<&str>) -> Self {
        let source = match wish {
            Wish::Only(source) => source,
            Wish::Auto if related => Source::Certificates,
            Wish::Auto if acme.is_some() => Source::Acme,
            Wish::Auto => Source::SelfSigned,
        };
        let server = acme.filter(|_| source == Source::Acme).map(str::to_owned);
        Self { source, server }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_comes_to_a_source() {
        let asked = |wish: &str, related, acme| Asked::of(wish.parse().unwrap(), related, acme).source;
        for (wish, related, acme, source) in [
            ("", false, None, Source::SelfSigned),
            ("auto", false, None, Source::SelfSigned),
            ("auto", false, Some("https://x"), Source::Acme),
            ("auto", true, Some("https://x"), Source::Certificates),
            ("acme", true, Some("https://x"), Source::Acme),
            ("certificates", false, Some("https://x"), Source::Certificates),
            ("self-signed", true, Some("https://x"), Source::SelfSigned),
        ] {
            assert_eq!(asked(wish, related, acme), source, "{wish} {related} {acme:?}");
        }
        assert_eq!(
            "ACME".parse::<Wish>().unwrap_err(),
            "\"ACME\" is none of auto, acme, certificates, self-signed"
        );
        assert!("operator".parse::<Wish>().is_err(), "it goes before all, and cannot be asked for");
    }
}
