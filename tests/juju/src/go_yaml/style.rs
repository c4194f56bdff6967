use super::character::{is_blank_or_end, is_break, is_printable};
use super::resolve::{Kind, is_base_60, plain_kind};

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

impl Style {
    /// The plainest style that keeps the string what it is.
    pub(super) fn of(string: &str, simple_key: bool) -> Self {
        let traits = Traits::of(string);
        let wanted = if string.contains('\n') {
            Self::Literal
        } else if plain_kind(string, true) == Kind::Str && !is_base_60(string) {
            Self::Plain
        } else {
            Self::Double
        };
        let single = if traits.single_allowed { Self::Single } else { Self::Double };
        match wanted {
            _ if simple_key && traits.many_lines => Self::Double,
            Self::Plain if !traits.plain_allowed => single,
            Self::Literal if !traits.block_allowed || simple_key => Self::Double,
            wanted => wanted,
        }
    }
}

/// Whether a string has breaks of any kind in it.
pub(super) fn has_many_lines(string: &str) -> bool {
    string.chars().any(is_break)
}

/// What a string is fit for.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Traits {
    many_lines: bool,
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Traits {
    fn of(string: &str) -> Self {
        let chars: Vec<char> = string.chars().collect();
        let outside = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let pair = |test: fn(char, char) -> bool| chars.windows(2).any(|pair| test(pair[0], pair[1]));
        let many_lines = has_many_lines(string);
        let break_space = pair(|one, other| is_break(one) && other == ' ');
        let special =
            pair(|one, other| one == ' ' && is_break(other)) || !chars.iter().all(|c| is_printable(*c));
        let indicators = string.starts_with("---") || string.starts_with("...") || has_indicators(&chars);
        let padded = outside(chars.first()) || outside(chars.last());
        Self {
            many_lines,
            plain_allowed: !(padded || break_space || special || many_lines || indicators),
            single_allowed: !(break_space || special),
            block_allowed: chars.last() != Some(&' ') && !special && !chars.is_empty(),
        }
    }
}

/// Whether something in it means something to a block collection.
fn has_indicators(chars: &[char]) -> bool {
    let blank_follows =
        |at: usize| chars.get(at + 1).is_none_or(|next| is_blank_or_end(*next) && !is_break(*next));
    let first = chars.first().is_some_and(|first| match first {
        '?' | ':' | '-' => blank_follows(0),
        c => "#,[]{}&*!|>'\"%@`".contains(*c),
    });
    first
        || (1..chars.len()).any(|at| match chars[at] {
            ':' => blank_follows(at),
            '#' => is_blank_or_end(chars[at - 1]),
            _ => false,
        })
}
