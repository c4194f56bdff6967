//! Scanning scalars: plain, quoted, literal and folded.

use super::character::{END, is_blank, is_blank_or_end, is_break, is_break_or_end};
use super::problem::Problem;
use super::scanner::Scanner;
use super::token::TokenKind;

/// The space between two words of a scalar that goes over lines: a single break is a space, more are one less.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
}

impl Gap {
    /// Take in all blanks and breaks that follow. After a break blanks are indentation.
    fn take_in(&mut self, scanner: &mut Scanner, broken: &mut bool) {
        while is_blank(scanner.here()) || is_break(scanner.here()) {
            self.take_in_one(scanner, broken);
        }
    }

    fn take_in_one(&mut self, scanner: &mut Scanner, broken: &mut bool) {
        if is_blank(scanner.here()) {
            if *broken {
                scanner.advance();
            } else {
                scanner.read(&mut self.blanks);
            }
        } else if *broken {
            scanner.read_break(&mut self.more_breaks);
        } else {
            self.blanks.clear();
            scanner.read_break(&mut self.first_break);
            *broken = true;
        }
    }

    fn write(&mut self, into: &mut String, broken: bool) {
        let gap = std::mem::take(self);
        if !broken {
            into.push_str(&gap.blanks);
        } else if !gap.first_break.starts_with('\n') {
            into.extend([gap.first_break, gap.more_breaks]);
        } else if gap.more_breaks.is_empty() {
            into.push(' ');
        } else {
            into.push_str(&gap.more_breaks);
        }
    }
}

impl Scanner {
    pub(super) fn scan_plain(&mut self) -> Result<TokenKind, Problem> {
        let (began, indent) = (self.line, self.indent + 1);
        let (mut text, mut gap, mut broken) = (String::new(), Gap::default(), false);
        loop {
            if self.at_document_indicator('-') || self.at_document_indicator('.') || self.here() == '#' {
                break;
            }
            while !is_blank_or_end(self.here()) && !self.plain_ends() {
                gap.write(&mut text, broken);
                broken = false;
                self.read(&mut text);
            }
            if !is_blank(self.here()) && !is_break(self.here()) {
                break;
            }
            while is_blank(self.here()) || is_break(self.here()) {
                let column = isize::try_from(self.column).unwrap_or(isize::MAX);
                if broken && column < indent && self.here() == '\t' {
                    return Err(self.problem(began, "found a tab character that violates indentation"));
                }
                gap.take_in_one(self, &mut broken);
            }
            if self.flow == 0 && isize::try_from(self.column).unwrap_or(isize::MAX) < indent {
                break;
            }
        }
        if broken {
            self.simple_key_allowed = true;
        }
        Ok(TokenKind::Scalar { text, plain: true })
    }

    fn plain_ends(&self) -> bool {
        self.here() == ':' && is_blank_or_end(self.look(1)) || self.flow > 0 && ",?[]{}".contains(self.here())
    }

    pub(super) fn scan_quoted(&mut self, quote: char) -> Result<TokenKind, Problem> {
        let began = self.line;
        self.advance();
        let (mut text, mut gap) = (String::new(), Gap::default());
        loop {
            if self.at_document_indicator('-') || self.at_document_indicator('.') {
                return Err(self.problem(began, "found unexpected document indicator"));
            }
            if self.here() == END {
                return Err(self.problem(began, "found unexpected end of stream"));
            }
            let mut broken = false;
            while !is_blank_or_end(self.here()) {
                if quote == '\'' && self.here() == '\'' && self.look(1) == '\'' {
                    text.push('\'');
                    self.advance();
                    self.advance();
                } else if self.here() == quote {
                    break;
                } else if quote == '"' && self.here() == '\\' && is_break(self.look(1)) {
                    self.advance();
                    self.skip_break();
                    broken = true;
                    break;
                } else if quote == '"' && self.here() == '\\' {
                    self.scan_escape(&mut text, began)?;
                } else {
                    self.read(&mut text);
                }
            }
            if self.here() == quote {
                break;
            }
            gap.take_in(self, &mut broken);
            gap.write(&mut text, broken);
        }
        self.advance();
        Ok(TokenKind::Scalar { text, plain: false })
    }

    fn scan_escape(&mut self, text: &mut String, began: usize) -> Result<(), Problem> {
        let digits = match self.look(1) {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => {
                text.push(match other {
                    '0' => '\0',
                    'a' => '\x07',
                    'b' => '\x08',
                    't' | '\t' => '\t',
                    'n' => '\n',
                    'v' => '\x0b',
                    'f' => '\x0c',
                    'r' => '\r',
                    'e' => '\x1b',
                    ' ' | '"' | '\'' | '\\' => other,
                    'N' => '\u{85}',
                    '_' => '\u{a0}',
                    'L' => '\u{2028}',
                    'P' => '\u{2029}',
                    _ => return Err(self.problem(began, "found unknown escape character")),
                });
                0
            }
        };
        self.advance();
        self.advance();
        if digits == 0 {
            return Ok(());
        }
        let mut code = 0_u32;
        for ahead in 0..digits {
            let digit = self.look(ahead).to_digit(16);
            let digit =
                digit.ok_or_else(|| self.problem(began, "did not find expected hexdecimal number"))?;
            code = code.wrapping_shl(4) | digit;
        }
        let character = char::from_u32(code);
        text.push(
            character.ok_or_else(|| self.problem(began, "found invalid Unicode character escape code"))?,
        );
        (0..digits).for_each(|_| self.advance());
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<TokenKind, Problem> {
        let began = self.line;
        self.advance();
        let (chomping, increment) = self.scan_block_header(began)?;
        self.skip_rest_of_line(began)?;

        let mut indent =
            if increment > 0 { increment + usize::try_from(self.indent).unwrap_or(0) } else { 0 };
        let (mut text, mut one_break, mut more_breaks) = (String::new(), String::new(), String::new());
        let mut was_blank = false;
        self.scan_block_breaks(&mut indent, &mut more_breaks, began)?;
        while self.column == indent && self.here() != END {
            let is_blank_line = is_blank(self.here());
            if !literal && !was_blank && !is_blank_line && one_break.starts_with('\n') {
                if more_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&one_break);
            }
            text.push_str(&std::mem::take(&mut more_breaks));
            one_break.clear();
            was_blank = is_blank_line;
            while !is_break_or_end(self.here()) {
                self.read(&mut text);
            }
            if is_break(self.here()) {
                self.read_break(&mut one_break);
            }
            self.scan_block_breaks(&mut indent, &mut more_breaks, began)?;
        }
        if chomping != '-' {
            text.push_str(&one_break);
        }
        if chomping == '+' {
            text.push_str(&more_breaks);
        }
        Ok(TokenKind::Scalar { text, plain: false })
    }

    /// `+` or `-` and a digit, in any order, each optional.
    fn scan_block_header(&mut self, began: usize) -> Result<(char, usize), Problem> {
        let (mut chomping, mut increment) = (' ', 0);
        let mut sign = |scanner: &mut Self| {
            if matches!(scanner.here(), '+' | '-') {
                chomping = scanner.here();
                scanner.advance();
            }
        };
        sign(self);
        if let Some(digit) = self.here().to_digit(10) {
            if digit == 0 {
                return Err(self.problem(began, "found an indentation indicator equal to 0"));
            }
            increment = digit as usize;
            self.advance();
            if chomping == ' ' && matches!(self.here(), '+' | '-') {
                chomping = self.here();
                self.advance();
            }
        }
        Ok((chomping, increment))
    }

    /// Empty lines. Where the indentation isn't known yet, the first line that isn't empty tells it.
    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        began: usize,
    ) -> Result<(), Problem> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column < *indent) && self.here() == ' ' {
                self.advance();
            }
            widest = widest.max(self.column);
            if (*indent == 0 || self.column < *indent) && self.here() == '\t' {
                let what = "found a tab character where an indentation space is expected";
                return Err(self.problem(began, what));
            }
            if !is_break(self.here()) {
                break;
            }
            self.read_break(breaks);
        }
        if *indent == 0 {
            *indent = widest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}
