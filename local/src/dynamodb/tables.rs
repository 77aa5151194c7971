//! Opens the store and creates its tables.

use std::error::Error;
use std::path::{Path, PathBuf};

use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A table with a string hash key, billed on demand.
#[derive(Debug, Clone)]
pub(crate) struct TableDefinition {
    pub(crate) name: &'static str,
    /// Name of the hash key.
    pub(crate) key_attribute: &'static str,
    pub(crate) index: Option<IndexDefinition>,
}

/// A global secondary index that holds keys only.
#[derive(Debug, Clone)]
pub(crate) struct IndexDefinition {
    pub(crate) name: &'static str,
    /// Name of the hash key, a string.
    pub(crate) hash_attribute: &'static str,
    /// Name of the range key, a number.
    pub(crate) range_attribute: &'static str,
}

/// The embedded DynamoDB cannot be opened or served, or refused a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory cannot be created.
    #[error("cannot create {0}")]
    Directory(PathBuf, #[source] std::io::Error),
    /// The database in the directory, or in memory, cannot be opened.
    #[error("cannot open the database{}", .0.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    Open(Option<PathBuf>, #[source] Cause),
    /// The table is missing and cannot be created.
    #[error("cannot create table {0}")]
    Table(&'static str, #[source] Cause),
    /// The endpoint cannot be served.
    #[error("cannot serve the endpoint")]
    Endpoint(#[source] std::io::Error),
    /// A request was refused.
    #[error("the embedded DynamoDB refused the request")]
    Refused(#[source] Cause),
}

/// An error of the embedded DynamoDB, whose types are not part of this package's API.
type Cause = Box<dyn Error + Send + Sync>;

/// Opens the store in `directory`, or in memory.
pub(super) fn open(directory: Option<&Path>) -> Result<Database, StoreError> {
    let Some(directory) = directory else {
        return Database::memory().map_err(|error| StoreError::Open(None, error.into()));
    };
    std::fs::create_dir_all(directory).map_err(|error| StoreError::Directory(directory.to_owned(), error))?;
    let file = directory.join("dynamodb.sqlite");
    Database::new(&file.to_string_lossy()).map_err(|error| StoreError::Open(Some(file), error.into()))
}

/// Creates the table unless it exists. No item expires, whatever an earlier release set.
pub(super) fn ensure_table(database: &Database, table: &TableDefinition) -> Result<(), StoreError> {
    create_unless_present(database, table).map_err(|error| StoreError::Table(table.name, error.into()))
}

fn create_unless_present(database: &Database, table: &TableDefinition) -> Result<(), DynoxideError> {
    let described = database.describe_table(input(json!({ "TableName": table.name }))?);
    if described.is_ok() {
        return Ok(());
    }
    database.create_table(input(schema(table))?)?;
    Ok(())
}

/// The input of `CreateTable`.
fn schema(table: &TableDefinition) -> Value {
    let mut attributes = vec![attribute(table.key_attribute, "S")];
    let mut indexes = Vec::new();
    if let Some(index) = &table.index {
        attributes.push(attribute(index.hash_attribute, "S"));
        attributes.push(attribute(index.range_attribute, "N"));
        indexes.push(json!({
            "IndexName": index.name,
            "KeySchema": [key(index.hash_attribute, "HASH"), key(index.range_attribute, "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }));
    }
    json!({
        "TableName": table.name,
        "KeySchema": [key(table.key_attribute, "HASH")],
        "AttributeDefinitions": attributes,
        "GlobalSecondaryIndexes": (!indexes.is_empty()).then_some(indexes),
        "BillingMode": "PAY_PER_REQUEST",
    })
}

fn attribute(name: &str, kind: &str) -> Value {
    json!({ "AttributeName": name, "AttributeType": kind })
}

fn key(name: &str, kind: &str) -> Value {
    json!({ "AttributeName": name, "KeyType": kind })
}

/// The store's input types have no builders; they are made to be read from JSON.
pub(super) fn input<T: DeserializeOwned>(value: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(value).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::testing::{TABLE, count, put};

    #[test]
    fn a_table_is_created_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        for items in [0, 1] {
            let database = open(Some(directory.path())).unwrap();
            ensure_table(&database, &TABLE).unwrap();
            assert_eq!(count(&database), items);
            put(&database, "a");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_created_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = open(Some(&file.path().join("below"))).err().unwrap();
        assert!(matches!(error, StoreError::Directory(..)), "{error}");
    }
}
