use std::collections::BTreeMap;

/// The most that an action answers, in bytes: more is no pleasure to read, and one argument may not be longer than twice
/// that.
const MOST: usize = 64 * 1024;

/// What an action answers: texts by key, where a dot leads into a nested result.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Results {
    pairs: BTreeMap<String, String>,
    size: usize,
}

impl Results {
    /// Puts a text under a key.
    pub(super) fn put(&mut self, key: &str, text: impl Into<String>) {
        let text = cut(text.into());
        self.size += key.len() + text.len();
        self.pairs.insert(key.to_owned(), text);
    }

    /// Puts entries below a key, each with a name of its own: as many as fit; `hint` says how to see the others.
    pub(super) fn put_all<const N: usize>(
        &mut self,
        below: &str,
        entries: impl IntoIterator<Item = (String, [(&'static str, String); N])>,
        hint: &str,
    ) {
        let mut left = 0;
        for (name, fields) in entries {
            let size: usize = fields.iter().map(|(_, text)| text.len() + below.len() + name.len()).sum();
            if left > 0 || self.size + size > MOST {
                left += 1;
                continue;
            }
            let own = self.free_key(&format!("{below}.{}", key(&name)));
            for (field, text) in fields {
                if !text.is_empty() {
                    self.put(&format!("{own}.{field}"), text);
                }
            }
        }
        if left > 0 {
            self.put("more", format!("{left} more: {hint}"));
        }
    }

    /// Two names may come to the same key: the second one has a number.
    fn free_key(&self, wanted: &str) -> String {
        let is_free = |key: &String| {
            let below = format!("{key}.");
            self.pairs.range(below.clone()..).next().is_none_or(|(other, _)| !other.starts_with(&below))
        };
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }

    /// Keys and texts as `action-set` takes them.
    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs.into_iter().collect()
    }
}

/// A name as Juju takes it for a key: lower-case letters, digits and hyphens, none of these at an end.
fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let key: String = name.chars().map(plain).collect();
    let key = key.trim_matches('-');
    if key.is_empty() { "unnamed".to_owned() } else { key.to_owned() }
}

fn cut(text: String) -> String {
    if text.len() <= MOST {
        return text;
    }
    let mut short: String = text[..text.floor_char_boundary(MOST)].to_owned();
    if let Some((lines, _)) = short.rsplit_once('\n') {
        short.truncate(lines.len());
    }
    let (all, shown) = (text.lines().count(), short.lines().count());
    format!(
        "{short}\n… {} more lines: `juju exec --unit UNIT -- bin/ssl-termination plan` has all",
        all - shown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_keys_and_stay_apart() {
        let mut results = Results::default();
        let entry = |name: &str| (name.to_owned(), [("x", name.to_owned()), ("none", String::new())]);
        results.put_all("of", ["a-b.example", "a.b.example", "_A_", "*"].map(entry), "look elsewhere");
        let pairs: Vec<(String, String)> = results.into_pairs();
        let expected = [
            ("of.a-b-example-2", "a.b.example"),
            ("of.a-b-example", "a-b.example"),
            ("of.a", "_A_"),
            ("of.unnamed", "*"),
        ];
        assert_eq!(pairs, expected.map(|(key, name)| (format!("{key}.x"), name.to_owned())));
    }

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        let mut results = Results::default();
        let entry = |number: i32| (format!("n{number}"), [("x", "y".repeat(1000))]);
        results.put_all("of", (0..100).map(entry), "name=TEXT shows some");
        let pairs = results.into_pairs();
        assert_eq!(pairs[0], ("more".to_owned(), "35 more: name=TEXT shows some".to_owned()));
        assert_eq!(pairs.len(), 66);
        let text = cut("123456789\n".repeat(10_000));
        assert!(
            text.len() < MOST + 100 && text.contains("9\n… 344") && text.ends_with("has all"),
            "{}",
            text.len()
        );
        assert_eq!(cut("short".to_owned()), "short");
    }
}
