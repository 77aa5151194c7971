//! The heads that items start with: majors and kinds.

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
    /// `null`, or `undefined`, which DAX clients treat the same.
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
