use std::fmt;

/// What is wrong with a text, and where. Lines count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    line: usize,
    what: String,
}

impl Problem {
    /// Found among the characters. The place is where the scanner stands, or else where the thing began.
    pub(super) fn scanning(line: usize, began: usize, what: impl Into<String>) -> Self {
        Self { line: if line == 0 { began } else { line + 1 }, what: what.into() }
    }

    /// Found among the tokens: `line` is the token's, `began` that of the collection around it.
    pub(super) fn parsing(line: usize, began: usize, what: impl Into<String>) -> Self {
        Self { line: if line == 0 { began } else { line }, what: what.into() }
    }

    /// Wrong as a whole.
    pub(super) fn nowhere(what: impl Into<String>) -> Self {
        Self { line: 0, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.what)
    }
}
