//! From a client's text to words: quotes are taken off, and nothing that nginx gives a meaning to gets through.

use crate::wire::Reason;

/// Splits a text at the semicolons that stand outside of quotes.
pub(in crate::wire) fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (index, character) in text.char_indices() {
        match (quote, character) {
            (None, ';') => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// What a directive is called, if that is a name as nginx has them: to be shown, even where nothing else can be read.
pub(super) fn name(text: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let begins = text.trim_start_matches([' ', '\t', '\r', '\n', ';', '"', '\'']);
    let name = begins.split([' ', '\t', '\r', '\n', ';', ':', '"', '\'']).next()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    ((1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)).then_some(name)
}

/// The words of one directive. A word in quotes may have spaces, and what has a meaning outside of quotes only.
pub(super) fn words(text: &str) -> Result<Vec<String>, Reason> {
    let mut words = Vec::new();
    let mut rest = text.trim_matches([' ', '\t', '\r', '\n', ';']);
    while !rest.is_empty() {
        let (word, left) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(&rest[1..], quote)?,
            _ => bare(rest)?,
        };
        acceptable(word, "\"$\\")?;
        words.push(word.to_owned());
        rest = left.trim_start_matches([' ', '\t']);
    }
    Ok(words)
}

fn bare(text: &str) -> Result<(&str, &str), Reason> {
    let (word, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
    acceptable(word, "{};'#`")?;
    Ok((word, rest))
}

fn quoted(text: &str, quote: char) -> Result<(&str, &str), Reason> {
    let (word, rest) =
        text.split_once(quote).ok_or_else(|| Reason::new("a quote is opened and not closed"))?;
    if rest.chars().next().is_some_and(|next| !matches!(next, ' ' | '\t')) {
        return Err(Reason::new("a space is needed behind a closing quote"));
    }
    Ok((word, rest))
}

fn acceptable(word: &str, forbidden: &str) -> Result<(), Reason> {
    let bad =
        word.chars().find(|character| !matches!(character, ' '..='~') || forbidden.contains(*character));
    match bad {
        None => Ok(()),
        Some(bad @ '!'..='~') => Err(Reason::new(format!("the character {bad} is not accepted here"))),
        Some(_) => Err(Reason::new("only printable ASCII characters are accepted in a directive")),
    }
}
