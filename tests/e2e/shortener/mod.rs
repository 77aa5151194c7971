//! The product: what browsers, apps and `curl` get.

mod access;
mod api;
mod concurrency;
mod dax;
mod keys;
mod model;
mod page;
mod redirect;

use local::Stack;
use serde_json::{Value, json};

/// Puts an item into the table, behind the back of the functions.
fn put_item(stack: &Stack, item: &Value) {
    let request = json!({ "TableName": stack.table(), "Item": item });
    let request = serde_json::from_value(request).expect("a request");
    stack.database().put_item(request).expect("the table takes it");
}

/// The item of a slug.
fn get_item(stack: &Stack, slug: &str) -> Value {
    let request = json!({ "TableName": stack.table(), "Key": { "id": { "S": slug } } });
    let request = serde_json::from_value(request).expect("a request");
    let answer = stack.database().get_item(request).expect("the table answers");
    serde_json::to_value(answer).expect("an answer is JSON")["Item"].take()
}

/// The item of a plain link with more attributes.
fn item(slug: &str, more: &[(&str, Value)]) -> Value {
    let mut item = json!({ "id": { "S": slug }, "target": { "S": format!("https://example.com/{slug}") } });
    for (name, value) in more {
        item[*name] = value.clone();
    }
    item
}
