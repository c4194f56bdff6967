//! Scanning tags, and the directives that come before a document.

use super::character::{is_blank, is_blank_or_end, is_word};
use super::problem::Problem;
use super::scanner::Scanner;
use super::token::TokenKind;

impl Scanner {
    pub(super) fn scan_directive(&mut self) -> Result<TokenKind, Problem> {
        let began = self.line;
        self.advance();
        let mut name = String::new();
        while is_word(self.here()) {
            self.read(&mut name);
        }
        if name.is_empty() {
            return Err(self.problem(began, "could not find expected directive name"));
        }
        if !is_blank_or_end(self.here()) {
            return Err(self.problem(began, "found unexpected non-alphabetical character"));
        }
        let directive = match name.as_str() {
            "YAML" => self.scan_version(began)?,
            "TAG" => self.scan_tag_directive(began)?,
            _ => return Err(self.problem(began, "found unknown directive name")),
        };
        self.skip_rest_of_line(began)?;
        Ok(directive)
    }

    fn scan_version(&mut self, began: usize) -> Result<TokenKind, Problem> {
        self.skip_while(is_blank);
        let major = self.scan_version_number(began)?;
        if self.here() != '.' {
            return Err(self.problem(began, "did not find expected digit or '.' character"));
        }
        self.advance();
        let minor = self.scan_version_number(began)?;
        Ok(TokenKind::Version { major, minor })
    }

    fn scan_version_number(&mut self, began: usize) -> Result<u32, Problem> {
        let (mut number, mut length) = (0, 0);
        while let Some(digit) = self.here().to_digit(10) {
            length += 1;
            if length > 2 {
                return Err(self.problem(began, "found extremely long version number"));
            }
            number = number * 10 + digit;
            self.advance();
        }
        if length == 0 {
            return Err(self.problem(began, "did not find expected version number"));
        }
        Ok(number)
    }

    fn scan_tag_directive(&mut self, began: usize) -> Result<TokenKind, Problem> {
        self.skip_while(is_blank);
        let handle = self.scan_tag_handle(true, began)?;
        if !is_blank(self.here()) {
            return Err(self.problem(began, "did not find expected whitespace"));
        }
        self.skip_while(is_blank);
        let prefix = self.scan_tag_uri("", began)?;
        if !is_blank_or_end(self.here()) {
            return Err(self.problem(began, "did not find expected whitespace or line break"));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    /// `!`, `!suffix`, `!!suffix`, `!handle!suffix` or `!<the whole tag>`
    pub(super) fn scan_tag(&mut self) -> Result<TokenKind, Problem> {
        let began = self.line;
        let tag = if self.look(1) == '<' {
            self.advance();
            self.advance();
            let suffix = self.scan_tag_uri("", began)?;
            if self.here() != '>' {
                return Err(self.problem(began, "did not find the expected '>'"));
            }
            self.advance();
            TokenKind::Tag { handle: String::new(), suffix }
        } else {
            let handle = self.scan_tag_handle(false, began)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("", began)?;
                TokenKind::Tag { handle, suffix }
            } else {
                let suffix = self.scan_tag_uri(&handle, began)?;
                if suffix.is_empty() {
                    TokenKind::Tag { handle: String::new(), suffix: "!".to_owned() }
                } else {
                    TokenKind::Tag { handle: "!".to_owned(), suffix }
                }
            }
        };
        if !is_blank_or_end(self.here()) {
            return Err(self.problem(began, "did not find expected whitespace or line break"));
        }
        Ok(tag)
    }

    fn scan_tag_handle(&mut self, directive: bool, began: usize) -> Result<String, Problem> {
        if self.here() != '!' {
            return Err(self.problem(began, "did not find expected '!'"));
        }
        let mut handle = String::new();
        self.read(&mut handle);
        while is_word(self.here()) {
            self.read(&mut handle);
        }
        if self.here() == '!' {
            self.read(&mut handle);
        } else if directive && handle != "!" {
            return Err(self.problem(began, "did not find expected '!'"));
        }
        Ok(handle)
    }

    /// The rest of a tag, after a handle whose sign doesn't count.
    fn scan_tag_uri(&mut self, head: &str, began: usize) -> Result<String, Problem> {
        let mut bytes: Vec<u8> = head.bytes().skip(1).collect();
        let mut any = !head.is_empty();
        while is_word(self.here()) || ";/?:@&=+$,.!~*'()[]%".contains(self.here()) && self.here() != '\0' {
            if self.here() == '%' {
                bytes.extend(self.scan_uri_escape(began)?);
            } else {
                bytes.push(u8::try_from(self.here()).unwrap_or(b'?'));
                self.advance();
            }
            any = true;
        }
        if !any {
            return Err(self.problem(began, "did not find expected tag URI"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The octets of one character, as `%C3%BC`.
    fn scan_uri_escape(&mut self, began: usize) -> Result<Vec<u8>, Problem> {
        let mut octets = Vec::new();
        let mut width = 1;
        while octets.len() < width {
            let digits = (self.look(1).to_digit(16), self.look(2).to_digit(16));
            let ('%', (Some(high), Some(low))) = (self.here(), digits) else {
                return Err(self.problem(began, "did not find URI escaped octet"));
            };
            let octet = u8::try_from(high * 16 + low).unwrap_or_default();
            if octets.is_empty() {
                width = match octet {
                    0..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => return Err(self.problem(began, "found an incorrect leading UTF-8 octet")),
                };
            } else if octet & 0xc0 != 0x80 {
                return Err(self.problem(began, "found an incorrect trailing UTF-8 octet"));
            }
            octets.push(octet);
            (0..3).for_each(|_| self.advance());
        }
        Ok(octets)
    }
}
