/// An nginx configuration as it is written: directives, blocks, indentation.
///
/// Words go in as they are. Callers pass only text of their own, numbers, and types whose grammar leaves out what nginx
/// gives a meaning to.
#[derive(Debug, Default)]
pub(super) struct Text {
    written: String,
    depth: usize,
}

impl Text {
    /// A file's beginning.
    pub(super) fn new() -> Self {
        Self {
            written: "# Written by the charm ssl-termination. What is changed here by hand is lost.\n"
                .to_owned(),
            depth: 0,
        }
    }

    /// One directive; the semicolon is added.
    pub(super) fn line(&mut self, directive: impl AsRef<str>) {
        self.indented(directive.as_ref(), ";");
    }

    /// A line for people.
    pub(super) fn comment(&mut self, comment: &str) {
        self.indented(&format!("# {comment}"), "");
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.written.push('\n');
    }

    /// `name { … }`
    pub(super) fn block(&mut self, name: impl AsRef<str>, content: impl FnOnce(&mut Self)) {
        self.indented(name.as_ref(), " {");
        self.depth += 1;
        content(self);
        self.depth -= 1;
        self.indented("}", "");
    }

    /// All that was written.
    pub(super) fn finish(self) -> String {
        self.written
    }

    fn indented(&mut self, text: &str, end: &str) {
        for part in ["    ".repeat(self.depth).as_str(), text, end, "\n"] {
            self.written.push_str(part);
        }
    }
}
