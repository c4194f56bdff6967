use std::collections::BTreeMap;
use std::fs;

use super::flags::Flags;
use super::{Call, Failure, Result};

/// `K=V` arguments, values without the space around them. An empty value stays empty.
pub(super) fn from_args(args: &[String]) -> Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for arg in args {
        let (key, value) = arg
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| Failure::usage(format!(r#"expected "key=value", got "{arg}""#)))?;
        let (key, value) = (key.trim(), value.trim());
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(format!(r#"key "{key}" specified more than once"#)));
        }
    }
    Ok(pairs)
}

/// What `--file` names: YAML, a map of strings. Null is an empty value.
pub(super) fn from_file(flags: &Flags, call: Call<'_>) -> Result<BTreeMap<String, String>> {
    let text = match flags.value("file") {
        None => return Ok(BTreeMap::new()),
        Some("-") => call.stdin.to_vec(),
        Some(path) => fs::read(call.cwd.join(path)).map_err(|error| {
            let reason = match error.kind() {
                std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
                _ => error.to_string(),
            };
            Failure::failed(format!("open {path}: {reason}"))
        })?,
    };
    crate::yaml::map_of_strings(&text).map_err(|error| Failure::failed(format!("yaml: {error}")))
}
