//! The heads that items start with: majors, kinds, and the counts of arrays and maps.

use super::{Reader, Result};

pub(super) const UNSIGNED: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
pub(super) const SIMPLE: u8 = 7;

pub(super) const FALSE: u8 = 20;
pub(super) const TRUE: u8 = 21;
pub(super) const NULL: u8 = 22;
pub(super) const UNDEFINED: u8 = 23;
pub(super) const HALF: u8 = 25;
pub(super) const SINGLE: u8 = 26;
pub(super) const DOUBLE: u8 = 27;
pub(super) const OPEN: u8 = 31;

/// What kind of item comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Integer, zero or above.
    Unsigned,
    /// Integer below zero.
    Negative,
    /// Byte string.
    Bytes,
    /// Text string.
    Text,
    /// Array.
    Array,
    /// Map.
    Map,
    /// Tag and the item it applies to.
    Tag,
    /// `true` or `false`.
    Bool,
    /// `null`, or `undefined`, which DAX clients read alike.
    Null,
    /// Floating point number of any width.
    Float,
    /// The end of an array, map or string of open length.
    Break,
}

/// The head of an item: its kind, and the number that the head carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// Kind of the item.
    pub kind: Kind,
    /// Value, length, count, tag or bits of the float; `None` for an open length.
    pub argument: Option<u64>,
    /// The low five bits of the first byte, which tell the width of a float.
    pub(super) info: u8,
}

/// Position within an array or map whose head was read.
///
/// Call [`next`](Self::next) before each element (or each pair, for a map) and stop when it says `false`.
#[derive(Debug)]
pub struct Items {
    pub(super) left: Option<u64>,
}

impl Items {
    /// Whether another element follows; consumes the end mark of an open length.
    ///
    /// # Errors
    /// As for [`Reader::peek`], for an open length.
    #[inline]
    pub fn next(&mut self, reader: &mut Reader<'_>) -> Result<bool> {
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if reader.peek()? == Kind::Break => {
                reader.close();
                self.left = Some(0);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// The announced number of elements, or of pairs for a map, if the length is not open.
    pub const fn announced(&self) -> Option<u64> {
        self.left
    }

    /// How much room to reserve: never more than the announcement, and small, because a head is only a claim.
    pub fn reserve(&self) -> usize {
        usize::try_from(self.left.unwrap_or(0).min(64)).unwrap_or(0)
    }
}
