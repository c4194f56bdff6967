//! Kinds of arguments: each reads words and writes them as nginx's own documentation does.

use std::collections::BTreeSet;

use super::headers;
use crate::wire::{Network, Reason};

const K: u64 = 1024;
const M: u64 = 1024 * K;
const G: u64 = 1024 * M;

/// What a directive's arguments are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Bytes, as `10m`: at least, at most.
    Size(u64, u64),
    /// A number of buffers and the size of each, at most.
    Buffers(u64, u64),
    /// Seconds, as `30s`: at least, at most.
    Time(u64, u64),
    /// As `Time` in days at most, or `off`, `epoch`, `max`.
    Expires(u64),
    /// A number, at most.
    Number(u64),
    /// `on` or `off`.
    Switch,
    /// One of these words.
    One(&'static [&'static str]),
    /// Some of these words, each once.
    Some(&'static [&'static str]),
    /// Media types, or `*`.
    Types,
    /// A character set, or `off`.
    Charset,
    /// An address or network, or `all`.
    Network,
    /// A response header's name.
    HeaderName,
    /// A response header and its value, and perhaps `always`.
    ResponseHeader,
    /// A request header and its value.
    RequestHeader,
}

impl Kind {
    /// Whether the directive may stand in a location more than once.
    pub(super) fn repeats(self) -> bool {
        matches!(self, Self::Network | Self::HeaderName | Self::ResponseHeader | Self::RequestHeader)
    }

    /// Reads the words behind a directive's name; gives them back in one form.
    pub(super) fn read(self, words: &[String]) -> Result<Vec<String>, Reason> {
        match (self, words) {
            (Self::Some(known), words) => some(known, words),
            (Self::Types, words) => types(words),
            (Self::Buffers(number, size), [count, each]) => {
                Ok(vec![number_of(count, 2, number)?.to_string(), size_of(each, 1, size)?])
            }
            (Self::ResponseHeader, [name, value]) => {
                Ok(vec![headers::response(name)?, headers::value(value)?])
            }
            (Self::ResponseHeader, [name, value, always]) if always == "always" => {
                Ok(vec![headers::response(name)?, headers::value(value)?, "always".to_owned()])
            }
            (Self::RequestHeader, [name, value]) => Ok(vec![headers::request(name)?, headers::value(value)?]),
            (_, [word]) => self.read_one(word).map(|argument| vec![argument]),
            _ => Err(self.wrong_number(words.len())),
        }
    }

    fn read_one(self, word: &str) -> Result<String, Reason> {
        match self {
            Self::Size(least, most) => size_of(word, least, most),
            Self::Time(least, most) => time_of(word, least, most),
            Self::Expires(_) if ["off", "epoch", "max"].contains(&word) => Ok(word.to_owned()),
            Self::Expires(days) => time_of(word, 0, days * 24 * 3600),
            Self::Number(most) => number_of(word, 0, most).map(|number| number.to_string()),
            Self::Switch => one(&["on", "off"], word),
            Self::One(known) => one(known, word),
            Self::Charset => charset(word),
            Self::Network if word == "all" => Ok(word.to_owned()),
            Self::Network => {
                let network =
                    word.parse().map_err(|_| Reason::quoting("not an address, a network or all", word))?;
                Ok(Network::to_string(&network))
            }
            Self::HeaderName => headers::name(word),
            Self::Buffers(..) | Self::Some(_) | Self::Types | Self::ResponseHeader | Self::RequestHeader => {
                Err(self.wrong_number(1))
            }
        }
    }

    fn wrong_number(self, found: usize) -> Reason {
        let needed = match self {
            Self::Buffers(..) => "a number and a size",
            Self::ResponseHeader => "a header's name, its value and perhaps always",
            Self::RequestHeader => "a header's name and its value",
            _ => "one",
        };
        let s = if found == 1 { "" } else { "s" };
        Reason::new(format!("it has {found} argument{s} and needs {needed}"))
    }
}

/// A number of decimal digits that stands before a unit.
fn split_number(word: &str) -> Option<(u64, &str)> {
    let digits = word.find(|character: char| !character.is_ascii_digit()).unwrap_or(word.len());
    Some((word[..digits].parse().ok()?, &word[digits..]))
}

fn number_of(word: &str, least: u64, most: u64) -> Result<u64, Reason> {
    let number = split_number(word).filter(|(_, unit)| unit.is_empty()).map(|(number, _)| number);
    let range = || Reason::quoting(&format!("not a number from {least} to {most}"), word);
    number.filter(|number| (least..=most).contains(number)).ok_or_else(range)
}

/// A number of bytes, as `8k`.
pub(super) fn bytes(word: &str) -> Option<u64> {
    let (number, unit) = split_number(word)?;
    let factor = match unit {
        "" => 1,
        "k" | "K" => K,
        "m" | "M" => M,
        "g" | "G" => G,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn size_of(word: &str, least: u64, most: u64) -> Result<String, Reason> {
    let bytes = bytes(word).ok_or_else(|| Reason::quoting("not a size such as 8k or 10m", word))?;
    if !(least..=most).contains(&bytes) {
        return Err(Reason::quoting(&format!("not from {} to {}", in_units(least), in_units(most)), word));
    }
    Ok(in_units(bytes))
}

/// Bytes in the largest unit that nginx knows everywhere and that makes a whole number.
fn in_units(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        bytes if bytes % M == 0 => format!("{}m", bytes / M),
        bytes if bytes % K == 0 => format!("{}k", bytes / K),
        bytes => bytes.to_string(),
    }
}

fn time_of(word: &str, least: u64, most: u64) -> Result<String, Reason> {
    let read = || {
        let (number, unit) = split_number(word)?;
        let factor = match unit {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 24 * 3600,
            _ => return None,
        };
        number.checked_mul(factor)
    };
    let seconds = read().ok_or_else(|| Reason::quoting("not a time such as 30s or 5m", word))?;
    if !(least..=most).contains(&seconds) {
        return Err(Reason::quoting(&format!("not from {least}s to {most}s"), word));
    }
    Ok(format!("{seconds}s"))
}

fn one(known: &[&str], word: &str) -> Result<String, Reason> {
    if known.contains(&word) {
        return Ok(word.to_owned());
    }
    Err(Reason::quoting(&format!("not one of {}", known.join(", ")), word))
}

fn some(known: &[&str], words: &[String]) -> Result<Vec<String>, Reason> {
    let mut seen = BTreeSet::new();
    if words.is_empty() {
        return Err(Reason::new("it has 0 arguments and needs at least one"));
    }
    if let Some(twice) = words.iter().find(|word| !seen.insert(*word)) {
        return Err(Reason::quoting("an argument is there twice", twice));
    }
    words.iter().map(|word| one(known, word)).collect()
}

fn types(words: &[String]) -> Result<Vec<String>, Reason> {
    const MOST: usize = 50;
    const LONGEST: usize = 46; // what nginx's table has room for
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
    };
    let is_type =
        |word: &str| word == "*" || word.split_once('/').is_some_and(|(kind, of)| plain(kind) && plain(of));
    if words.is_empty() || words.len() > MOST {
        return Err(Reason::new(format!("it has {} arguments, not from 1 to {MOST}", words.len())));
    }
    if let Some(bad) = words.iter().find(|word| word.len() > LONGEST || !is_type(word)) {
        return Err(Reason::quoting("not a media type such as text/css, of at most 46 characters", bad));
    }
    let unique: BTreeSet<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    Ok(unique.into_iter().collect())
}

fn charset(word: &str) -> Result<String, Reason> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=32).contains(&word.len()) && word.bytes().all(plain) {
        return Ok(word.to_owned());
    }
    Err(Reason::quoting("not a character set such as utf-8", word))
}
