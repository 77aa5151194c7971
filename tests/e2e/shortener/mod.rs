//! The product: what browsers, apps and `curl` get.

mod access;
mod api;
mod clicks;
mod concurrency;
mod counts;
mod dax;
mod keys;
mod log;
mod model;
mod page;
mod redirect;
mod sample_table;

use local::Stack;
use serde_json::{Value, json};

/// Puts an item into the table, behind the back of the functions.
fn put_item(stack: &Stack, item: &Value) {
    stack.put_item(stack.table(), item).expect("the table takes it");
}

/// The item of a slug.
fn get_item(stack: &Stack, slug: &str) -> Value {
    let item = stack.get_item(stack.table(), &json!({ "id": { "S": slug } }));
    item.expect("the table answers").unwrap_or_default()
}

/// The item of a plain link with more attributes.
fn item(slug: &str, more: &[(&str, Value)]) -> Value {
    let mut item = json!({ "id": { "S": slug }, "target": { "S": format!("https://example.com/{slug}") } });
    for (name, value) in more {
        item[*name] = value.clone();
    }
    item
}
