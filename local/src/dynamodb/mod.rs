//! The embedded DynamoDB: tables of the store that `dax-server` embeds.

mod store;
mod tables;
#[cfg(test)]
mod testing;

pub(crate) use store::Store;
pub use tables::StoreError;
pub(crate) use tables::{DATABASE_FILES, IndexDefinition, TableDefinition};
