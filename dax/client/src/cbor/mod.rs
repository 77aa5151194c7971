//! Building blocks of the wire format: the subset of CBOR (RFC 8949) that DAX speaks.
//!
//! [`Writer`] appends to a `Vec<u8>` and always picks the shortest head. [`Reader`] walks a byte slice: it never
//! panics, bounds its recursion, allocates at most in proportion to the bytes it has seen, and tells "more bytes are
//! needed" ([`Error::Incomplete`]) from "these bytes are wrong" ([`Error::Malformed`]). Both know nothing of DAX.

mod head;
mod reader;
mod writer;

pub use head::{Head, Items, Kind};
pub use reader::{Reader, skip};
pub use writer::Writer;

/// Deepest nesting of arrays, maps and tags that is read. DynamoDB documents nest 32 deep at most, each number or set
/// adds one or two tags, and an answer wraps its documents in a handful of containers.
pub const MAX_DEPTH: usize = 96;

/// Big number, non-negative: value n of the following byte string.
pub const TAG_POSITIVE_BIG: u64 = 2;
/// Big number, negative: value -1-n of the following byte string.
pub const TAG_NEGATIVE_BIG: u64 = 3;
/// Decimal fraction: array of exponent and mantissa, base 10.
pub const TAG_DECIMAL: u64 = 4;
/// String set: array of text strings.
pub const TAG_STRING_SET: u64 = 3321;
/// Number set: array of numbers.
pub const TAG_NUMBER_SET: u64 = 3322;
/// Binary set: array of byte strings.
pub const TAG_BINARY_SET: u64 = 3323;
/// Ordinal of a list element within a document path.
pub const TAG_LIST_INDEX: u64 = 3324;

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input ends within an item, and more of it may follow.
    #[error("the input ends within an item")]
    Incomplete,
    /// No continuation of the input can be valid.
    #[error("byte {at}: {what}")]
    Malformed {
        /// Offset within the slice given to the reader that met it; within the embedded item for nested CBOR.
        at: usize,
        /// What was wrong there.
        what: &'static str,
    },
}

/// Result of reading CBOR.
pub type Result<T> = std::result::Result<T, Error>;
