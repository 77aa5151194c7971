//! Words, names, texts and symbols of SQL, as far as dumps use them.
//!
//! Source: reference manual of `mysql`, "String Literals", "Hexadecimal Literals", "Comments".

/// Part of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a number, or a name without quotes.
    Word(&'a [u8]),
    /// A name in backticks, double quotes or brackets.
    Name(Vec<u8>),
    /// A text, also one in hexadecimal digits.
    Text(Vec<u8>),
    /// Anything else, one byte.
    Symbol(u8),
}

impl Token<'_> {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// The text ended within a quoted text, a quoted name or a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutOff;

/// Reads a dump token by token.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// The current line, counted from 1.
    pub(super) line: u64,
    /// Whether a backslash begins an escape in a text.
    escapes: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8], escapes: bool) -> Self {
        Self { text, at: 0, line: 1, escapes }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek(0)?;
        self.at += 1;
        self.line += u64::from(byte == b'\n');
        Some(byte)
    }

    /// The next token, after blanks and comments; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, CutOff> {
        self.skip()?;
        let Some(byte) = self.peek(0) else {
            return Ok(None);
        };
        Ok(Some(match byte {
            b'\'' => {
                self.bump();
                Token::Text(self.quoted(b'\'', self.escapes)?)
            }
            b'`' | b'"' => {
                self.bump();
                Token::Name(self.quoted(byte, false)?)
            }
            b'0' if matches!(self.peek(1), Some(b'x' | b'X')) => {
                self.at += 2;
                hex(self.word()).map_or(Token::Symbol(b'?'), Token::Text)
            }
            b'x' | b'X' if self.peek(1) == Some(b'\'') => {
                self.at += 2;
                hex(&self.quoted(b'\'', false)?).map_or(Token::Symbol(b'?'), Token::Text)
            }
            byte if is_word(byte) => Token::Word(self.word()),
            byte => {
                self.bump();
                Token::Symbol(byte)
            }
        }))
    }

    fn word(&mut self) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Skips blanks and comments.
    fn skip(&mut self) -> Result<(), CutOff> {
        while let Some(byte) = self.peek(0) {
            let starts = |comment: &[u8]| self.text.get(self.at..).is_some_and(|rest| rest.starts_with(comment));
            if byte.is_ascii_whitespace() {
                self.bump();
            } else if byte == b'#' || starts(b"--") && self.peek(2).is_none_or(|byte| byte.is_ascii_whitespace()) {
                while self.peek(0).is_some_and(|byte| byte != b'\n') {
                    self.bump();
                }
            } else if starts(b"/*") {
                while !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(b"*/")) {
                    self.bump().ok_or(CutOff)?;
                }
                self.at += 2;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// The rest of a quoted text, whose quotes are doubled inside.
    fn quoted(&mut self, quote: u8, escapes: bool) -> Result<Vec<u8>, CutOff> {
        let mut bytes = Vec::new();
        loop {
            match self.bump().ok_or(CutOff)? {
                b'\\' if escapes => match self.bump().ok_or(CutOff)? {
                    b'0' => bytes.push(0),
                    b'b' => bytes.push(8),
                    b'n' => bytes.push(b'\n'),
                    b'r' => bytes.push(b'\r'),
                    b't' => bytes.push(b'\t'),
                    b'Z' => bytes.push(0x1a),
                    byte @ (b'%' | b'_') => bytes.extend([b'\\', byte]),
                    byte => bytes.push(byte),
                },
                byte if byte == quote && self.peek(0) == Some(quote) => {
                    self.bump();
                    bytes.push(quote);
                }
                byte if byte == quote => return Ok(bytes),
                byte => bytes.push(byte),
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@') || !byte.is_ascii()
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str, escapes: bool) -> Vec<String> {
        let mut lexer = Lexer::new(text.as_bytes(), escapes);
        let mut tokens = Vec::new();
        loop {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            tokens.push(match lexer.next() {
                Ok(None) => return tokens,
                Err(CutOff) => "cut off".to_owned(),
                Ok(Some(Token::Word(word))) => lossy(word),
                Ok(Some(Token::Name(name))) => format!("`{}`", lossy(&name)),
                Ok(Some(Token::Text(text))) => format!("'{}'", lossy(&text)),
                Ok(Some(Token::Symbol(byte))) => char::from(byte).to_string(),
            });
            if tokens.last().is_some_and(|last| last == "cut off") {
                return tokens;
            }
        }
    }

    #[test]
    fn dumps_are_taken_apart() {
        let check = |text: &str, expected: &[&str]| assert_eq!(tokens(text, true), expected, "{text}");
        check("-- a 'comment\nx /* y 'z */ # w\n,", &["x", ","]);
        check("/*!40000 ALTER TABLE `t` */;", &[";"]);
        check("('it''s', 'a\\'b\\\\', -5)", &["(", "'it's'", ",", "'a'b\\'", ",", "-", "5", ")"]);
        check("`a``b` \"c\" db.t", &["`a`b`", "`c`", "db", ".", "t"]);
        check("0x41e4 X'4142' _binary 'x'", &["'A\u{fffd}'", "'AB'", "_binary", "'x'"]);
        check("'\\n\\0\\Z\\%\\q'", &["'\n\0\u{1a}\\%q'"]);
        check("'open", &["cut off"]);
        check("/* open", &["cut off"]);
        assert_eq!(tokens("'C:\\' 'x'", false), ["'C:\\'", "'x'"]);
    }

    #[test]
    fn lines_are_counted_within_texts_too() {
        let mut lexer = Lexer::new(b"'a\nb'\n-- c\nd", true);
        lexer.next().unwrap();
        lexer.next().unwrap();
        assert_eq!(lexer.line, 4);
    }
}
