//! Reads CBOR items from a byte slice.

mod items;

use std::borrow::Cow;

pub use items::Items;

use super::head::{
    ARRAY, BYTES, DOUBLE, FALSE, HALF, Head, Kind, MAP, NEGATIVE, NULL, OPEN, SIMPLE, SINGLE, TAG, TEXT, TRUE,
    UNDEFINED, UNSIGNED,
};
use super::{Error, MAX_DEPTH, Result};

/// Walks over CBOR items in a byte slice. Text and byte strings are borrowed from it.
///
/// Longer heads than needed are accepted, as are strings, arrays and maps of open length.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    whole: bool,
}

impl<'a> Reader<'a> {
    /// A reader over the bytes so far: running out of them is [`Error::Incomplete`].
    pub const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, whole: false }
    }

    /// A reader over all there will ever be, such as the content of a byte string: running out is
    /// [`Error::Malformed`].
    pub const fn whole(input: &'a [u8]) -> Self {
        Self { input, at: 0, whole: true }
    }

    /// Offset of the next unread byte.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Whether every byte was read.
    pub const fn is_empty(&self) -> bool {
        self.at >= self.input.len()
    }

    /// The bytes that were not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Takes all bytes that were not read yet.
    pub fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.at = self.input.len();
        rest
    }

    /// Succeeds if every byte was read.
    ///
    /// # Errors
    /// [`Error::Malformed`] if bytes are left over.
    pub const fn end(&self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(self.malformed("unexpected bytes after the last item")) }
    }

    /// The error that says what is wrong at the current position.
    pub const fn malformed(&self, what: &'static str) -> Error {
        Error::Malformed { at: self.at, what }
    }

    /// The kind of the next item, without consuming it.
    ///
    /// # Errors
    /// [`Error::Incomplete`] at the end of the input, [`Error::Malformed`] for a first byte that CBOR does not define.
    #[inline]
    pub fn peek(&self) -> Result<Kind> {
        let Some(&first) = self.input.get(self.at) else {
            return Err(self.out_of_bytes());
        };
        self.kind(first)
    }

    /// Reads the head of the next item, whatever it is. The content, if any, follows.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if the head is cut, [`Error::Malformed`] if it is reserved or carries an open length
    /// where none is possible.
    #[inline]
    pub fn head(&mut self) -> Result<Head> {
        let Some(&first) = self.input.get(self.at) else {
            return Err(self.out_of_bytes());
        };
        let kind = self.kind(first)?;
        let info = first & 0x1f;
        let argument = match info {
            0..24 => Some(u64::from(info)),
            24..28 => Some(self.wide_argument(info)?),
            _ => {
                if matches!(kind, Kind::Unsigned | Kind::Negative | Kind::Tag) {
                    return Err(self.malformed("open length on an item that has no length"));
                }
                None
            }
        };
        self.at += match info {
            24..28 => 1 + (1 << (info - 24)),
            _ => 1,
        };
        Ok(Head { kind, argument, info })
    }

    /// An integer between -2^64 and 2^64 - 1, as sign and argument: `(false, n)` is n and `(true, n)` is -1 - n.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not an integer; [`Error::Incomplete`] if it is cut.
    pub fn integer(&mut self) -> Result<(bool, u64)> {
        let start = self.at;
        match self.head()? {
            Head { kind: Kind::Unsigned, argument: Some(value), .. } => Ok((false, value)),
            Head { kind: Kind::Negative, argument: Some(value), .. } => Ok((true, value)),
            _ => Err(Error::Malformed { at: start, what: "expected an integer" }),
        }
    }

    /// An integer that fits 64 signed bits.
    ///
    /// # Errors
    /// As for [`integer`](Self::integer), and [`Error::Malformed`] if it does not fit.
    pub fn int(&mut self) -> Result<i64> {
        let start = self.at;
        let (negative, argument) = self.integer()?;
        match i64::try_from(argument) {
            Ok(value) => Ok(if negative { !value } else { value }),
            Err(_) => Err(Error::Malformed { at: start, what: "integer out of range" }),
        }
    }

    /// An integer, zero or above.
    ///
    /// # Errors
    /// As for [`integer`](Self::integer), and [`Error::Malformed`] if it is negative.
    pub fn uint(&mut self) -> Result<u64> {
        let start = self.at;
        match self.integer()? {
            (false, value) => Ok(value),
            (true, _) => Err(Error::Malformed { at: start, what: "expected a non-negative integer" }),
        }
    }

    /// A tag; the tagged item follows.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item has no tag; [`Error::Incomplete`] if it is cut.
    pub fn tag(&mut self) -> Result<u64> {
        let start = self.at;
        match self.head()? {
            Head { kind: Kind::Tag, argument: Some(tag), .. } => Ok(tag),
            _ => Err(Error::Malformed { at: start, what: "expected a tag" }),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is neither; [`Error::Incomplete`] at the end.
    pub fn bool(&mut self) -> Result<bool> {
        if self.peek()? != Kind::Bool {
            return Err(self.malformed("expected a boolean"));
        }
        Ok(self.head()?.info == TRUE)
    }

    /// Consumes a `null` if one comes next, and says whether it did.
    ///
    /// # Errors
    /// As for [`peek`](Self::peek).
    pub fn null(&mut self) -> Result<bool> {
        let null = self.peek()? == Kind::Null;
        if null {
            self.at += 1;
        }
        Ok(null)
    }

    /// A floating point number of two, four or eight bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not a float; [`Error::Incomplete`] if it is cut.
    pub fn float(&mut self) -> Result<f64> {
        if self.peek()? != Kind::Float {
            return Err(self.malformed("expected a floating point number"));
        }
        let Head { argument, info, .. } = self.head()?;
        let bits = argument.unwrap_or(0);
        Ok(match info {
            HALF => half_to_f64(bits),
            SINGLE => f64::from(f32::from_bits(u32::try_from(bits).unwrap_or(0))),
            _ => f64::from_bits(bits),
        })
    }

    /// A byte string; borrowed unless it comes in chunks.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not a byte string; [`Error::Incomplete`] if it is cut.
    #[inline]
    pub fn bytes(&mut self) -> Result<Cow<'a, [u8]>> {
        if self.peek()? != Kind::Bytes {
            return Err(self.malformed("expected a byte string"));
        }
        self.string()
    }

    /// A text string; borrowed unless it comes in chunks.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not a valid UTF-8 text string; [`Error::Incomplete`] if it is cut.
    #[inline]
    pub fn text(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at;
        if self.peek()? != Kind::Text {
            return Err(self.malformed("expected a text string"));
        }
        let text = match self.string()? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
        };
        text.ok_or(Error::Malformed { at: start, what: "text is not UTF-8" })
    }

    /// The head of an array.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not an array; [`Error::Incomplete`] if its head is cut.
    #[inline]
    pub fn array(&mut self) -> Result<Items> {
        if self.peek()? != Kind::Array {
            return Err(self.malformed("expected an array"));
        }
        Ok(Items { left: self.head()?.argument })
    }

    /// The head of a map.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the next item is not a map; [`Error::Incomplete`] if its head is cut.
    #[inline]
    pub fn map(&mut self) -> Result<Items> {
        if self.peek()? != Kind::Map {
            return Err(self.malformed("expected a map"));
        }
        Ok(Items { left: self.head()?.argument })
    }

    /// Skips one item with everything in it.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if it is cut; [`Error::Malformed`] if it is not CBOR or nests deeper than [`MAX_DEPTH`].
    pub fn skip(&mut self) -> Result<()> {
        self.skip_at(0)
    }

    /// Consumes the end mark that was peeked at.
    pub(super) fn close(&mut self) {
        self.at += 1;
    }

    fn skip_at(&mut self, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(self.malformed("nested too deeply"));
        }
        match self.peek()? {
            Kind::Bytes | Kind::Text => self.string().map(drop),
            Kind::Array => {
                let mut items = self.array()?;
                while items.next(self)? {
                    self.skip_at(depth + 1)?;
                }
                Ok(())
            }
            Kind::Map => {
                let mut pairs = self.map()?;
                while pairs.next(self)? {
                    self.skip_at(depth + 1)?;
                    self.skip_at(depth + 1)?;
                }
                Ok(())
            }
            Kind::Tag => {
                self.head()?;
                self.skip_at(depth + 1)
            }
            Kind::Break => Err(self.malformed("end mark outside of an open length")),
            _ => self.head().map(drop),
        }
    }

    /// The content of a byte or text string.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, [u8]>> {
        let head = self.head()?;
        match head.argument {
            Some(length) => self.take(length).map(Cow::Borrowed),
            None => self.chunks(head.kind).map(Cow::Owned),
        }
    }

    fn chunks(&mut self, kind: Kind) -> Result<Vec<u8>> {
        let mut joined = Vec::new();
        loop {
            let next = self.peek()?;
            if next == Kind::Break {
                self.at += 1;
                return Ok(joined);
            }
            let start = self.at;
            match self.head()?.argument {
                Some(length) if next == kind => joined.extend_from_slice(self.take(length)?),
                _ => {
                    return Err(Error::Malformed { at: start, what: "chunk of another kind within a string" });
                }
            }
        }
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let end = end.ok_or_else(|| self.malformed("length out of range"))?;
        let taken = self.input.get(self.at..end).ok_or_else(|| self.out_of_bytes())?;
        self.at = end;
        Ok(taken)
    }

    #[inline]
    const fn kind(&self, first: u8) -> Result<Kind> {
        let info = first & 0x1f;
        if matches!(info, 28..=30) {
            return Err(self.malformed("reserved head"));
        }
        Ok(match first >> 5 {
            UNSIGNED => Kind::Unsigned,
            NEGATIVE => Kind::Negative,
            BYTES => Kind::Bytes,
            TEXT => Kind::Text,
            ARRAY => Kind::Array,
            MAP => Kind::Map,
            TAG => Kind::Tag,
            SIMPLE.. => match info {
                FALSE | TRUE => Kind::Bool,
                NULL | UNDEFINED => Kind::Null,
                HALF | SINGLE | DOUBLE => Kind::Float,
                OPEN => Kind::Break,
                _ => return Err(self.malformed("unknown simple value")),
            },
        })
    }

    /// The argument in the one, two, four or eight bytes after the first one.
    #[inline]
    fn wide_argument(&self, info: u8) -> Result<u64> {
        let rest = self.input.get(self.at + 1..).unwrap_or_default();
        let argument = match info {
            24 => rest.first().map(|byte| u64::from(*byte)),
            25 => rest.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))),
            26 => rest.first_chunk().map(|bytes| u64::from(u32::from_be_bytes(*bytes))),
            _ => rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        };
        argument.ok_or_else(|| self.out_of_bytes())
    }

    const fn out_of_bytes(&self) -> Error {
        if self.whole { self.malformed("ends within an item") } else { Error::Incomplete }
    }
}

/// Length in bytes of the first item of `input`.
///
/// # Errors
/// As for [`Reader::skip`].
pub fn skip(input: &[u8]) -> Result<usize> {
    let mut reader = Reader::new(input);
    reader.skip()?;
    Ok(reader.position())
}

/// IEEE 754 half precision: 1 sign bit, 5 bits of exponent, 10 bits of fraction.
fn half_to_f64(bits: u64) -> f64 {
    let fraction = u32::try_from(bits & 0x3ff).unwrap_or(0);
    let magnitude = match bits >> 10 & 0x1f {
        0 => f64::from(fraction) * 2f64.powi(-24),
        31 if fraction == 0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => f64::from(1024 + fraction) * 2f64.powi(i32::try_from(exponent).unwrap_or(0) - 25),
    };
    if bits >> 15 & 1 == 1 { -magnitude } else { magnitude }
}
