//! The wire format above CBOR: what requests and answers are made of.
//!
//! Nothing here does I/O. Where writing a request or reading an answer needs a table's key schema or an attribute list
//! that [`Metadata`] does not hold, it stops and returns the [`Lookup`]s to be made, **all** those known so far, and
//! starts again from the beginning once they are answered.

pub(crate) mod answer;
pub(crate) mod attribute;
pub(crate) mod control;
mod frame;
pub(crate) mod item;
pub(crate) mod key;
mod metadata;
pub(crate) mod usage;

use crate::error::{Error, ServerError};
pub use attribute::{Attributes, ValueError, read_value, write_value};
pub use frame::FrameScanner;
pub use key::read_key;
pub(crate) use key::{KeyError, type_name, write_exact_key, write_key};
pub use metadata::{KeyAttribute, KeySchema, Lookup, Metadata};

/// Why a request could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncodeStop {
    /// These lookups must be answered first. Never empty.
    Need(Vec<Lookup>),
    /// A key does not fit the table as it is known: nothing may be sent.
    Unfit {
        /// The table, whose key schema may have changed.
        table: String,
        /// What to report if it has not.
        error: Error,
    },
    /// The input is wrong: nothing may be sent.
    Invalid(Error),
}

/// Why an answer could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeStop {
    /// These lookups must be answered first. Never empty.
    Need(Vec<Lookup>),
    /// The answer is longer than these bytes.
    Incomplete,
    /// The bytes are not an answer to this request: the connection can no longer be used.
    Malformed {
        /// Offset in the answer, or in the item embedded in it.
        at: usize,
        /// What was wrong there.
        what: &'static str,
    },
    /// The server answered with an error. The connection is fine.
    Server(Box<ServerError>),
}

impl From<dax_protocol::cbor::Error> for DecodeStop {
    fn from(error: dax_protocol::cbor::Error) -> Self {
        match error {
            dax_protocol::cbor::Error::Incomplete => Self::Incomplete,
            dax_protocol::cbor::Error::Malformed { at, what } => Self::Malformed { at, what },
        }
    }
}
