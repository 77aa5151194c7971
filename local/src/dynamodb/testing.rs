//! A table for unit tests.

use dynoxide::Database;
use serde_json::json;

use super::tables::{TableDefinition, input};

pub(super) const TABLE: TableDefinition =
    TableDefinition { name: "table", key_attribute: "id", sort_attribute: None, ttl_attribute: None, index: None };

pub(super) fn put(database: &Database, id: &str) {
    let item = json!({ "id": { "S": id } });
    let request = input(json!({ "TableName": TABLE.name, "Item": item })).unwrap();
    database.put_item(request).unwrap();
}

pub(super) fn count(database: &Database) -> usize {
    let request = input(json!({ "TableName": TABLE.name })).unwrap();
    let response = serde_json::to_value(database.scan(request).unwrap()).unwrap();
    response["Items"].as_array().unwrap().len()
}
