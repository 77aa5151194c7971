//! The embedded DynamoDB: `dynoxide` behind an endpoint that counts requests.

mod endpoint;
mod store;
mod tables;
#[cfg(test)]
mod testing;

pub(crate) use store::Store;
pub use tables::StoreError;
pub(crate) use tables::{IndexDefinition, TableDefinition};
