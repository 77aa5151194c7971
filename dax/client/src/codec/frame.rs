//! Finds the end of an answer while it arrives, without reading what it says.

use dax_protocol::Method;
use dax_protocol::cbor::{Error, Kind, Reader, Result, Scanner};

/// Items after the error codes of an error: message and details.
const ERROR_ITEMS: usize = 2;
/// An array without elements, in its shortest form.
const EMPTY_ARRAY: u8 = 0x80;

/// Scans one answer for its end.
///
/// Give [`scan`](Self::scan) the answer's bytes so far, each time from its first byte: scanning resumes where it
/// stopped, so that an answer in many small pieces costs no more than one in a single piece.
#[derive(Debug)]
pub struct FrameScanner {
    method: Method,
    limit_bytes: usize,
    scanner: Scanner,
    /// Items of the answer, known once the error codes are complete.
    items: Option<usize>,
}

impl FrameScanner {
    /// A scanner for the answer to `method`, which must not exceed `limit_bytes`.
    pub const fn new(method: Method, limit_bytes: usize) -> Self {
        Self { method, limit_bytes, scanner: Scanner::new(limit_bytes), items: None }
    }

    /// Starts over for the next answer, and keeps the allocation.
    pub fn restart(&mut self, method: Method) {
        self.method = method;
        self.scanner.restart();
        self.items = None;
    }

    /// The length of the answer in bytes, or `None` if more of it is to come.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the bytes are not an answer to the method, nest too deeply, or announce more than the
    /// limit.
    pub fn scan(&mut self, answer: &[u8]) -> Result<Option<usize>> {
        let complete = match self.count(answer)? {
            Some(items) => self.scanner.has(answer, items)?,
            None => false,
        };
        if !complete && answer.len() >= self.limit_bytes {
            return Err(Error::Malformed { at: self.scanner.position(), what: "answer is too long" });
        }
        Ok(complete.then_some(self.scanner.position()))
    }

    /// How many items the answer has: a body follows an empty array of codes, message and details any other.
    fn count(&mut self, answer: &[u8]) -> Result<Option<usize>> {
        if self.items.is_some() {
            return Ok(self.items);
        }
        // The usual answer, without reading the head twice.
        let mut successful = answer.first() == Some(&EMPTY_ARRAY);
        let mut codes = Reader::new(answer);
        if !successful && codes.peek().is_ok_and(|kind| kind != Kind::Array) {
            return Err(codes.malformed("an answer starts with an array of error codes"));
        }
        if self.scanner.has(answer, 1)? {
            successful = successful || !codes.array()?.next(&mut codes)?;
            self.items = Some(1 + if successful { self.method.body_items() } else { ERROR_ITEMS });
        }
        Ok(self.items)
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
