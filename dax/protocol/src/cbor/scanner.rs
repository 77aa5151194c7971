//! Finds where items end while their bytes arrive.

use super::{Error, Head, Kind, MAX_DEPTH, Reader, Result};

/// Counts the complete items at the start of a growing buffer.
///
/// Neither requests nor answers have a length prefix: they are a number of CBOR items, one after another. The scanner
/// keeps its place, so a message in many small pieces costs no more than one in a single piece. It steps over byte
/// strings, in which the data travels, and does not look at what the items say.
#[derive(Debug)]
pub struct Scanner {
    limit_bytes: usize,
    /// Offset of the first byte that is not accounted for.
    at: usize,
    /// Complete items before `at`.
    items: usize,
    /// Items left in each container around `at`, innermost last; `None` for an open length.
    open: Vec<Option<u64>>,
}

impl Scanner {
    /// A scanner for items that together must not exceed `limit_bytes`.
    pub const fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, at: 0, items: 0, open: Vec::new() }
    }

    /// Starts over with another buffer, and keeps the allocation.
    pub fn restart(&mut self) {
        self.at = 0;
        self.items = 0;
        self.open.clear();
    }

    /// Length in bytes of the complete items.
    #[inline]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Whether `buffer` starts with `wanted` complete items. Each call must see the earlier bytes unchanged.
    ///
    /// # Errors
    /// [`Error::Malformed`] for bytes that are not CBOR, nest too deeply or announce more than the limit; never
    /// [`Error::Incomplete`].
    pub fn has(&mut self, buffer: &[u8], wanted: usize) -> Result<bool> {
        while self.items < wanted {
            match self.step(buffer) {
                Ok(()) => {}
                Err(Error::Incomplete) => return Ok(false),
                Err(malformed) => return Err(malformed),
            }
        }
        Ok(true)
    }

    /// Takes one head, and the content if it is a string.
    fn step(&mut self, buffer: &[u8]) -> Result<()> {
        let mut reader = Reader::new(buffer.get(self.at..).unwrap_or_default());
        let head = reader.head().map_err(|error| self.shifted(error))?;
        let end = self.at + reader.position();
        match (head.kind, head.argument) {
            (Kind::Bytes | Kind::Text, Some(length)) => {
                self.at = self.string_end(end, length, buffer.len())?;
                self.complete();
                return Ok(());
            }
            (Kind::Array | Kind::Map, Some(0)) => self.complete(),
            (Kind::Array | Kind::Map | Kind::Tag, _) | (Kind::Bytes | Kind::Text, None) => self.enter(head)?,
            (Kind::Break, _) => self.close()?,
            _ => self.complete(),
        }
        self.at = end;
        Ok(())
    }

    fn string_end(&self, start: usize, length: u64, available: usize) -> Result<usize> {
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        match end {
            Some(end) if end > self.limit_bytes => Err(self.malformed(TOO_LONG)),
            Some(end) if end > available => Err(Error::Incomplete),
            Some(end) => Ok(end),
            None => Err(self.malformed(TOO_LONG)),
        }
    }

    fn enter(&mut self, head: Head) -> Result<()> {
        let inside = match (head.kind, head.argument) {
            (Kind::Map, Some(pairs)) => Some(pairs.checked_mul(2).ok_or_else(|| self.malformed(TOO_LONG))?),
            (Kind::Tag, _) => Some(1),
            (_, count) => count,
        };
        if inside.is_some_and(|count| count > self.limit_bytes as u64) {
            return Err(self.malformed(TOO_LONG));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.malformed("nested too deeply"));
        }
        self.open.push(inside);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if self.open.last() != Some(&None) {
            return Err(self.malformed("end mark outside of an open length"));
        }
        self.open.pop();
        self.complete();
        Ok(())
    }

    /// Accounts for a complete item, and for the containers that end with it.
    fn complete(&mut self) {
        while let Some(left) = self.open.last_mut() {
            match left {
                Some(left) if *left > 1 => {
                    *left -= 1;
                    return;
                }
                Some(_) => _ = self.open.pop(),
                None => return,
            }
        }
        self.items += 1;
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

const TOO_LONG: &str = "message is too long";

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT_BYTES: usize = 64;

    /// Feeds `bytes` in growing prefixes and returns how many were needed for `items` items.
    fn needed(bytes: &[u8], items: usize) -> Option<usize> {
        let mut scanner = Scanner::new(LIMIT_BYTES);
        (0..=bytes.len()).find(|end| scanner.has(&bytes[..*end], items).unwrap()).inspect(|end| {
            assert_eq!(scanner.position(), *end);
        })
    }

    #[test]
    fn an_item_is_complete_with_its_last_byte_and_not_before() {
        for (what, bytes) in [
            ("number", &[0x18, 0x20][..]),
            ("text", &[0x63, b'a', b'b', b'c']),
            ("empty array", &[0x80]),
            ("nested array", &[0x82, 0x01, 0x81, 0x02]),
            ("map", &[0xa1, 0x01, 0x82, 0x02, 0x03]),
            ("open map", &[0xbf, 0x01, 0x9f, 0xff, 0xff]),
            ("open text", &[0x7f, 0x61, b'a', 0x60, 0xff]),
            ("decimal", &[0xc4, 0x82, 0x20, 0x0a]),
            ("double", &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            let mut with_rest = bytes.to_vec();
            with_rest.extend([0x00, 0x00]);
            assert_eq!(needed(&with_rest, 1), Some(bytes.len()), "{what}");
            assert_eq!(needed(&with_rest, 2), Some(bytes.len() + 1), "{what}, and one more");
            assert_eq!(needed(bytes, 2), None, "{what}");
        }
    }

    #[test]
    fn wrong_bytes_are_refused_at_once() {
        for (what, bytes) in [
            ("stray end mark", vec![0xff]),
            ("end mark in an array of known length", vec![0x82, 0x01, 0xff]),
            ("reserved head", vec![0x1c]),
            ("string beyond the limit", vec![0x59, 0x01, 0x00]),
            ("array beyond the limit", vec![0x99, 0x01, 0x00]),
            ("map beyond the limit", vec![0xb8, 0x40]),
            ("impossible length", vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ("impossible count", vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ("too deep", vec![0x81; MAX_DEPTH + 2]),
        ] {
            let scanned = Scanner::new(LIMIT_BYTES).has(&bytes, 1);
            assert!(matches!(scanned, Err(Error::Malformed { .. })), "{what}: {scanned:?}");
        }
    }

    #[test]
    fn a_scanner_can_be_used_again() {
        let mut scanner = Scanner::new(LIMIT_BYTES);
        assert_eq!(scanner.has(&[0x80, 0xbf], 2), Ok(false));
        scanner.restart();
        assert_eq!(scanner.has(&[0x80, 0xa0], 2), Ok(true));
    }
}
