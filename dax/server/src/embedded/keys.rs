//! The keys of a table, without the rest of its description.
//!
//! The engine counts a table's items to describe it, and does nothing else meanwhile: with a million items for two seconds, with
//! ten million for longer than anybody waits.

use bytes::Bytes;
use dynoxide::Database;
use http::{Response, StatusCode, request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::schemas::KEYS_ONLY;

const DESCRIBE: &str = "DynamoDB_20120810.DescribeTable";

/// The answer to a request that has the header, unless there is no such table.
pub(super) async fn of(head: &request::Parts, body: &[u8], database: &Database) -> Option<Response<Full<Bytes>>> {
    head.headers.get(KEYS_ONLY)?;
    if head.headers.get(super::TARGET)?.as_bytes() != DESCRIBE.as_bytes() {
        return None;
    }
    let request: Value = serde_json::from_slice(body).ok()?;
    let name = request.get("TableName")?.as_str()?.to_owned();
    let database = database.clone();
    // It waits for what the engine does at the moment.
    let table = tokio::task::spawn_blocking(move || database.get_table_metadata(&name)).await.ok()?.ok()??;
    let list = |text: &str| serde_json::from_str::<Value>(text).ok();
    let description = json!({ "Table": {
        "TableName": table.table_name,
        "TableStatus": table.table_status,
        "KeySchema": list(&table.key_schema)?,
        "AttributeDefinitions": list(&table.attribute_definitions)?,
    } });
    Some(super::json(StatusCode::OK, &description))
}
