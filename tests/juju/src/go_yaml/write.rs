use std::iter::repeat_n;

use super::character::{is_break, is_printable};
use super::order::by_nature;
use super::style::{Style, has_many_lines};
use crate::tree::Tree;

/// Lines are folded at the first space after this column.
const WIDTH: usize = 80;
/// A longer key stands after a question mark.
const LONGEST_KEY: usize = 128;
const STEP: usize = 2;

/// A value as a document.
pub(crate) fn text(tree: &Tree) -> String {
    let mut writer = Writer { text: String::new(), column: 0, blank: true, indented: true };
    writer.node(tree, Around::Nothing, 0);
    writer.indent(0);
    while writer.text.len() > 1 && writer.text.ends_with('\n') {
        writer.text.pop();
    }
    if !writer.text.is_empty() {
        writer.text.push('\n');
    }
    writer.text
}

/// What a node stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    List,
    Map,
}

struct Writer {
    text: String,
    column: usize,
    /// The last thing written separates what comes next.
    blank: bool,
    /// Only indentation stands on the line yet.
    indented: bool,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn line_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, indent: usize) {
        if !self.indented || self.column > indent || self.column == indent && !self.blank {
            self.line_break();
        }
        let missing = indent.saturating_sub(self.column);
        self.text.extend(repeat_n(' ', missing));
        self.column += missing;
        self.blank = true;
        self.indented = true;
    }

    fn indicator(&mut self, indicator: &str, apart: bool, indents: bool) {
        if apart && !self.blank {
            self.put(' ');
        }
        indicator.chars().for_each(|c| self.put(c));
        self.blank = false;
        self.indented &= indents;
    }

    /// `indent` is where the entries of a collection stand here.
    fn node(&mut self, tree: &Tree, around: Around, indent: usize) {
        match tree {
            Tree::List(items) if items.is_empty() => self.indicator("[]", true, false),
            Tree::Lines(lines) if lines.is_empty() => self.indicator("[]", true, false),
            Tree::NoMap => self.indicator("{}", true, false),
            Tree::Map(pairs) if pairs.is_empty() => self.indicator("{}", true, false),
            Tree::Record(pairs) if pairs.is_empty() => self.indicator("{}", true, false),
            Tree::List(items) => {
                for item in items {
                    self.indent(indent);
                    self.indicator("-", true, true);
                    self.node(item, Around::List, indent + STEP);
                }
            }
            Tree::Lines(lines) => {
                for line in lines {
                    self.indent(indent);
                    self.indicator("-", true, true);
                    self.string(line, false, indent + STEP);
                }
            }
            Tree::Map(pairs) => {
                let mut pairs: Vec<(&str, &Tree)> =
                    pairs.iter().map(|(key, value)| (key.as_str(), value)).collect();
                pairs.sort_by(|(one, _), (other, _)| by_nature(one, other));
                self.pairs(&pairs, indent);
            }
            Tree::Record(pairs) => {
                let pairs: Vec<(&str, &Tree)> = pairs.iter().map(|(key, value)| (*key, value)).collect();
                self.pairs(&pairs, indent);
            }
            Tree::YamlOnly(tree) => self.node(tree, around, indent),
            Tree::Text(string) => self.string(string, false, scalar_indent(around, indent)),
            Tree::Null => self.plain("null", false, 0),
            Tree::Bool(value) => self.plain(if *value { "true" } else { "false" }, false, 0),
            Tree::Int(value) => self.plain(&value.to_string(), false, 0),
            Tree::Float(value) => self.plain(&crate::go_number::general(*value), false, 0),
        }
    }

    fn pairs(&mut self, pairs: &[(&str, &Tree)], indent: usize) {
        for (key, value) in pairs {
            self.indent(indent);
            let simple = key.len() <= LONGEST_KEY && !has_many_lines(key);
            if simple {
                self.string(key, true, indent + STEP);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                self.string(key, false, indent + STEP);
                self.indent(indent);
                self.indicator(":", true, true);
            }
            // A list stands as far left as its key, unless that is a long one.
            let inner = if matches!(value, Tree::List(_) | Tree::Lines(_)) && simple {
                indent
            } else {
                indent + STEP
            };
            self.node(value, Around::Map, inner);
        }
    }

    fn string(&mut self, string: &str, simple_key: bool, indent: usize) {
        match Style::of(string, simple_key) {
            Style::Plain => self.plain(string, !simple_key, indent),
            Style::Single => self.single(string, !simple_key, indent),
            Style::Double => self.double(string, !simple_key, indent),
            Style::Literal => self.literal(string, indent),
        }
    }

    fn plain(&mut self, string: &str, fold: bool, indent: usize) {
        if !self.blank {
            self.put(' ');
        }
        let chars: Vec<char> = string.chars().collect();
        let mut after_space = false;
        for (at, c) in chars.iter().enumerate() {
            let foldable = fold && !after_space && self.column > WIDTH && chars.get(at + 1) != Some(&' ');
            if *c == ' ' && foldable {
                self.indent(indent);
            } else {
                self.put(*c);
                self.indented = false;
            }
            after_space = *c == ' ';
        }
        self.blank = false;
        self.indented = false;
    }

    fn single(&mut self, string: &str, fold: bool, indent: usize) {
        self.indicator("'", true, false);
        let chars: Vec<char> = string.chars().collect();
        let (mut after_space, mut after_break) = (false, false);
        for (at, c) in chars.iter().enumerate() {
            let inner = at > 0 && at + 1 < chars.len() && chars[at + 1] != ' ';
            if is_break(*c) {
                if *c == '\n' && !after_break {
                    self.line_break();
                }
                self.put(*c);
                self.column = 0;
                self.indented = true;
                after_break = true;
                continue;
            }
            if *c == ' ' && fold && !after_space && self.column > WIDTH && inner {
                self.indent(indent);
            } else {
                if after_break {
                    self.indent(indent);
                }
                if *c == '\'' {
                    self.put('\'');
                }
                self.put(*c);
                self.indented = false;
            }
            after_space = *c == ' ';
            after_break = false;
        }
        self.indicator("'", false, false);
    }

    fn double(&mut self, string: &str, fold: bool, indent: usize) {
        self.indicator("\"", true, false);
        let chars: Vec<char> = string.chars().collect();
        // With a byte order mark at its start yaml.v2 escapes all of it.
        let marked = string.starts_with('\u{feff}');
        let mut after_space = false;
        for (at, c) in chars.iter().enumerate() {
            let inner = at > 0 && at + 1 < chars.len();
            if !marked && *c == ' ' && fold && !after_space && self.column > WIDTH && inner {
                self.indent(indent);
                if chars[at + 1] == ' ' {
                    self.put('\\');
                }
            } else if marked || !is_printable(*c) || is_break(*c) || matches!(c, '"' | '\\') {
                escaped(*c).chars().for_each(|c| self.put(c));
            } else {
                self.put(*c);
            }
            after_space = *c == ' ';
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, string: &str, indent: usize) {
        self.indicator("|", true, false);
        let mut ends = string.chars().rev();
        let (last, before) = (ends.next(), ends.next());
        if string.starts_with(|c: char| c == ' ' || is_break(c)) {
            self.put('2');
        }
        if !last.is_some_and(is_break) {
            self.put('-');
        } else if before.is_none_or(is_break) {
            self.put('+');
        }
        self.line_break();
        self.indented = true;
        self.blank = true;
        let mut after_break = true;
        for c in string.chars() {
            if is_break(c) {
                self.put(c);
                self.column = 0;
                self.indented = true;
                after_break = true;
            } else {
                if after_break {
                    self.indent(indent);
                }
                self.put(c);
                self.indented = false;
                after_break = false;
            }
        }
    }
}

/// Where the further lines of a scalar stand.
fn scalar_indent(around: Around, indent: usize) -> usize {
    if around == Around::Nothing { STEP } else { indent }
}

fn escaped(c: char) -> String {
    let code = u32::from(c);
    let letter = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if code <= 0xff => return format!("\\x{code:02X}"),
        _ if code <= 0xffff => return format!("\\u{code:04X}"),
        _ => return format!("\\U{code:08X}"),
    };
    format!("\\{letter}")
}
