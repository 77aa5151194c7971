//! Reads a few members of a JSON text and jumps over the rest.
//!
//! A general parser looks at each byte of an event and copies what it unescapes. A browser's event has about ninety strings,
//! of which five are used.

use memchr::memchr2;

/// A position in a text that is valid JSON, as every event is: Lambda refuses others.
///
/// Every method returns `None` for what it does not understand, such as an escape in a string that is wanted, and the
/// event is then left to a general parser. In texts that are not JSON it may overlook the fault, but reads nothing that is
/// not there.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads an object. `member` gets each key, and must read or [`skip`](Self::skip) its value.
    pub(super) fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            return self.expect(b'}');
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            member(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads a string that has no escapes.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        let end = start + memchr2(b'"', b'\\', self.rest())?;
        self.at = end;
        self.expect(b'"')?;
        self.text.get(start..end)
    }

    /// Jumps over a value.
    pub(super) fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'{' | b'[' => self.skip_nested(),
            _ => self.skip_word(),
        }
    }

    /// Whether nothing follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn skip_string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.at += memchr2(b'"', b'\\', self.rest())?;
            match self.next()? {
                b'"' => return Some(()),
                // What is escaped may itself be a quote or a backslash.
                _ => self.at += 1,
            }
        }
    }

    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Jumps over a number, `true`, `false` or `null`.
    fn skip_word(&mut self) -> Option<()> {
        let length = self.rest().iter().position(|byte| b",}] \n\r\t\"".contains(byte))?;
        self.at += length;
        (length > 0).then_some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.rest().first()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// What can be read from where a scanner is.
pub(super) trait Scan: Sized {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self>;
}

impl Scan for String {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        scanner.string().map(str::to_owned)
    }
}

impl<T: Scan> Scan for Option<T> {
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        T::scan(scanner).map(Some)
    }
}

/// An object of which these members are used, if they are there: what the scanner and serde read comes from one list.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$of_member:meta])* $access:vis $member:ident: $type:ty = $key:literal,)*
        }
    ) => {
        #[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
        #[serde(default)]
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$of_member])* #[serde(rename = $key)] $access $member: $type,)*
        }

        impl $crate::event::scan::Scan for $name {
            fn scan(scanner: &mut $crate::event::scan::Scanner<'_>) -> Option<Self> {
                $(let mut $member = None::<$type>;)*
                scanner.object(|scanner, key| {
                    match key {
                        // A parser refuses an object that has a member twice.
                        $($key if $member.is_some() => return None,
                        $key => $member = Some($crate::event::scan::Scan::scan(scanner)?),)*
                        _ => scanner.skip()?,
                    }
                    Some(())
                })?;
                Some(Self { $($member: $member.unwrap_or_default(),)* })
            }
        }
    };
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_skipped_whole() {
        let check = |text: &str, rest: &str| {
            let mut scanner = Scanner::new(text);
            assert_eq!(scanner.skip(), Some(()), "{text}");
            assert_eq!(scanner.rest(), rest.as_bytes(), "{text}");
        };
        check("null,", ",");
        check(" -1.5e7}", "}");
        check("false ]", " ]");
        check(r#""a" "#, " ");
        check(r#""a\"b\\",1"#, ",1");
        check(r#""\\""#, "");
        check("[]", "");
        check(r#"{"a":["]","}",{"b":"\"}"}]},"#, ",");
    }

    #[test]
    fn what_ends_too_early_is_not_understood() {
        for text in ["", " ", "1", "\"", "\"a", "\"a\\", "\"a\\\"", "[", "{\"a\":1", "[\"]", ",", "}"] {
            assert_eq!(Scanner::new(text).skip(), None, "{text}");
        }
    }

    #[test]
    fn members_come_in_order() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let mut keys = Vec::new();
            let read = Scanner::new(text).object(|scanner, key| {
                keys.push(key);
                scanner.skip()
            });
            assert_eq!(read.map(|()| keys.as_slice()), expected, "{text}");
        };
        check("{}", Some(&[]));
        check(" { \"a\" : 1 , \"b\" : {\"c\":2} } ", Some(&["a", "b"]));
        check(r#"{"é":"\""}"#, Some(&["é"]));
        check(r#"{"a\u0062":1}"#, None);
        check(r#"{"a":1"b":2}"#, None);
        check(r#"{"a" 1}"#, None);
        check("[1]", None);
    }
}
