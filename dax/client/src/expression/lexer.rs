//! Splits expression text into tokens.

/// A token and where it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    /// A letter, then letters, digits and underscores: an attribute, a function or a keyword.
    Word(&'a str),
    /// `#name`
    Name(&'a str),
    /// `:value`
    Value(&'a str),
    /// Digits, without leading zeros.
    Number(&'a str),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// What can start no token, or a literal, of which the language has none.
    Foreign,
    /// The end of the text.
    End,
}

/// Longer symbols first.
const SYMBOLS: [&str; 14] = ["<>", "<=", ">=", "<", ">", "=", "(", ")", "[", "]", ",", ".", "+", "-"];

#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.at += blanks;
        let start = self.at;
        let (kind, length) = self.token();
        self.at += length;
        Token { kind, start, end: self.at }
    }

    fn token(&self) -> (TokenKind<'a>, usize) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return (TokenKind::End, 0);
        };
        match first {
            'a'..='z' | 'A'..='Z' => {
                let word = run(rest, 0);
                (TokenKind::Word(word), word.len())
            }
            '#' | ':' => {
                let placeholder = run(rest, 1);
                match (first, placeholder.len()) {
                    (_, 0..=1) => (TokenKind::Foreign, 1),
                    ('#', length) => (TokenKind::Name(placeholder), length),
                    (_, length) => (TokenKind::Value(placeholder), length),
                }
            }
            '0' => (TokenKind::Number("0"), 1),
            '1'..='9' => {
                let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                (TokenKind::Number(rest.get(..length).unwrap_or_default()), length)
            }
            '\'' | '"' => {
                let inner = rest.get(1..).unwrap_or_default();
                (TokenKind::Foreign, inner.find(first).map_or(rest.len(), |length| length + 2))
            }
            _ => match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
                Some(symbol) => (TokenKind::Symbol(symbol), symbol.len()),
                None => (TokenKind::Foreign, first.len_utf8()),
            },
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// Letters, digits and underscores after the first `skip` bytes.
fn run(rest: &str, skip: usize) -> &str {
    let body = rest.get(skip..).unwrap_or_default();
    let length = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    rest.get(..skip + length).unwrap_or_default()
}
