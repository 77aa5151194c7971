//! The subset of CBOR (RFC 8949) that DAX speaks.
//!
//! [`Writer`] appends to a `Vec<u8>` and always picks the shortest head. [`Reader`] walks a byte slice: it never
//! panics, bounds its recursion, allocates at most in proportion to the bytes it has seen, and distinguishes "more bytes
//! are needed" ([`Error::Incomplete`]) from "these bytes are wrong" ([`Error::Malformed`]). [`Scanner`] finds where items
//! end while their bytes arrive. None of them knows what the items mean.

mod head;
mod reader;
mod scanner;
mod writer;

pub use head::{Head, Kind};
pub use reader::{Items, Reader, skip};
pub use scanner::Scanner;
pub use writer::Writer;

/// Deepest nesting of arrays, maps and tags that is read. DynamoDB documents nest 32 deep at most, each number or set
/// adds one or two tags, and an answer wraps its documents in a handful of containers.
pub const MAX_DEPTH: usize = 96;

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
