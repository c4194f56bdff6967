//! Words as a shell has them: quotes of both kinds, a backslash, a comment at the end.

pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '#' if word.is_none() => break,
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("the quote {c} isn't closed: close it on the same line")),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(chars.next().map(escaped)),
                        Some(inner) => word.push(inner),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        other => other,
    }
}

/// Words as they could have been written.
pub(super) fn join(words: &[String]) -> String {
    let plain = |word: &str| !word.is_empty() && !word.contains([' ', '\t', '\n', '"', '\'', '\\', '#']);
    let words = words.iter().map(|word| if plain(word) { word.clone() } else { format!("{word:?}") });
    words.collect::<Vec<_>>().join(" ")
}

/// `KEY=VALUE` words.
pub(super) fn pairs(words: &[String]) -> Result<Vec<(String, String)>, String> {
    let pair = |word: &String| {
        let (key, value) = word.split_once('=').ok_or_else(|| format!("write {word:?} as KEY=VALUE"))?;
        Ok((key.to_owned(), value.to_owned()))
    };
    words.iter().map(pair).collect()
}
