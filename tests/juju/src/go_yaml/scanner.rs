use std::collections::{HashMap, VecDeque};

use super::character::{END, is_allowed, is_blank, is_blank_or_end, is_break, is_break_or_end, is_word};
use super::problem::Problem;
use super::token::{Token, TokenKind};

/// A key without `?` ends on its line and within so many characters.
const LONGEST_SIMPLE_KEY: usize = 1024;
const DEEPEST: usize = 10_000;

/// A text taken apart into tokens.
#[derive(Debug)]
pub(super) struct Scanner {
    chars: Vec<char>,
    pub(super) at: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    /// Characters so far, as libyaml counts them.
    index: usize,
    tokens: VecDeque<Token>,
    /// How many tokens were taken out.
    taken: usize,
    /// The columns of the open block collections, -1 for none.
    indents: Vec<isize>,
    pub(super) indent: isize,
    pub(super) flow: usize,
    pub(super) simple_key_allowed: bool,
    /// What may turn out to be a key, for each level of flow collections.
    simple_keys: Vec<SimpleKey>,
    /// The levels of those keys, by the numbers of their tokens.
    levels: HashMap<usize, usize>,
}

/// Where a token stands that is a key if a colon follows.
#[derive(Debug, Clone, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    index: usize,
    line: usize,
    column: usize,
}

impl Scanner {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|error| utf8_problem(bytes, error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.chars().all(is_allowed) {
            return Err(Problem::nowhere("control characters are not allowed"));
        }
        let mut chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            chars.push('\n');
        }
        Ok(Self {
            chars,
            at: 0,
            line: 0,
            column: 0,
            index: 0,
            tokens: VecDeque::new(),
            taken: 0,
            indents: Vec::new(),
            indent: -1,
            flow: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            levels: HashMap::new(),
        })
    }

    /// The next token, left where it is.
    pub(super) fn peek(&mut self) -> Result<&Token, Problem> {
        while self.tokens.is_empty() || self.head_may_be_a_key()? {
            self.fetch()?;
        }
        Ok(&self.tokens[0])
    }

    /// Take out the token that was peeked at.
    pub(super) fn skip(&mut self) {
        self.tokens.pop_front();
        self.taken += 1;
    }

    fn head_may_be_a_key(&mut self) -> Result<bool, Problem> {
        match self.levels.get(&self.taken) {
            Some(level) => self.key_is_possible(*level),
            None => Ok(false),
        }
    }

    fn key_is_possible(&mut self, level: usize) -> Result<bool, Problem> {
        let Some(key) = self.simple_keys.get_mut(level).filter(|key| key.possible) else { return Ok(false) };
        if key.line < self.line || key.index + LONGEST_SIMPLE_KEY < self.index {
            if key.required {
                let line = key.line;
                return Err(self.problem(line, "could not find expected ':'"));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// The character so many places ahead.
    pub(super) fn look(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or(END)
    }

    pub(super) fn here(&self) -> char {
        self.look(0)
    }

    /// Go on by one character of a line.
    pub(super) fn advance(&mut self) {
        self.at += 1;
        self.index += 1;
        self.column += 1;
    }

    /// Take one character of a line.
    pub(super) fn read(&mut self, into: &mut String) {
        into.push(self.here());
        self.advance();
    }

    /// Take a line break, two characters at the end of a DOS line. The breaks of Unicode stay what they are.
    pub(super) fn read_break(&mut self, into: &mut String) {
        let c = self.here();
        let width = if c == '\r' && self.look(1) == '\n' { 2 } else { 1 };
        into.push(if matches!(c, '\u{2028}' | '\u{2029}') { c } else { '\n' });
        self.at += width;
        self.index += width;
        self.column = 0;
        self.line += 1;
    }

    pub(super) fn skip_break(&mut self) {
        if is_break(self.here()) {
            self.read_break(&mut String::new());
        }
    }

    pub(super) fn skip_while(&mut self, class: impl Fn(char) -> bool) {
        while class(self.here()) {
            self.advance();
        }
    }

    /// Blanks, a comment, and then there must be the line's end. Goes to the next line.
    pub(super) fn skip_rest_of_line(&mut self, began: usize) -> Result<(), Problem> {
        self.skip_while(is_blank);
        if self.here() == '#' {
            self.skip_while(|c| !is_break_or_end(c));
        }
        if !is_break_or_end(self.here()) {
            return Err(self.problem(began, "did not find expected comment or line break"));
        }
        self.skip_break();
        Ok(())
    }

    pub(super) fn problem(&self, began: usize, what: &str) -> Problem {
        Problem::scanning(self.line, began, what)
    }

    /// Whether a `---` or `...` stands here at the start of a line.
    pub(super) fn at_document_indicator(&self, indicator: char) -> bool {
        self.column == 0 && (0..3).all(|ahead| self.look(ahead) == indicator) && is_blank_or_end(self.look(3))
    }

    fn push(&mut self, line: usize, kind: TokenKind) {
        self.tokens.push_back(Token { line, kind });
    }

    fn fetch(&mut self) -> Result<(), Problem> {
        self.skip_to_next_token();
        self.unroll_indent(isize::try_from(self.column).unwrap_or(isize::MAX));
        let (c, next) = (self.here(), self.look(1));
        let next_is_blank = is_blank_or_end(next);
        let flow = self.flow > 0;
        match c {
            END => self.fetch_end(),
            '%' if self.column == 0 => self.fetch_directive(),
            '-' if self.at_document_indicator('-') => self.fetch_document(TokenKind::DocumentStart),
            '.' if self.at_document_indicator('.') => self.fetch_document(TokenKind::DocumentEnd),
            '[' => self.fetch_flow_start(TokenKind::FlowSequence),
            '{' => self.fetch_flow_start(TokenKind::FlowMapping),
            ']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            '}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            ',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.indicator(TokenKind::FlowEntry);
                Ok(())
            }
            '-' if next_is_blank => self.fetch_block_indicator(
                TokenKind::BlockEntry,
                TokenKind::BlockSequence,
                "block sequence entries",
            ),
            '?' if flow || next_is_blank => {
                self.fetch_block_indicator(TokenKind::Key, TokenKind::BlockMapping, "mapping keys")
            }
            ':' if flow || next_is_blank => self.fetch_value(),
            '*' | '&' => self.fetch_anchor(c),
            '!' => self.fetch_node(Self::scan_tag),
            '|' | '>' if !flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let line = self.line;
                let scalar = self.scan_block_scalar(c == '|')?;
                self.push(line, scalar);
                Ok(())
            }
            '\'' | '"' => self.fetch_node(|scanner| scanner.scan_quoted(c)),
            _ if Self::starts_plain(c, next, flow) => self.fetch_node(Self::scan_plain),
            _ => Err(self.problem(self.line, "found character that cannot start any token")),
        }
    }

    fn starts_plain(c: char, next: char, flow: bool) -> bool {
        let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(c) || is_blank_or_end(c);
        !indicator || c == '-' && !is_blank(next) || !flow && matches!(c, '?' | ':') && !is_blank_or_end(next)
    }

    fn skip_to_next_token(&mut self) {
        loop {
            while self.here() == ' ' || self.here() == '\t' && (self.flow > 0 || !self.simple_key_allowed) {
                self.advance();
            }
            if self.here() == '#' {
                self.skip_while(|c| !is_break_or_end(c));
            }
            if !is_break(self.here()) {
                return;
            }
            self.skip_break();
            if self.flow == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// The token that starts here may be a key.
    fn save_simple_key(&mut self) -> Result<(), Problem> {
        let required = self.flow == 0 && usize::try_from(self.indent) == Ok(self.column);
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required,
                token: self.taken + self.tokens.len(),
                index: self.index,
                line: self.line,
                column: self.column,
            };
            self.remove_simple_key()?;
            self.levels.insert(key.token, self.simple_keys.len() - 1);
            if let Some(place) = self.simple_keys.last_mut() {
                *place = key;
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Problem> {
        let Some(key) = self.simple_keys.last_mut().filter(|key| key.possible) else { return Ok(()) };
        if key.required {
            let line = key.line;
            return Err(self.problem(line, "could not find expected ':'"));
        }
        key.possible = false;
        self.levels.remove(&key.token);
        Ok(())
    }

    /// A block collection begins in this column, unless it has already.
    fn roll_indent(
        &mut self,
        column: usize,
        place: usize,
        line: usize,
        kind: TokenKind,
    ) -> Result<(), Problem> {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow == 0 && self.indent < column {
            self.indents.push(self.indent);
            self.indent = column;
            if self.indents.len() > DEEPEST {
                return Err(self.problem(self.line, &format!("exceeded max depth of {DEEPEST}")));
            }
            self.tokens.insert(place, Token { line, kind });
        }
        Ok(())
    }

    fn unroll_indent(&mut self, column: isize) {
        while self.flow == 0 && self.indent > column {
            self.push(self.line, TokenKind::BlockEnd);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_end(&mut self) -> Result<(), Problem> {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(self.line, TokenKind::StreamEnd);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let line = self.line;
        let directive = self.scan_directive()?;
        self.push(line, directive);
        Ok(())
    }

    fn fetch_document(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(self.line, kind);
        (0..3).for_each(|_| self.advance());
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey { token: self.taken + self.tokens.len(), ..SimpleKey::default() });
        self.flow += 1;
        if self.flow > DEEPEST {
            return Err(self.problem(self.line, &format!("exceeded max depth of {DEEPEST}")));
        }
        self.simple_key_allowed = true;
        self.indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Problem> {
        self.remove_simple_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            // Where nothing was in between, this is the number of the opening bracket: `{}` is no key any more.
            self.simple_keys.pop().and_then(|key| self.levels.remove(&key.token));
        }
        self.simple_key_allowed = false;
        self.indicator(kind);
        Ok(())
    }

    /// A token of one character.
    fn indicator(&mut self, kind: TokenKind) {
        self.push(self.line, kind);
        self.advance();
    }

    /// `-` or `?`, which begin a block collection where there is none yet.
    fn fetch_block_indicator(
        &mut self,
        kind: TokenKind,
        around: TokenKind,
        what: &str,
    ) -> Result<(), Problem> {
        if self.flow == 0 {
            if !self.simple_key_allowed {
                return Err(self.problem(self.line, &format!("{what} are not allowed in this context")));
            }
            self.roll_indent(self.column, self.tokens.len(), self.line, around)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow == 0 || kind == TokenKind::BlockEntry;
        self.indicator(kind);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Problem> {
        let level = self.simple_keys.len() - 1;
        if self.key_is_possible(level)? {
            let key = self.simple_keys[level].clone();
            self.simple_keys[level].possible = false;
            self.levels.remove(&key.token);
            let place = key.token.checked_sub(self.taken).unwrap_or(self.tokens.len());
            self.tokens.insert(place, Token { line: key.line, kind: TokenKind::Key });
            let place = key.token.checked_sub(self.taken).unwrap_or(self.tokens.len());
            self.roll_indent(key.column, place, key.line, TokenKind::BlockMapping)?;
            self.simple_key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.simple_key_allowed {
                    return Err(self.problem(self.line, "mapping values are not allowed in this context"));
                }
                self.roll_indent(self.column, self.tokens.len(), self.line, TokenKind::BlockMapping)?;
            }
            self.simple_key_allowed = self.flow == 0;
        }
        self.indicator(TokenKind::Value);
        Ok(())
    }

    /// Something that can be a key, or stand before one.
    fn fetch_node(&mut self, scan: impl Fn(&mut Self) -> Result<TokenKind, Problem>) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let line = self.line;
        let kind = scan(self)?;
        self.push(line, kind);
        Ok(())
    }

    fn fetch_anchor(&mut self, sign: char) -> Result<(), Problem> {
        self.fetch_node(|scanner| {
            let began = scanner.line;
            scanner.advance();
            let mut name = String::new();
            while is_word(scanner.here()) {
                scanner.read(&mut name);
            }
            if name.is_empty() || !(is_blank_or_end(scanner.here()) || "?:,]}%@`".contains(scanner.here())) {
                return Err(scanner.problem(began, "did not find expected alphabetic or numeric character"));
            }
            Ok(if sign == '*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) })
        })
    }
}

fn utf8_problem(bytes: &[u8], error: std::str::Utf8Error) -> Problem {
    let first = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    Problem::nowhere(match (error.error_len(), first) {
        (None, _) => "incomplete UTF-8 octet sequence",
        (_, 0x80..=0xbf | 0xf8..) => "invalid leading UTF-8 octet",
        (_, 0xc0 | 0xc1) => "invalid length of a UTF-8 sequence",
        (Some(1), 0xe0 | 0xed | 0xf0 | 0xf4..) if trails(bytes, error.valid_up_to()) => {
            if matches!(first, 0xe0 | 0xf0) {
                "invalid length of a UTF-8 sequence"
            } else {
                "invalid Unicode character"
            }
        }
        _ => "invalid trailing UTF-8 octet",
    })
}

/// Whether the octet after this one continues a sequence, if only of a character that doesn't exist.
fn trails(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_some_and(|next| next & 0xc0 == 0x80)
}
