//! The elements of arrays and maps.

use super::Reader;
use crate::cbor::{Error, Kind, Result};

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

    /// Moves to an element that has to be there, else fails with `wrong`.
    ///
    /// # Errors
    /// `wrong`, or as for [`next`](Self::next).
    #[inline]
    pub fn expect(&mut self, reader: &mut Reader<'_>, wrong: Error) -> Result<()> {
        if self.next(reader)? { Ok(()) } else { Err(wrong) }
    }

    /// Succeeds if no further element follows, else fails with `wrong`.
    ///
    /// # Errors
    /// `wrong`, or as for [`next`](Self::next).
    #[inline]
    pub fn expect_end(&mut self, reader: &mut Reader<'_>, wrong: Error) -> Result<()> {
        if self.next(reader)? { Err(wrong) } else { Ok(()) }
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
