//! The YAML that hook tools read, as Go's parser understands it.

use std::collections::BTreeMap;

use serde_saphyr::DuplicateKeyPolicy;

/// A map of strings from the first document of a text. Scalars keep their source text, null is empty.
pub(crate) fn map_of_strings(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "invalid leading UTF-8 octet".to_owned())?;
    if text.contains(|c: char| c == '\u{7f}' || ('\u{80}'..='\u{9f}').contains(&c) && c != '\u{85}') {
        return Err("control characters are not allowed".to_owned());
    }
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let map: Option<BTreeMap<String, Option<String>>> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
    Ok(map.unwrap_or_default().into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
}
