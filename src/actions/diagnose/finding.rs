use std::fmt;

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Fail,
    Warn,
    Ok,
}

/// One line: what was looked at, what was seen, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) level: Level,
    about: String,
    seen: String,
    todo: String,
}

impl Finding {
    /// All is well.
    pub(super) fn ok(about: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { level: Level::Ok, about: about.into(), seen: seen.into(), todo: String::new() }
    }

    /// Something may be wrong.
    pub(super) fn warn(about: impl Into<String>, seen: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Warn, about: about.into(), seen: seen.into(), todo: todo.into() }
    }

    /// Something is wrong.
    pub(super) fn fail(about: impl Into<String>, seen: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Fail, ..Self::warn(about, seen, todo) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Fail => "fail",
            Level::Warn => "warn",
            Level::Ok => "ok  ",
        };
        write!(f, "{level} {}: {}", self.about, self.seen)?;
        if self.todo.is_empty() { Ok(()) } else { write!(f, " — {}", self.todo) }
    }
}

/// Names in a line: a few of many.
pub(super) fn few<N: ToString>(names: impl IntoIterator<Item = N>) -> String {
    const FEW: usize = 5;
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.len().checked_sub(FEW) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..FEW].join(", ")),
        _ => names.join(", "),
    }
}
