//! The content of a secret as the tools take it, and what else can be said of one.

use std::collections::BTreeMap;
use std::fs;

use super::flags::Flags;
use super::{Call, Failure, Result, quote};
use crate::model::About;
use crate::{Bag, base64, go_yaml};

const LARGEST: usize = 1_000_000;
const POLICIES: [&str; 7] = ["never", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"];

/// Read `KEY=VALUE`, `KEY#base64=VALUE` and `KEY#file=PATH`, and what `--file` names. Values come in base 64.
pub(super) fn content(args: &[String], flags: &Flags, call: Call<'_>) -> Result<Bag> {
    let mut raw = BTreeMap::new();
    for arg in args {
        let (key, value) = arg
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.trim_end_matches('=').is_empty())
            .ok_or_else(|| Failure::usage(format!("key value {} not valid", quote(arg))))?;
        let (key, value) = match key.strip_suffix("#file") {
            Some(key) => (key, file_value(key, value, call)?),
            None => (key, value.to_owned()),
        };
        raw.insert(key.to_owned(), value);
    }
    let mut content = encoded(raw)?;
    if let Some(path) = flags.text("file") {
        let text = if path == "-" {
            call.stdin.to_vec()
        } else {
            fs::read(call.cwd.join(path)).map_err(|error| usage(Failure::file(path, &error)))?
        };
        let raw = go_yaml::map_of_strings(&text).map_err(|error| Failure::usage(format!("yaml: {error}")))?;
        content.extend(encoded(raw)?);
    }
    Ok(content)
}

fn file_value(key: &str, path: &str, call: Call<'_>) -> Result<String> {
    let file = call.cwd.join(path);
    if let Some(size) = fs::metadata(&file).ok().filter(|file| file.len() > LARGEST as u64) {
        let size = size.len();
        return Err(Failure::usage(format!(
            "secret content in file {} too large: {size} bytes",
            quote(path)
        )));
    }
    let bytes = fs::read(&file).map_err(|error| match Failure::file(path, &error) {
        Failure::Failed(what) => {
            Failure::usage(format!("reading content for secret key {}: {what}", quote(key)))
        }
        other => other,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn usage(failure: Failure) -> Failure {
    match failure {
        Failure::Failed(message) => Failure::Usage(message),
        other => other,
    }
}

fn encoded(raw: BTreeMap<String, String>) -> Result<Bag> {
    let mut content = Bag::new();
    for (key, value) in raw {
        let (key, value) = match key.strip_suffix("#base64") {
            Some(key) => (key.to_owned(), value),
            None => (key, base64::encode(value.as_bytes())),
        };
        if !is_key(&key) {
            return Err(Failure::usage(format!("key {} not valid", quote(&key))));
        }
        if value.len() > LARGEST {
            let size = value.len();
            let key = quote(&key);
            return Err(Failure::usage(format!(
                "base64 encoded secret content for key {key} too large: {size} bytes"
            )));
        }
        content.insert(key, value);
    }
    let size: usize = content.values().map(String::len).sum();
    if size > LARGEST {
        return Err(Failure::usage(format!("base64 encoded secret content too large: {size} bytes")));
    }
    Ok(content)
}

/// `^[a-z](-?[a-z0-9]){2,}$`
fn is_key(key: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| word(c) || c == '-')
        && !key.contains("--")
        && !key.ends_with('-')
        && key.chars().filter(|c| word(*c)).count() >= 3
}

/// Label, description, rotation and expiry.
pub(super) fn about(flags: &Flags, now: &str) -> Result<About> {
    let text = |name| flags.text(name).map(str::to_owned);
    let expire = flags.text("expire").map(|text| expiry(text, now)).transpose()?;
    if let Some(policy) = flags.text("rotate").filter(|policy| !POLICIES.contains(policy)) {
        return Err(Failure::usage(format!("rotate policy {} not valid", quote(policy))));
    }
    let owner = flags.value("owner").unwrap_or("application");
    if owner != "application" && owner != "unit" {
        return Err(Failure::usage(format!("secret owner {} not valid", quote(owner))));
    }
    Ok(About { label: text("label"), description: text("description"), rotate: text("rotate"), expire })
}

/// A time stays as it is. A duration is kept as one: no time passes here.
fn expiry(text: &str, now: &str) -> Result<String> {
    let is_time = text.len() >= 19
        && text
            .bytes()
            .zip("0000-00-00T00:00:00".bytes())
            .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form });
    if is_time {
        return Ok(if text.len() == 19 { format!("{text}Z") } else { text.to_owned() });
    }
    let (negative, length) = (text.starts_with('-'), text.trim_start_matches(['+', '-']));
    let unit = |part: &str| ["h", "m", "s", "ms", "us", "ns"].contains(&part);
    let mut rest = length;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let end = rest[number..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| number + at);
        if number == 0 || !unit(&rest[number..end]) {
            return Err(Failure::usage(format!("expire time or duration {} not valid", quote(text))));
        }
        rest = &rest[end..];
    }
    if negative || length.is_empty() || !length.contains(|c: char| ('1'..='9').contains(&c)) {
        return Err(Failure::usage(format!("negative expire duration {} not valid", quote(text))));
    }
    Ok(format!("{now} + {length}"))
}

/// The ID in `ID`, `secret:ID` or `secret://MODEL/ID`.
pub(super) fn id(text: &str) -> Result<String> {
    let id = match text.strip_prefix("secret:") {
        Some(rest) => rest.trim_start_matches('/'),
        None => text,
    };
    if let Some((scheme, _)) = text.split_once(':').filter(|(scheme, _)| *scheme != "secret") {
        return Err(Failure::usage(format!("secret URI scheme {} not valid", quote(scheme))));
    }
    let id = id.rsplit_once('/').map_or(id, |(_, id)| id);
    let fits =
        id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte));
    if fits {
        Ok(id.to_owned())
    } else {
        Err(Failure::usage(format!("secret URI {} not valid", quote(text))))
    }
}
