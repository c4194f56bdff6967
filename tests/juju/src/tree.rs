use std::collections::BTreeMap;

use serde_json::Value;

/// What a hook tool prints, before a format is chosen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Tree>),
    /// A list of names, which smart prints on a line each.
    Lines(Vec<String>),
    /// A map that isn't there: null in JSON, empty in YAML.
    NoMap,
    /// Sorted, by each format in its own way.
    Map(BTreeMap<String, Tree>),
    /// A field that JSON doesn't have.
    YamlOnly(Box<Tree>),
    /// In the order of the fields.
    Record(Vec<(&'static str, Tree)>),
}

impl Tree {
    /// JSON on one line, fit for HTML, as Go writes it.
    pub(crate) fn json(&self) -> String {
        match self {
            Self::YamlOnly(_) => String::new(),
            Self::Null | Self::NoMap => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => crate::go_number::json(*value),
            Self::Text(text) => json_string(text),
            Self::List(items) => format!("[{}]", joined(items.iter().map(Self::json))),
            Self::Lines(lines) => format!("[{}]", joined(lines.iter().map(|line| json_string(line)))),
            Self::Map(pairs) => {
                format!("{{{}}}", joined(pairs.iter().map(|(key, value)| json_pair(key, value))))
            }
            Self::Record(pairs) => {
                let pairs = pairs.iter().filter(|(_, value)| !matches!(value, Self::YamlOnly(_)));
                format!("{{{}}}", joined(pairs.map(|(key, value)| json_pair(key, value))))
            }
        }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

fn json_pair(key: &str, value: &Tree) -> String {
    format!("{}:{}", json_string(key), value.json())
}

fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\x08' => json.push_str("\\b"),
            '\x0c' => json.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                json.extend([format!("\\u{:04x}", u32::from(c))]);
            }
            _ => json.push(c),
        }
    }
    json.push('"');
    json
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => Self::Int(value.into()),
                (_, Some(value), _) => Self::Int(value.into()),
                (_, _, value) => Self::Float(value.unwrap_or_default()),
            },
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(pairs) => {
                Self::Map(pairs.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

impl From<&BTreeMap<String, String>> for Tree {
    fn from(map: &BTreeMap<String, String>) -> Self {
        Self::Map(map.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect())
    }
}
