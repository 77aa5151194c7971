//! The ten operations: an SDK input to the bytes of a request, the bytes of an answer to an SDK output.
//!
//! Each operation is a type that holds one prepared call: an input that was checked, its expressions parsed once.
//! Preparing needs no server. Writing and reading it does not consume it, so that a call can be repeated.
//!
//! ```text
//! let call = GetItem::prepare(input, &mut random)?;
//! call.encode(&metadata, &mut out)?;      // Need(lookups): answer them, empty `out`, call again
//! // send `out`; collect bytes until FrameScanner::new(GetItem::METHOD, limit) finds the end of the answer
//! let output = call.decode(&metadata, answer)?;   // Need(lookups): answer them, call again
//! ```

mod batch_get_item;
mod batch_write_item;
mod cancellation;
mod delete_item;
mod get_item;
mod metrics;
mod page;
mod parameter;
mod put_item;
mod query;
mod refusal;
mod request;
mod scan;
mod single_write;
mod transact_get_items;
mod transact_write_items;
mod update_item;

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use dax_protocol::Method;

use crate::codec::{DecodeStop, EncodeStop, Metadata};
use crate::error::Error;
use crate::sealed::Sealed;
pub use batch_get_item::BatchGetItem;
pub use batch_write_item::BatchWriteItem;
pub use delete_item::DeleteItem;
pub use get_item::GetItem;
pub use put_item::PutItem;
pub use query::Query;
pub use scan::Scan;
pub use transact_get_items::TransactGetItems;
pub use transact_write_items::TransactWriteItems;
pub use update_item::UpdateItem;

/// Hands the table of the ten operations to a macro: method, name, input, output, and the method of a fake.
macro_rules! each_operation {
    ($use:ident) => {
        $use! {
            get_item GetItem GetItemInput GetItemOutput on_get_item;
            put_item PutItem PutItemInput PutItemOutput on_put_item;
            update_item UpdateItem UpdateItemInput UpdateItemOutput on_update_item;
            delete_item DeleteItem DeleteItemInput DeleteItemOutput on_delete_item;
            batch_get_item BatchGetItem BatchGetItemInput BatchGetItemOutput on_batch_get_item;
            batch_write_item BatchWriteItem BatchWriteItemInput BatchWriteItemOutput on_batch_write_item;
            query Query QueryInput QueryOutput on_query;
            scan Scan ScanInput ScanOutput on_scan;
            transact_get_items TransactGetItems TransactGetItemsInput TransactGetItemsOutput on_transact_get_items;
            transact_write_items TransactWriteItems TransactWriteItemsInput TransactWriteItemsOutput
                on_transact_write_items;
        }
    };
}
pub(crate) use each_operation;

macro_rules! seal {
    ($($method:ident $operation:ident $input:ident $output:ident $fake:ident;)+) => {
        $(impl Sealed for $operation {})+
    };
}

each_operation!(seal);

/// One of the ten operations; a value is one prepared call.
pub trait Operation: Sealed + Sized + Send + Sync + 'static {
    /// The method on the wire; it knows the operation's name and whether the operation writes.
    const METHOD: Method;

    /// What the caller gives.
    type Input: Clone + std::fmt::Debug + Send + Sync + 'static;
    /// What the caller gets.
    type Output: std::fmt::Debug + Send + Sync + 'static;
    /// The SDK's error for this operation.
    type Error: StdError + ProvideErrorMetadata + From<Error> + Send + Sync + 'static;

    /// Checks an input and parses its expressions. It sees no `Config`: limits that a caller can set are checked above.
    ///
    /// `random` gives 128 random bits; it is called at most once, for a transaction without a token.
    ///
    /// # Errors
    /// [`Error::Validation`] if the input is wrong or holds what DAX cannot carry.
    fn prepare(input: Self::Input, random: &mut dyn FnMut() -> u128) -> Result<Self, Error>;

    /// Appends the request to `out`. After an error `out` ends in an unfinished request and has to be cut back.
    ///
    /// # Errors
    /// [`EncodeStop`]: lookups are missing, or the input does not fit the table.
    fn encode(&self, metadata: &Metadata, out: &mut Vec<u8>) -> Result<(), EncodeStop>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// [`DecodeStop`]: lookups are missing, the answer is cut or wrong, or it is an error.
    fn decode(&self, metadata: &Metadata, answer: &[u8]) -> Result<Self::Output, DecodeStop>;

    /// The tables that it is about.
    fn tables(&self) -> Vec<&str>;
}
