//! The YAML that hook tools read, as Go's yaml.v2 understands it: 1.1, and the texts of its errors.

use std::collections::{BTreeMap, HashMap};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// A map of strings from the first document of a text. Scalars keep their source text, null is empty.
pub(crate) fn map_of_strings(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "invalid leading UTF-8 octet".to_owned())?;
    if text.contains(|c: char| c == '\u{7f}' || ('\u{80}'..='\u{9f}').contains(&c) && c != '\u{85}') {
        return Err("control characters are not allowed".to_owned());
    }
    // The next line of YAML 1.1 is a line break, in 1.2 it isn't.
    let text = text.replace('\u{85}', "\n");
    let mut reader = Reader { text: &text, scalars: Vec::new(), anchors: HashMap::new(), errors: Vec::new() };
    reader.document()?;
    if !reader.errors.is_empty() {
        return Err(format!("unmarshal errors:\n  {}", reader.errors.join("\n  ")));
    }
    let mut scalars = reader.scalars.into_iter();
    Ok(std::iter::from_fn(|| Some((scalars.next()?, scalars.next().unwrap_or_default()))).collect())
}

struct Reader<'t> {
    text: &'t str,
    /// Keys and values by turns.
    scalars: Vec<String>,
    anchors: HashMap<usize, String>,
    /// Values of a wrong type; the rest is read all the same.
    errors: Vec<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), String> {
        let mut depth = 0;
        for event in Parser::new_from_str(self.text) {
            let (event, span) = event.map_err(|error| self.go_text(&error))?;
            match event {
                Event::DocumentEnd => break,
                Event::MappingStart(..) | Event::SequenceStart(..) => {
                    self.collection(depth, matches!(event, Event::MappingStart(..)), &span);
                    depth += 1;
                }
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                Event::Scalar(value, style, anchor, _) => {
                    let value = self.scalar(&value, style, &span)?;
                    self.anchors.insert(anchor, value.clone());
                    match depth {
                        0 if !value.is_empty() => self.errors.push(format!(
                            "line {}: cannot unmarshal !!str `{value}` into map[string]string",
                            span.start.line()
                        )),
                        1 => self.scalars.push(value),
                        _ => {}
                    }
                }
                Event::Alias(anchor) if depth == 1 => {
                    self.scalars.push(self.anchors.get(&anchor).cloned().unwrap_or_default());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The one map is welcome, anything else isn't.
    fn collection(&mut self, depth: usize, is_map: bool, span: &Span) {
        let (found, line) = (if is_map { "!!map" } else { "!!seq" }, span.start.line());
        match depth {
            0 if is_map => {}
            0 => self.errors.push(format!("line {line}: cannot unmarshal {found} into map[string]string")),
            1 => {
                self.errors.push(format!("line {line}: cannot unmarshal {found} into string"));
                self.scalars.push(String::new());
            }
            _ => {}
        }
    }

    fn scalar(&self, value: &str, style: ScalarStyle, span: &Span) -> Result<String, String> {
        match style {
            ScalarStyle::DoubleQuoted => {
                forbidden_escape(span.slice(self.text).unwrap_or_default())?;
                Ok(value.to_owned())
            }
            ScalarStyle::Plain if ["~", "null", "Null", "NULL"].contains(&value) => Ok(String::new()),
            _ => Ok(value.to_owned()),
        }
    }

    fn go_text(&self, error: &ScanError) -> String {
        let info = error.info();
        if let Some(at) = info.find("did not find expected") {
            info[at..].to_owned()
        } else if info.starts_with("unclosed bracket") {
            let line = self.text.lines().count();
            format!("line {line}: did not find expected ',' or '}}'")
        } else {
            info
        }
    }
}

/// What JSON has and YAML 1.1 hasn't: surrogates and an escaped slash.
fn forbidden_escape(source: &str) -> Result<(), String> {
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let hex = escape.strip_prefix('u').and_then(|escape| escape.get(..4));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if code.is_some_and(|code| (0xd800..0xe000).contains(&code)) {
            return Err("found invalid Unicode character escape code".to_owned());
        }
        if escape.starts_with('/') {
            return Err("found unknown escape character".to_owned());
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    Ok(())
}
