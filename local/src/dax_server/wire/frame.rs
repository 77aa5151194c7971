//! Finds where a request ends.
//!
//! Requests have no length prefix: they are a number of CBOR items, one after another. The scanner counts complete
//! items and keeps its place, so a request that arrives in many pieces is still looked at once.

use dax_client::cbor::{Error, Kind, MAX_DEPTH, Reader};

/// Counts complete items at the start of a growing buffer.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Offset of the first byte not accounted for.
    at: usize,
    /// Complete items before `at`.
    items: usize,
    /// Containers around `at`, the outermost first.
    open: Vec<Container>,
}

/// What is left of a container.
#[derive(Debug)]
enum Container {
    /// So many items.
    Items(u64),
    /// Items or chunks up to an end mark.
    UntilBreak,
}

impl Scanner {
    /// Whether `buffer` starts with `wanted` complete items. Each call must see the earlier bytes unchanged.
    ///
    /// # Errors
    /// [`Error::Malformed`] for bytes that are not CBOR or nest too deeply; never [`Error::Incomplete`].
    pub(crate) fn has(&mut self, buffer: &[u8], wanted: usize) -> Result<bool, Error> {
        while self.items < wanted {
            match self.step(buffer) {
                Ok(true) => {}
                Ok(false) | Err(Error::Incomplete) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Length in bytes of the complete items.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Takes one head, with the content if it is a string. `false` if the content is not there yet.
    fn step(&mut self, buffer: &[u8]) -> Result<bool, Error> {
        let mut reader = Reader::new(buffer.get(self.at..).unwrap_or_default());
        let head = reader.head()?;
        let after_head = self.at + reader.position();
        match (head.kind, head.argument) {
            (Kind::Bytes | Kind::Text, Some(length)) => {
                let end = usize::try_from(length).ok().and_then(|length| after_head.checked_add(length));
                let end = end.ok_or_else(|| reader.malformed("length out of range"))?;
                if end > buffer.len() {
                    return Ok(false);
                }
                self.at = end;
                self.complete();
                return Ok(true);
            }
            (Kind::Array | Kind::Map | Kind::Bytes | Kind::Text, None) => {
                self.open(&reader, Container::UntilBreak)?;
            }
            (Kind::Array, Some(0)) | (Kind::Map, Some(0)) => self.complete(),
            (Kind::Array, Some(count)) => self.open(&reader, Container::Items(count))?,
            (Kind::Map, Some(pairs)) => {
                let count = pairs.checked_mul(2).ok_or_else(|| reader.malformed("length out of range"))?;
                self.open(&reader, Container::Items(count))?;
            }
            (Kind::Tag, _) => self.open(&reader, Container::Items(1))?,
            (Kind::Break, _) => match self.open.pop() {
                Some(Container::UntilBreak) => self.complete(),
                _ => return Err(reader.malformed("end mark outside of an open length")),
            },
            _ => self.complete(),
        }
        self.at = after_head;
        Ok(true)
    }

    fn open(&mut self, reader: &Reader<'_>, container: Container) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(reader.malformed("nested too deeply"));
        }
        self.open.push(container);
        Ok(())
    }

    /// One item more is complete, and with it perhaps the containers that it was the last of.
    fn complete(&mut self) {
        while let Some(container) = self.open.last_mut() {
            match container {
                Container::Items(left) if *left > 1 => {
                    *left -= 1;
                    return;
                }
                Container::Items(_) => {
                    self.open.pop();
                }
                Container::UntilBreak => return,
            }
        }
        self.items += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in growing prefixes and returns how many were needed for `items` items.
    fn needed(bytes: &[u8], items: usize) -> Option<usize> {
        let mut scanner = Scanner::default();
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
    fn wrong_bytes_are_refused() {
        for (what, bytes) in [
            ("stray end mark", vec![0xff]),
            ("end mark in an array of known length", vec![0x82, 0x01, 0xff]),
            ("reserved head", vec![0x1c]),
            ("impossible length", vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ("too deep", vec![0x81; MAX_DEPTH + 2]),
        ] {
            assert!(Scanner::default().has(&bytes, 1).is_err(), "{what}");
        }
    }
}
