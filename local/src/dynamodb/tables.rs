//! Opens the store and creates its tables.

use std::error::Error;
use std::path::{Path, PathBuf};

use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::private_files;

/// The file of the database.
const DATABASE: &str = "dynamodb.sqlite";

/// It and the files that `SQLite` puts beside it.
pub(crate) const DATABASE_FILES: [&str; 4] =
    [DATABASE, "dynamodb.sqlite-journal", "dynamodb.sqlite-shm", "dynamodb.sqlite-wal"];

/// A table with a string hash key, billed on demand.
#[derive(Debug, Clone)]
pub(crate) struct TableDefinition {
    pub(crate) name: &'static str,
    /// Name of the hash key.
    pub(crate) key_attribute: &'static str,
    /// Name of the range key, a string, if it has one.
    pub(crate) sort_attribute: Option<&'static str>,
    /// Name of the attribute with the time at which an item expires, if any does.
    pub(crate) ttl_attribute: Option<&'static str>,
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
    /// The directory cannot be created, or should not hold private data.
    #[error("cannot keep data in {0}")]
    Directory(PathBuf, #[source] std::io::Error),
    /// A file of the database cannot be created, or cannot be made private.
    #[error("cannot keep data in {0}")]
    File(PathBuf, #[source] std::io::Error),
    /// The database in the directory, or in memory, cannot be opened.
    #[error("cannot open the database{}", .0.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    Open(Option<PathBuf>, #[source] Cause),
    /// The table is missing and cannot be created.
    #[error("cannot create table {0}")]
    Table(&'static str, #[source] Cause),
    /// Expired items cannot be deleted.
    #[error("cannot delete expired items")]
    Expired(#[source] Cause),
    /// The endpoint cannot be served.
    #[error("cannot serve the endpoint")]
    Endpoint(#[source] std::io::Error),
    /// A request was refused.
    #[error("the embedded DynamoDB refused the request")]
    Refused(#[source] Cause),
}

/// An error of the embedded DynamoDB, whose types are not part of this package's API.
type Cause = Box<dyn Error + Send + Sync>;

/// Opens the store in `directory`, which exists, or in memory.
pub(super) fn open(directory: Option<&Path>) -> Result<Database, StoreError> {
    let Some(directory) = directory else {
        return Database::memory().map_err(|error| StoreError::Open(None, error.into()));
    };
    let file = directory.join(DATABASE);
    let failed = |file: PathBuf| move |error| StoreError::File(file, error);
    private_files::open(&file).map_err(failed(file.clone()))?;
    // SQLite gives those that it creates the mode of the first, but those of a run that was killed are there already.
    for file in DATABASE_FILES.map(|name| directory.join(name)) {
        private_files::open_existing(&file).map_err(failed(file.clone()))?;
    }
    Database::new(&file.to_string_lossy()).map_err(|error| StoreError::Open(Some(file), error.into()))
}

/// Creates the table unless it exists. Its items expire as it is defined here, whatever an earlier release set.
pub(super) fn ensure_table(database: &Database, table: &TableDefinition) -> Result<(), StoreError> {
    let ensured = create_unless_present(database, table).and_then(|()| set_ttl(database, table));
    ensured.map_err(|error| StoreError::Table(table.name, error.into()))
}

/// Deletes the items that have expired. The store does not do it by itself.
pub(super) fn delete_expired(database: &Database) -> Result<(), StoreError> {
    database.sweep_ttl().map(drop).map_err(|error| StoreError::Expired(error.into()))
}

fn set_ttl(database: &Database, table: &TableDefinition) -> Result<(), DynoxideError> {
    let request = json!({ "TableName": table.name });
    let found = database.describe_time_to_live(input(request)?)?;
    let found = serde_json::to_value(found).unwrap_or_default();
    let enabled = found.pointer("/TimeToLiveDescription/AttributeName").and_then(Value::as_str);
    if enabled == table.ttl_attribute {
        return Ok(());
    }
    for (attribute, is_enabled) in [(enabled, false), (table.ttl_attribute, true)] {
        if let Some(attribute) = attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": is_enabled });
            let request = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
            database.update_time_to_live(input(request)?)?;
        }
    }
    Ok(())
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
    let mut keys = vec![key(table.key_attribute, "HASH")];
    if let Some(name) = table.sort_attribute {
        attributes.push(attribute(name, "S"));
        keys.push(key(name, "RANGE"));
    }
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
        "KeySchema": keys,
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
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

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
    fn items_expire_where_the_definition_says_so() {
        let database = open(None).unwrap();
        let expiring = TableDefinition { ttl_attribute: Some("ttl"), sort_attribute: Some("day"), ..TABLE };
        ensure_table(&database, &expiring).unwrap();
        for (day, ttl) in [("1", "1000"), ("2", "9999999999")] {
            let item = json!({ "id": { "S": "a" }, "day": { "S": day }, "ttl": { "N": ttl } });
            database.put_item(input(json!({ "TableName": TABLE.name, "Item": item })).unwrap()).unwrap();
        }
        // An earlier release may have set it for a table without any.
        let kept = TableDefinition { ttl_attribute: None, ..expiring.clone() };
        for (table, expected) in [(&kept, 2), (&expiring, 1), (&expiring, 1)] {
            ensure_table(&database, table).unwrap();
            delete_expired(&database).unwrap();
            assert_eq!(count(&database), expected, "{table:?}");
        }
    }

    #[test]
    fn the_files_of_a_database_are_private() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in DATABASE_FILES {
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), Permissions::from_mode(0o644)).unwrap();
        }
        let database = open(Some(directory.path())).unwrap();
        ensure_table(&database, &TABLE).unwrap();
        put(&database, "a");
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
        drop(database);
        for name in DATABASE_FILES {
            let _ = std::fs::remove_file(at(name));
            std::os::unix::fs::symlink("/dev/null", at(name)).unwrap();
            let error = open(Some(directory.path())).err().unwrap();
            assert!(matches!(error, StoreError::File(..)), "{name}: {error}");
            std::fs::remove_file(at(name)).unwrap();
        }
    }
}
