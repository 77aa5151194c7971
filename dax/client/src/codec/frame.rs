//! Finds the end of an answer while it arrives, without reading what it says.

use super::Method;
use crate::cbor::{Error, Head, Kind, MAX_DEPTH, Reader, Result};

/// Scans one answer for its end.
///
/// Give [`scan`](Self::scan) the answer's bytes so far, each time from its first byte: scanning resumes where it
/// stopped, so that an answer in many small pieces costs no more than one in a single piece. Byte strings, in which
/// items travel, are stepped over.
#[derive(Debug)]
pub struct FrameScanner {
    method: Method,
    limit_bytes: usize,
    at: usize,
    /// Top-level items to come; unknown until the error array was seen.
    items: Option<u64>,
    /// Items left in each open container, innermost last; `None` for an open length.
    open: Vec<Option<u64>>,
    /// Error codes seen.
    codes: u64,
}

impl FrameScanner {
    /// A scanner for the answer to `method`, which must not exceed `limit_bytes`.
    pub const fn new(method: Method, limit_bytes: usize) -> Self {
        Self { method, limit_bytes, at: 0, items: None, open: Vec::new(), codes: 0 }
    }

    /// Makes ready for the next answer, keeping the allocation.
    pub fn restart(&mut self, method: Method) {
        self.method = method;
        self.at = 0;
        self.items = None;
        self.open.clear();
        self.codes = 0;
    }

    /// The length of the answer in bytes, or `None` if more of it is to come.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the bytes are no answer to the method, nest too deeply, or announce more than the
    /// limit.
    pub fn scan(&mut self, answer: &[u8]) -> Result<Option<usize>> {
        match self.advance(answer) {
            Ok(()) => Ok(Some(self.at)),
            Err(Error::Incomplete) if answer.len() >= self.limit_bytes => Err(self.malformed("answer is too long")),
            Err(Error::Incomplete) => Ok(None),
            Err(malformed) => Err(malformed),
        }
    }

    fn advance(&mut self, answer: &[u8]) -> Result<()> {
        loop {
            self.close_finished();
            if self.open.is_empty() && self.items == Some(0) {
                return Ok(());
            }
            let mut reader = Reader::new(answer.get(self.at..).unwrap_or_default());
            let head = reader.head().map_err(|error| self.shifted(error))?;
            let mut end = self.at + reader.position();
            if head.kind == Kind::Break {
                self.close_open()?;
                self.at = end;
                continue;
            }
            if let (Kind::Bytes | Kind::Text, Some(length)) = (head.kind, head.argument) {
                end = usize::try_from(length).ok().and_then(|length| end.checked_add(length)).unwrap_or(usize::MAX);
                if end > self.limit_bytes {
                    return Err(self.malformed("answer is too long"));
                }
                if end > answer.len() {
                    return Err(Error::Incomplete);
                }
            }
            self.enter(head)?;
            self.at = end;
        }
    }

    /// Accounts for one item whose head was read.
    fn enter(&mut self, head: Head) -> Result<()> {
        if self.items.is_none() && self.open.is_empty() && head.kind != Kind::Array {
            return Err(self.malformed("an answer starts with an array of error codes"));
        }
        match self.open.last_mut() {
            Some(Some(left)) => *left -= 1,
            Some(None) => {}
            None => self.items = self.items.map(|items| items - 1),
        }
        if self.items.is_none() && self.open.len() == 1 {
            self.codes += 1;
        }
        let inside = match (head.kind, head.argument) {
            (Kind::Array, count) => count,
            (Kind::Map, Some(pairs)) => Some(pairs.checked_mul(2).ok_or_else(|| self.malformed("answer is too long"))?),
            (Kind::Map | Kind::Bytes | Kind::Text, None) => None,
            (Kind::Tag, _) => Some(1),
            _ => return Ok(()),
        };
        if inside.is_some_and(|count| count > self.limit_bytes as u64) {
            return Err(self.malformed("answer is too long"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.malformed("nested too deeply"));
        }
        self.open.push(inside);
        Ok(())
    }

    fn close_finished(&mut self) {
        while self.open.last() == Some(&Some(0)) {
            self.pop();
        }
    }

    fn close_open(&mut self) -> Result<()> {
        if self.open.last() != Some(&None) {
            return Err(self.malformed("end mark outside of an open length"));
        }
        self.pop();
        Ok(())
    }

    fn pop(&mut self) {
        self.open.pop();
        if self.open.is_empty() && self.items.is_none() {
            // The error array is complete: a body follows an empty one, message and details any other.
            self.items = Some(if self.codes == 0 { self.method.body_items() } else { 2 });
        }
    }

    const fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { at: self.at, what }
    }

    const fn shifted(&self, error: Error) -> Error {
        match error {
            Error::Malformed { at, what } => Error::Malformed { at: self.at + at, what },
            Error::Incomplete => Error::Incomplete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_BYTES: usize = 64;

    fn scan(method: Method, answer: &[u8]) -> Result<Option<usize>> {
        FrameScanner::new(method, LIMIT_BYTES).scan(answer)
    }

    #[test]
    fn each_method_ends_where_its_body_ends() {
        for (method, answer, expected) in [
            (Method::GetItem, &[0x80, 0xf6][..], Some(2)),
            (Method::GetItem, &[0x80, 0xf6, 0x80], Some(2)),
            (Method::GetItem, &[0x9f, 0xff, 0xbf, 0xff], Some(4)),
            (Method::GetItem, &[0x80, 0xbf, 0x00, 0x42, 1], None),
            // The third value of a batch lies outside of the array of two.
            (Method::BatchGetItem, &[0x80, 0x82, 0xa0, 0xa0], None),
            (Method::BatchGetItem, &[0x80, 0x82, 0xa0, 0xa0, 0x80], Some(5)),
            (Method::BatchWriteItem, &[0x80, 0xa0, 0x80, 0xa0], Some(4)),
            (Method::TransactWriteItems, &[0x80, 0x83, 0x80, 0x80, 0xa0], Some(5)),
            // Codes, message, details.
            (Method::BatchWriteItem, &[0x81, 0x02, 0x61, b'x', 0xf6], Some(5)),
            (Method::BatchWriteItem, &[0x81, 0x02, 0x61, b'x'], None),
            (Method::GetItem, &[0x80, 0xd9, 0x0c, 0xf9, 0x81, 0x61, b'a'], Some(7)),
            (Method::GetItem, &[0x80, 0x7f, 0x61, b'a', 0xff], Some(5)),
        ] {
            assert_eq!(scan(method, answer), Ok(expected), "{method} {answer:02x?}");
        }
    }

    #[test]
    fn what_can_never_end_well_is_malformed_at_once() {
        let too_deep = [&[0x80][..], &[0x81; 97]].concat();
        for answer in [
            // No array of codes; a lone end mark; a reserved head.
            &[0xf6][..],
            &[0x80, 0xff],
            &[0x80, 0x1c],
            // Announcements beyond the limit: a string, an array, a map, an overflowing map.
            &[0x80, 0x59, 0x01, 0x00],
            &[0x80, 0x99, 0x01, 0x00],
            &[0x80, 0xb8, 0x40],
            &[0x80, 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &too_deep,
        ] {
            assert!(matches!(scan(Method::GetItem, answer), Err(Error::Malformed { .. })), "{answer:02x?}");
        }
    }

    #[test]
    fn an_answer_without_an_end_stops_at_the_limit() {
        let endless = [&[0x80, 0x9f][..], &[0; LIMIT_BYTES]].concat();
        assert_eq!(scan(Method::GetItem, &endless[..LIMIT_BYTES - 1]), Ok(None));
        assert!(scan(Method::GetItem, &endless[..LIMIT_BYTES]).is_err());
    }

    #[test]
    fn a_scanner_can_be_used_again() {
        let mut scanner = FrameScanner::new(Method::GetItem, LIMIT_BYTES);
        assert_eq!(scanner.scan(&[0x80, 0xbf]), Ok(None));
        scanner.restart(Method::BatchWriteItem);
        assert_eq!(scanner.scan(&[0x80, 0xa0, 0x80, 0xa0]), Ok(Some(4)));
    }
}
