//! The meaning of responses and errors, without differences that do not matter.

use std::any::Any;

use aws_sdk_dynamodb::{
    error::ProvideErrorMetadata,
    operation::{transact_get_items::TransactGetItemsError, transact_write_items::TransactWriteItemsError},
    types::CancellationReason,
};
use dynamodb_json::ToJson as _;
use serde_json::{Map, Value, json};

/// Fields for which "absent" and "empty" mean the same.
const MAY_BE_EMPTY: [&str; 3] = ["UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics"];

/// A response in one order of sets, and of the items of a batch: DynamoDB leaves both open.
pub(crate) fn meaning(answer: Value) -> Value {
    match answer {
        Value::Array(values) => values.into_iter().map(meaning).collect(),
        Value::Object(fields) => fields.into_iter().filter_map(field).collect(),
        other => other,
    }
}

fn field((name, value): (String, Value)) -> Option<(String, Value)> {
    let value = meaning(value);
    let empty = value.as_object().is_some_and(Map::is_empty);
    if empty && MAY_BE_EMPTY.contains(&name.as_str()) {
        return None;
    }
    let value = match (name.as_str(), value) {
        // When an update creates an item, the embedded DynamoDB keeps the spelling of the key, unlike AWS.
        ("pk" | "sk", key) => same_number(key),
        ("SS" | "NS" | "BS", Value::Array(elements)) => sorted(elements),
        ("Responses", Value::Object(tables)) => tables
            .into_iter()
            .map(|(table, rows)| match rows {
                Value::Array(rows) => (table, sorted(rows)),
                other => (table, other),
            })
            .collect(),
        (_, value) => value,
    };
    Some((name, value))
}

/// A number in one spelling. Keys here have few digits.
fn same_number(value: Value) -> Value {
    match value["N"].as_str().and_then(|text| text.parse::<f64>().ok()) {
        // The sum turns -0 into 0.
        Some(number) => json!({ "N": (number + 0.0).to_string() }),
        None => value,
    }
}

pub(crate) fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(spelled);
    values.into()
}

/// The same text for equal values: whether objects keep the order of their members depends on the features of the build.
fn spelled(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, value)| format!("{name:?}:{}", spelled(value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(spelled).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The exception, and for a cancelled transaction the reasons. Messages may differ: the DAX client has its own for
/// mistakes that it finds itself.
pub(crate) fn refusal<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &E) -> Value {
    let code = error.code().unwrap_or_else(|| panic!("an error without a code: {error:?}"));
    match reasons(error) {
        Some(reasons) => {
            let reasons = reasons.to_json().unwrap();
            let reasons: Vec<Value> = reasons.as_array().into_iter().flatten().map(reason).collect();
            json!({ "error": code, "reasons": reasons })
        }
        None => json!({ "error": code }),
    }
}

fn reasons(error: &dyn Any) -> Option<&[CancellationReason]> {
    if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.downcast_ref() {
        return Some(cancelled.cancellation_reasons());
    }
    match error.downcast_ref() {
        Some(TransactGetItemsError::TransactionCanceledException(cancelled)) => Some(cancelled.cancellation_reasons()),
        _ => None,
    }
}

/// A reason without its message.
fn reason(reason: &Value) -> Value {
    let code = reason["Code"].as_str().unwrap_or("None");
    match reason.get("Item").filter(|item| **item != json!({})) {
        Some(item) => json!({ "Code": code, "Item": meaning(item.clone()) }),
        None => json!({ "Code": code }),
    }
}

/// Whether no page of the response is an error.
pub(crate) fn succeeded(pages: &Value) -> bool {
    let pages = pages.as_array();
    pages.is_some_and(|pages| pages.iter().all(|page| page.get("error").is_none()))
}
