//! Hostile text made fit to be shown.

/// The longest excerpt of a refused value, in characters.
const EXCERPT: usize = 40;

/// A short, harmless excerpt of a refused value: printable ASCII, at most 40 characters.
pub(super) fn excerpt(value: &str) -> String {
    one_line(value, EXCERPT)
}

/// `text` as one line of printable ASCII: every other character becomes `?`, and what is longer than `limit`
/// characters is cut and ends in `...`.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let mut shown = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    let mut line: String = shown.by_ref().take(limit).collect();
    if shown.next().is_some() {
        line.truncate(limit.saturating_sub(3));
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::excerpt;
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn table() {
        let forty = "a".repeat(40);
        for (value, shown) in [
            ("", ""),
            ("plain", "plain"),
            ("two\nlines\0\x7f\x1b[31m", "two?lines???[31m"),
            ("ex\u{430}mple \u{202e}moc", "ex?mple ?moc"),
            (&forty, &forty),
            (&"a".repeat(41), &format!("{}...", "a".repeat(37))),
            (&"\u{1f600}".repeat(1000), &format!("{}...", "?".repeat(37))),
        ] {
            assert_eq!(excerpt(value), shown, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn always_short_and_printable(value in any::<String>()) {
            let shown = excerpt(&value);
            prop_assert!(shown.len() <= 40 && shown.bytes().all(|b| (0x20..=0x7e).contains(&b)));
        }
    }
}
