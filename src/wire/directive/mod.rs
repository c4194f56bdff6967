mod argument;
mod buffers;
mod headers;
mod table;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::str::FromStr;

use super::Reason;
pub(super) use buffers::check;
pub(super) use words::split;

/// One directive of nginx that a client may have in the location of its site, with arguments that are what they should
/// be.
///
/// It is read from `client_max_body_size 10G`, and also from the forms that clients send: a colon behind the name,
/// semicolons at the end, spaces doubled. Displayed, it is written anew, so that nothing of the client's own text
/// stands in nginx's configuration. What is not in the table is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    name: &'static str,
    arguments: Vec<String>,
    /// Whether it may stand in a location more than once.
    repeats: bool,
}

impl Directive {
    /// What counts for a site that asks for nothing else; a client's own are judged together with these.
    pub const DEFAULTS: [&str; 3] = buffers::DEFAULTS;

    /// The directive's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether nginx refuses a location that has both.
    pub fn excludes(&self, other: &Self) -> bool {
        self.name == other.name && !(self.repeats && self.arguments != other.arguments)
    }
}

impl FromStr for Directive {
    type Err = Reason;

    /// A refusal begins with the directive's name, where it is one.
    fn from_str(text: &str) -> Result<Self, Reason> {
        read(text).map_err(|reason| match words::name(text) {
            Some(name) => reason.about(name),
            None => reason,
        })
    }
}

fn read(text: &str) -> Result<Directive, Reason> {
    let words = words::words(text)?;
    let Some((first, arguments)) = words.split_first() else {
        return Err(Reason::new("an empty directive"));
    };
    let name = first.strip_suffix(':').unwrap_or(first);
    let Some((name, kind)) = table::TABLE.iter().find(|(known, _)| *known == name) else {
        return Err(Reason::new("this directive is not accepted"));
    };
    Ok(Directive { name, arguments: kind.read(arguments)?, repeats: kind.repeats() })
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}
