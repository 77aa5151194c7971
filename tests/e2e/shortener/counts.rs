//! Counts in a table, as they are when something was counted.

use e2e::Client;
use local::{Config, Stack};
use serde_json::{Value, json};

/// The table of these tests, in which nothing is counted but what they put there.
const TABLE: &str = "counts";
/// The embedded DynamoDB checks its form, and no more.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=id/20270101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// The writer shows the counts in that table.
pub(in crate::shortener) fn shown(config: &mut Config) {
    let writer = config.functions.get_mut("Writer").expect("a writer");
    let variables = [("CLICKS", "stream"), ("CLICKS_TABLE", TABLE)];
    writer.env.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// Makes the table.
pub(in crate::shortener) async fn make_table(stack: &Stack) {
    let dynamodb = Client::at(&stack.dynamodb_endpoint());
    let headers = [
        ("x-amz-target", "DynamoDB_20120810.CreateTable"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20270101T000000Z"),
        ("authorization", SIGNATURE),
    ];
    let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    let table = json!({
        "TableName": TABLE,
        "AttributeDefinitions": [attribute("of"), attribute("day")],
        "KeySchema": [key("of", "HASH"), key("day", "RANGE")],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let made = dynamodb.call("POST", "/", &headers, table.to_string()).await;
    assert_eq!(made.status, 200, "{}", made.text());
}

/// Puts an item with numbers into the table.
pub(in crate::shortener) fn put(stack: &Stack, of: &str, day: &str, counts: &[(&str, u64)]) {
    let mut item = json!({ "of": { "S": of }, "day": { "S": day } });
    for (name, count) in counts {
        item[*name] = json!({ "N": count.to_string() });
    }
    stack.put_item(TABLE, &item).expect("the table takes it");
}

/// The sum that is stored of a link.
pub(in crate::shortener) fn total(stack: &Stack, of: &str) -> Value {
    let found = stack.get_item(TABLE, &json!({ "of": { "S": of }, "day": { "S": "total" } }));
    found.expect("the table answers").unwrap_or_default()
}
