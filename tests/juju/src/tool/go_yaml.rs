//! YAML as Go's yaml.v2 writes it.

use std::iter::repeat_n;

use serde_json::Value;

/// Lines are folded at the first space after this column.
const WIDTH: usize = 80;

/// A value as a document.
pub(super) fn text(value: &Value) -> String {
    let mut text = String::new();
    if is_block(value) {
        block(&mut text, value, 0);
    } else {
        scalar(&mut text, value, 0);
        text.push('\n');
    }
    text
}

/// Whether it takes lines of its own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn block(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                text.extend(repeat_n(' ', indent));
                scalar(text, &Value::from(key.as_str()), indent);
                text.push(':');
                // A list stands as far left as its key.
                let inner = if value.is_array() { indent } else { indent + 2 };
                nested(text, value, "\n", inner);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.extend(repeat_n(' ', indent));
                text.push('-');
                nested(text, item, " ", indent + 2);
            }
        }
        _ => {}
    }
}

/// A map or list after `break`, a scalar on the same line.
fn nested(text: &mut String, value: &Value, before: &str, indent: usize) {
    if is_block(value) {
        let mut inner = String::new();
        block(&mut inner, value, indent);
        text.push_str(before);
        text.push_str(if before == " " { inner.trim_start() } else { &inner });
    } else {
        text.push(' ');
        scalar(text, value, indent);
        text.push('\n');
    }
}

fn scalar(text: &mut String, value: &Value, indent: usize) {
    let Value::String(string) = value else {
        return text.push_str(&value.to_string());
    };
    let indent = indent.max(2);
    if !string.chars().all(is_printable) {
        return double_quoted(text, string);
    }
    if string.is_empty() || means_something_else(string) {
        double_quoted(text, string);
    } else if string.contains('\n') {
        literal(text, string, indent);
    } else if is_plain(string) {
        folded(text, string, indent);
    } else {
        text.push('\'');
        folded(text, &string.replace('\'', "''"), indent);
        text.push('\'');
    }
}

/// Text in which long lines break at a space.
fn folded(text: &mut String, string: &str, indent: usize) {
    let mut column = text.len() - text.rfind('\n').map_or(0, |at| at + 1);
    let mut before = None;
    let mut characters = string.chars().peekable();
    while let Some(character) = characters.next() {
        let inner =
            before.is_some_and(|before| before != ' ') && !matches!(characters.peek(), None | Some(' '));
        if character == ' ' && inner && column > WIDTH {
            text.push('\n');
            text.extend(repeat_n(' ', indent));
            column = indent;
        } else {
            text.push(character);
            column += 1;
        }
        before = Some(character);
    }
}

fn literal(text: &mut String, string: &str, indent: usize) {
    text.push('|');
    if !string.ends_with('\n') {
        text.push('-');
    } else if string.ends_with("\n\n") || string == "\n" {
        text.push('+');
    }
    for line in string.strip_suffix('\n').unwrap_or(string).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            text.extend(repeat_n(' ', indent));
            text.push_str(line);
        }
    }
}

fn double_quoted(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        let code = u32::from(character);
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            '\0' => text.push_str("\\0"),
            '\u{85}' => text.push_str("\\N"),
            '\u{2028}' => text.push_str("\\L"),
            '\u{2029}' => text.push_str("\\P"),
            _ if is_printable(character) => text.push(character),
            _ if code <= 0xff => text.extend([format!("\\x{code:02X}")]),
            _ if code <= 0xffff => text.extend([format!("\\u{code:04X}")]),
            _ => text.extend([format!("\\U{code:08X}")]),
        }
    }
    text.push('"');
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether it could stand without quotes, as what it is.
fn is_plain(string: &str) -> bool {
    let indicator = |c: char| "-?:,[]{}#&*!|>'\"%@`".contains(c);
    let first_is_fine = match string.chars().next() {
        Some('-' | '?' | ':') => string.chars().nth(1).is_some_and(|second| second != ' '),
        Some(first) => !indicator(first),
        None => false,
    };
    let spaces_outside = string.starts_with(' ') || string.ends_with(' ');
    let mapping = string.contains(": ") || string.ends_with(':') || string.contains(" #");
    let document = string.starts_with("---") || string.starts_with("...");
    first_is_fine && !spaces_outside && !mapping && !document
}

/// Whether YAML 1.1 would read a plain one as a boolean, null or number.
fn means_something_else(string: &str) -> bool {
    let words =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "<<", ".nan", ".inf", "-.inf"];
    let number = string.replace('_', "");
    let based = ["0x", "0o", "0b"]
        .iter()
        .any(|base| number.trim_start_matches(['+', '-']).starts_with(base) && number.len() > 2);
    let numeric = number.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    words.contains(&string.to_ascii_lowercase().as_str()) || based || numeric && number.parse::<f64>().is_ok()
}
