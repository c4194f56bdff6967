use std::collections::BTreeMap;
use std::fs;

use super::flags::Flags;
use super::{Call, Failure, Result, quote};
use crate::go_yaml;

/// `K=V` arguments, values without the space around them. An empty value stays empty.
pub(super) fn from_args(args: &[String]) -> Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for arg in args.iter().filter(|arg| !arg.is_empty()) {
        let wrong = |arg: &str| Failure::usage(format!(r#"expected "key=value", got {arg}"#));
        let (key, value) = arg.split_once('=').ok_or_else(|| wrong(&quote(arg)))?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return Err(wrong(&format!(r#""{key}={value}""#)));
        }
        if pairs.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::usage(format!("key {} specified more than once", quote(key))));
        }
    }
    Ok(pairs)
}

/// What `--file` names: YAML, a map of strings. Null is an empty value.
pub(super) fn from_file(flags: &Flags, call: Call<'_>) -> Result<BTreeMap<String, String>> {
    let text = match flags.text("file") {
        None => return Ok(BTreeMap::new()),
        Some("-") => call.stdin.to_vec(),
        Some(path) => fs::read(call.cwd.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::IsADirectory => Failure::failed(format!("read {path}: is a directory")),
            _ => Failure::file(path, &error),
        })?,
    };
    go_yaml::map_of_strings(&text).map_err(|error| Failure::failed(format!("yaml: {error}")))
}
