use serde_json::Value;

/// What one proxy unit has under `status`, of ours or of old: any JSON, or none.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Published {
    /// No key, or no text under it.
    #[default]
    Nothing,
    /// Text that is not JSON.
    Undecodable(String),
    /// A value of any shape; `null` too was published.
    Value(Value),
}

impl Published {
    /// Reads the text under the key; any text will do.
    pub fn parse(text: Option<&str>) -> Self {
        match text {
            None | Some("") => Self::Nothing,
            Some(text) => match serde_json::from_str(text) {
                Ok(value) => Self::Value(value),
                Err(_) => Self::Undecodable(text.to_owned()),
            },
        }
    }

    /// As the Python original shows it: `null` for nothing, the raw text where it is not JSON. Two different things
    /// can thus look the same.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Undecodable(text) => Value::String(text.clone()),
            Self::Value(value) => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Published;
    use serde_json::json;

    #[test]
    fn table() {
        for (text, published, shown) in [
            (None, Published::Nothing, json!(null)),
            (Some(""), Published::Nothing, json!(null)),
            (Some("null"), Published::Value(json!(null)), json!(null)),
            (Some("{bad"), Published::Undecodable("{bad".to_owned()), json!("{bad")),
            (Some("\"{bad\""), Published::Value(json!("{bad")), json!("{bad")),
            (Some(" "), Published::Undecodable(" ".to_owned()), json!(" ")),
            (Some("7"), Published::Value(json!(7)), json!(7)),
            (Some("[\"a.b\"]"), Published::Value(json!(["a.b"])), json!(["a.b"])),
            (Some("{\"a.b\": {}}"), Published::Value(json!({"a.b": {}})), json!({"a.b": {}})),
        ] {
            assert_eq!(Published::parse(text), published, "{text:?}");
            assert_eq!(published.to_json(), shown, "{text:?}");
        }
    }

    #[test]
    fn compared_by_value() {
        assert_eq!(
            Published::parse(Some("{\"b\":1,\"a\":2}")),
            Published::parse(Some(" {\"a\": 2, \"b\": 1}"))
        );
    }
}
