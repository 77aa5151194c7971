//! Writes CBOR items to the end of a buffer.

use super::head::{ARRAY, BYTES, MAP, NEGATIVE, TAG, TEXT, UNSIGNED};

/// Appends CBOR items to a `Vec<u8>`, each with the shortest possible head.
///
/// It does not check that announced counts are kept: that is the caller's part.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// The buffer written to, for callers that append other bytes.
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    /// A signed integer.
    pub fn int(&mut self, value: i64) {
        self.integer(value < 0, if value < 0 { !value.cast_unsigned() } else { value.cast_unsigned() });
    }

    /// The integer `argument`, or `-1 - argument` if `negative`: the whole range of the wire, -2^64 to 2^64 - 1.
    pub fn integer(&mut self, negative: bool, argument: u64) {
        self.head(if negative { NEGATIVE } else { UNSIGNED }, argument);
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        self.head(TEXT, value.len() as u64);
        self.out.extend_from_slice(value.as_bytes());
    }

    /// Head of an array; `count` items follow.
    pub fn array(&mut self, count: usize) {
        self.head(ARRAY, count as u64);
    }

    /// Head of an array that a [`close`](Self::close) ends.
    pub fn open_array(&mut self) {
        self.out.push(0x9f);
    }

    /// Head of a map; `count` pairs follow.
    pub fn map(&mut self, count: usize) {
        self.head(MAP, count as u64);
    }

    /// Head of a map that a [`close`](Self::close) ends.
    pub fn open_map(&mut self) {
        self.out.push(0xbf);
    }

    /// Ends an array or map of open length.
    pub fn close(&mut self) {
        self.out.push(0xff);
    }

    /// A tag; the tagged item follows.
    pub fn tag(&mut self, tag: u64) {
        self.head(TAG, tag);
    }

    /// `null`.
    pub fn null(&mut self) {
        self.out.push(0xf6);
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.out.push(if value { 0xf5 } else { 0xf4 });
    }

    /// A double, always in eight bytes: receivers of capacity values do not read shorter ones.
    pub fn f64(&mut self, value: f64) {
        self.out.push(0xfb);
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    /// Bytes that are already encoded.
    pub fn raw(&mut self, encoded: &[u8]) {
        self.out.extend_from_slice(encoded);
    }

    /// A byte string holding whatever `write` writes.
    ///
    /// Room for a one-byte head is left and the content moved only if it turns out longer than 23 bytes.
    ///
    /// # Errors
    /// Whatever `write` returns; the buffer then ends in an unfinished item, and the caller discards it.
    pub fn nested<E>(&mut self, write: impl FnOnce(&mut Writer<'_>) -> Result<(), E>) -> Result<(), E> {
        let start = self.out.len();
        self.out.push(0);
        write(&mut Writer { out: self.out })?;
        let length = self.out.len() - start - 1;
        let (head, used) = head_bytes(BYTES, length as u64);
        match (self.out.get_mut(start), used) {
            (Some(room), 1) => *room = head[0],
            _ => drop(self.out.splice(start..=start, head.into_iter().take(used))),
        }
        Ok(())
    }

    fn head(&mut self, major: u8, argument: u64) {
        if let Ok(small @ 0..24) = u8::try_from(argument) {
            self.out.push(major << 5 | small);
        } else {
            let (head, used) = head_bytes(major, argument);
            self.out.extend(head.into_iter().take(used));
        }
    }
}

/// The shortest head, and how many of the nine bytes it takes.
fn head_bytes(major: u8, argument: u64) -> ([u8; 9], usize) {
    let (info, width) = match argument {
        0..24 => {
            return ([major << 5 | argument.to_be_bytes()[7], 0, 0, 0, 0, 0, 0, 0, 0], 1);
        }
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    let [a, b, c, d, e, f, g, h] = (argument << (64 - 8 * width)).to_be_bytes();
    ([major << 5 | info, a, b, c, d, e, f, g, h], 1 + width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        out
    }

    #[test]
    fn heads_are_shortest() {
        for (value, expected) in [
            (0, vec![0x00]),
            (23, vec![0x17]),
            (24, vec![0x18, 24]),
            (255, vec![0x18, 0xff]),
            (256, vec![0x19, 1, 0]),
            (65_535, vec![0x19, 0xff, 0xff]),
            (65_536, vec![0x1a, 0, 1, 0, 0]),
            (u64::from(u32::MAX), vec![0x1a, 0xff, 0xff, 0xff, 0xff]),
            (1 << 32, vec![0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
            (u64::MAX, vec![0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(written(|w| w.uint(value)), expected, "{value}");
        }
    }

    #[test]
    fn signed_integers_follow_the_standard() {
        assert_eq!(written(|w| w.int(-1)), [0x20]);
        assert_eq!(written(|w| w.int(-742_646_399)), [0x3a, 0x2c, 0x43, 0xe2, 0x7e]);
        assert_eq!(written(|w| w.int(i64::MIN)), [0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn nested_content_gets_the_head_of_its_length() {
        for length in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let nested = written(|w| {
                let done: Result<(), ()> = w.nested(|inner| {
                    inner.raw(&content);
                    Ok(())
                });
                done.unwrap();
            });
            assert_eq!(nested, written(|w| w.bytes(&content)), "{length}");
        }
    }
}
