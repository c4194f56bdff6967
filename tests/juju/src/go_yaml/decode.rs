use std::collections::BTreeMap;

use super::node::{Content, Node};
use super::parser::Parser;
use super::problem::Problem;
use super::resolve::{Kind, resolve, short};

type Map = BTreeMap<String, String>;

/// A map of strings from the first document of a text. Scalars keep their source text, null is empty.
pub(crate) fn map_of_strings(bytes: &[u8]) -> Result<Map, String> {
    let mut decoder = Decoder { map: Map::new(), errors: Vec::new() };
    let document = Parser::new(bytes).and_then(|mut parser| parser.document());
    let decoded = document.and_then(|node| node.map_or(Ok(()), |node| decoder.root(&node)));
    decoded.map_err(|problem| problem.to_string())?;
    if decoder.errors.is_empty() {
        Ok(decoder.map)
    } else {
        Err(format!("unmarshal errors:\n  {}", decoder.errors.join("\n  ")))
    }
}

struct Decoder {
    map: Map,
    /// Values of a wrong type; the rest is read all the same.
    errors: Vec<String>,
}

impl Decoder {
    fn root(&mut self, node: &Node) -> Result<(), Problem> {
        match &node.content {
            Content::Scalar { text, tag, implicit } => {
                let kind = scalar_kind(text, tag, *implicit)?;
                if kind == Kind::Binary {
                    decoded(text)?;
                }
                if kind != Kind::Null {
                    let tag = if tag.is_empty() { kind.tag().to_owned() } else { short(tag) };
                    let what = match tag.as_str() {
                        "!!map" | "!!seq" => format!("{tag}{text}"),
                        _ => format!("{tag} `{}`", shortened(text)),
                    };
                    self.wrong(node.line, &what, "map[string]string");
                }
            }
            Content::Sequence(_) => self.wrong(node.line, "!!seq", "map[string]string"),
            Content::Mapping(_) => self.mapping(node)?,
            Content::Alias { .. } => {}
        }
        Ok(())
    }

    fn wrong(&mut self, line: usize, what: &str, wanted: &str) {
        self.errors.push(format!("line {}: cannot unmarshal {what} into {wanted}", line + 1));
    }

    fn mapping(&mut self, node: &Node) -> Result<(), Problem> {
        let Content::Mapping(pairs) = &node.content else { return Ok(()) };
        for (key, value) in pairs {
            if is_merge(key) {
                self.merge(value)?;
            } else if let Some(key) = self.string(key)?
                && let Some(value) = self.string(value)?
            {
                self.map.insert(key, value);
            }
        }
        Ok(())
    }

    /// `<<: *other` or `<<: [*one, *other]`, where the first wins.
    fn merge(&mut self, node: &Node) -> Result<(), Problem> {
        let unfit = || Problem::nowhere("map merge requires map or sequence of maps as the value");
        match &node.content {
            Content::Mapping(_) => self.mapping(node),
            Content::Alias { is_mapping: false, .. } | Content::Scalar { .. } => Err(unfit()),
            Content::Alias { node: Some(node), .. } => self.mapping(node),
            Content::Alias { name, .. } => {
                Err(Problem::nowhere(format!("anchor '{name}' value contains itself")))
            }
            Content::Sequence(items) => {
                for item in items.iter().rev() {
                    match &item.content {
                        Content::Mapping(_) | Content::Alias { is_mapping: true, .. } => self.merge(item)?,
                        _ => return Err(unfit()),
                    }
                }
                Ok(())
            }
        }
    }

    /// A key or a value. None if it isn't a scalar, which is noted.
    fn string(&mut self, node: &Node) -> Result<Option<String>, Problem> {
        match &node.content {
            Content::Scalar { text, tag, implicit } => match scalar_kind(text, tag, *implicit)? {
                Kind::Null => Ok(Some(String::new())),
                Kind::Binary => decoded(text).map(Some),
                _ => Ok(Some(text.clone())),
            },
            Content::Sequence(_) => {
                self.wrong(node.line, "!!seq", "string");
                Ok(None)
            }
            Content::Mapping(_) => {
                self.wrong(node.line, "!!map", "string");
                Ok(None)
            }
            Content::Alias { node: Some(node), .. } => self.string(node),
            Content::Alias { is_mapping, target_line, .. } => {
                self.wrong(*target_line, if *is_mapping { "!!map" } else { "!!seq" }, "string");
                Ok(None)
            }
        }
    }
}

fn scalar_kind(text: &str, tag: &str, implicit: bool) -> Result<Kind, Problem> {
    if tag.is_empty() && !implicit { Ok(Kind::Str) } else { resolve(tag, text).map_err(Problem::nowhere) }
}

fn is_merge(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar { text, tag, implicit }
        if text == "<<" && (*implicit || tag == "tag:yaml.org,2002:merge"))
}

/// A value in an error: cut, where it is long.
fn shortened(text: &str) -> String {
    if text.len() <= 10 {
        return text.to_owned();
    }
    // A character that is cut in two can't be shown.
    let whole = (0..=7).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{}...", &text[..whole], "\u{fffd}".repeat(7 - whole))
}

fn decoded(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::nowhere("!!binary value contains invalid base64 data");
    let bytes = crate::base64::decode(text).ok_or_else(wrong)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
