//! The documents, and the commands in them.
//!
//! Indented blocks and fences of `sh` are commands, each as a shell takes it; other fences show something else. Within a
//! line, code is a command if it begins with one of [`PROGRAMS`] and leaves nothing open.

use std::fs;
use std::path::{Path, PathBuf};

/// What a reader may be told to run. Others, such as `apt-get`, stand within a line only as what the charm itself runs.
const PROGRAMS: [&str; 10] = [
    ".ci/run",
    "bin/ssl-termination",
    "cargo",
    "charmcraft",
    "curl",
    "journalctl",
    "juju",
    "make",
    "rustup",
    "systemctl",
];

/// A page, and where it lies in the package.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A command of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Without a comment.
    pub(crate) text: String,
    /// Whether it stands in a block, not within a line.
    pub(crate) is_in_block: bool,
}

/// Where something lies in the package.
pub(crate) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

impl Page {
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(source(path)).unwrap();
        Self { path: path.to_owned(), text }
    }

    pub(crate) fn all() -> Vec<Self> {
        let inside = |folder: &str| {
            let names = fs::read_dir(source(folder)).unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| format!("{folder}/{}", name.to_str().unwrap())).collect::<Vec<_>>()
        };
        let root = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"].map(str::to_owned);
        let readmes = inside("examples").into_iter().map(|example| format!("{example}/README.md"));
        let readmes = readmes.chain(["examples", "tests/juju"].map(|folder| format!("{folder}/README.md")));
        let paths = root.into_iter().chain(inside("docs")).chain(readmes);
        let is_page = |path: &String| {
            Path::new(path).extension().is_some_and(|extension| extension == "md") && source(path).is_file()
        };
        paths.filter(is_page).map(|path| Self::read(&path)).collect()
    }

    /// Its commands from top to bottom.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let (mut commands, mut fence) = (Vec::new(), None::<&str>);
        let (mut block, mut quote) = (String::new(), None);
        for line in self.text.lines() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                fence = if fence.is_some() { None } else { Some(language) };
            } else if fence == Some("sh") || fence.is_none() && line.starts_with("    ") {
                block.extend([code(line.trim(), &mut quote), "\n"]);
                if quote.is_none() {
                    commands.extend(parts(&block).map(|text| Command { text, is_in_block: true }));
                    block.clear();
                }
            } else if fence.is_none() {
                let spans = line.split('`').skip(1).step_by(2).filter(|span| is_command(span));
                commands.extend(spans.flat_map(parts).map(|text| Command { text, is_in_block: false }));
            }
        }
        assert_eq!(block, "", "{}: a quote is not closed", self.path);
        commands
    }

    /// The texts of the fences of a language.
    pub(crate) fn fences(&self, language: &str) -> Vec<&str> {
        let begin = format!("```{language}\n");
        self.text.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
    }
}

impl Command {
    /// Its words, without variables that are set before it.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace().skip_while(|word| is_variable(word))
    }

    /// Whether it is about the services of a machine.
    pub(crate) fn is_for_systemd(&self) -> bool {
        self.words().any(|word| ["systemctl", "journalctl"].contains(&word))
    }
}

fn is_variable(word: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

fn is_command(code: &str) -> bool {
    let mut words = code.split_whitespace().skip_while(|word| is_variable(word));
    let program = words.next().unwrap_or_default();
    let is_script = program.starts_with("scripts/") || program == ".ci/run";
    (is_script || PROGRAMS.contains(&program) && words.next().is_some()) && !code.contains('…')
}

/// One after the other.
fn parts(text: &str) -> impl Iterator<Item = String> {
    text.split(" && ").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty())
}

/// A line without its comment; a quote may be open before it and after it.
fn code<'l>(line: &'l str, quote: &mut Option<char>) -> &'l str {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match *quote {
            Some(open) if c == open => *quote = None,
            None if c == '"' || c == '\'' => *quote = Some(c),
            None if c == '#' && before == ' ' => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}
