use crate::reactive::digest;

/// A file that the main file names, directly or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its path in the configuration's folder. A name stands for one content only.
    pub(super) name: String,
    pub(super) text: String,
}

impl Part {
    pub(super) fn of(stem: &str, text: String) -> Self {
        Self { name: format!("{stem}.{}.conf", digest(text.as_bytes())), text }
    }

    /// Whether a file of that name should have this content.
    pub(super) fn is_named_after(name: &str, content: &[u8]) -> bool {
        name.ends_with(&format!(".{}.conf", digest(content)))
    }

    /// The name of a part without what stands for its content, for people: `sites/blog.example.com.conf`.
    pub(super) fn plain_name(name: &str) -> String {
        let stem = name.strip_suffix(".conf").and_then(|rest| rest.rsplit_once('.'));
        let is_digest = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match stem {
            Some((stem, digest)) if is_digest(digest) => format!("{stem}.conf"),
            _ => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_content() {
        let part = Part::of("sites/a.example", "text".to_owned());
        assert_eq!(part.name, "sites/a.example.982d9e3eb996f559e633f4d194def376.conf");
        assert!(Part::is_named_after(&part.name, b"text") && !Part::is_named_after(&part.name, b"other"));
        for (name, plain) in [
            (part.name.as_str(), "sites/a.example.conf"),
            ("sites/a.example.conf", "sites/a.example.conf"),
            ("a", "a"),
        ] {
            assert_eq!(Part::plain_name(name), plain);
        }
    }
}
