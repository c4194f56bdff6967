use std::cell::{OnceCell, RefCell};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A value of a piece: of the many in it, few are looked at. What is not looked at stays the text that it was.
#[derive(Debug, Clone)]
pub(super) struct Kept<V> {
    text: RefCell<Option<Box<RawValue>>>,
    value: OnceCell<V>,
}

impl<V: DeserializeOwned> Kept<V> {
    pub(super) fn get(&self) -> Result<&V> {
        if self.value.get().is_none()
            && let Some(text) = self.text.borrow().as_ref()
        {
            let value = serde_json::from_str(text.get()).context("a value of the state is damaged")?;
            let _ = self.value.set(value);
        }
        self.text.replace(None);
        self.value.get().context("a value was read the line before")
    }

    pub(super) fn into_value(self) -> Result<V> {
        self.get()?;
        self.value.into_inner().context("a value was read the line before")
    }
}

impl<V> From<V> for Kept<V> {
    fn from(value: V) -> Self {
        Self { text: RefCell::new(None), value: value.into() }
    }
}

impl<'de, V> Deserialize<'de> for Kept<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self { text: RefCell::new(Some(text)), value: OnceCell::new() })
    }
}

impl<V: Serialize> Serialize for Kept<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            Some(value) => value.serialize(serializer),
            None => self.text.borrow().serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_looked_at_stays_as_it_was() {
        let text = r#"["one","t\u0077o",{"a": 3}]"#;
        let kept: Vec<Kept<serde_json::Value>> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), text);
        assert_eq!(kept[1].get().unwrap(), "two");
        assert_eq!(serde_json::to_string(&kept).unwrap(), r#"["one","two",{"a": 3}]"#);
    }

    #[test]
    fn what_has_another_shape_is_an_error_each_time() {
        let kept: Kept<u32> = serde_json::from_str("\"one\"").unwrap();
        for _ in 0..2 {
            assert!(kept.get().unwrap_err().to_string().ends_with("is damaged"));
        }
        assert_eq!(serde_json::to_string(&kept).unwrap(), "\"one\"");
        assert!(kept.into_value().is_err());
    }
}
