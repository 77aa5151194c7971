//! Mistakes, as callers make them.

use serde_json::{Map, Value, json};

use super::Dice;

/// Makes a request wrong, if it has the place for the mistake.
pub(super) fn spoil(dice: &mut Dice, input: &mut Map<String, Value>) {
    match dice.below(16) {
        // What makes two mistakes may be refused for either: no expression that may be wrong itself.
        0 if input.keys().all(|field| !field.contains("Expression")) => {
            replace(input, "TableName", || "Nowhere".into());
        }
        0 => {}
        1 => replace(input, "IndexName", || "nowhere".into()),
        2 => within(input, &["Key", "Item"], |key| {
            key.insert("pk".to_owned(), json!({ "BOOL": true }));
        }),
        3 => within(input, &["Key", "Item"], |key| {
            key.remove("pk");
        }),
        4 => within(input, &["Key"], |key| {
            key.insert("more".to_owned(), json!({ "S": "than the key" }));
        }),
        5 => within(input, &["ExpressionAttributeValues"], |values| {
            values.insert(":unused".to_owned(), json!({ "S": "" }));
        }),
        // In a filter the embedded DynamoDB misses a term only when it comes upon it, unlike AWS.
        6 | 7 if input.contains_key("FilterExpression") => {}
        6 => within(input, &["ExpressionAttributeValues"], |values| {
            values.remove(":v0");
        }),
        7 => within(input, &["ExpressionAttributeNames"], |names| {
            names.remove("#n0");
        }),
        8 => within(input, &["Key", "Item"], |key| {
            key.insert("pk".to_owned(), json!({ "S": "" }));
        }),
        9 => within(input, &["Item"], |item| {
            item.insert("ss".to_owned(), json!({ "SS": ["a", "b", "a"] }));
        }),
        10 => within(input, &["Item"], |item| {
            item.insert("ns".to_owned(), json!({ "NS": [] }));
        }),
        11 => within(input, &["Item"], |item| {
            item.insert("z".to_owned(), json!({ "NULL": false }));
        }),
        12 => replace(input, "Limit", || 0.into()),
        13 => replace(input, "Segment", || 7.into()),
        14 => replace(input, "ReturnValues", || "SOMETHING".into()),
        _ => {
            let expressions = [
                "ConditionExpression",
                "FilterExpression",
                "KeyConditionExpression",
                "ProjectionExpression",
                "UpdateExpression",
            ];
            for name in expressions {
                replace(input, name, || "n = (".into());
            }
        }
    }
}

fn replace(input: &mut Map<String, Value>, name: &str, value: impl FnOnce() -> Value) {
    if let Some(place) = input.get_mut(name) {
        *place = value();
    }
}

fn within(input: &mut Map<String, Value>, names: &[&str], mut change: impl FnMut(&mut Map<String, Value>)) {
    for name in names {
        if let Some(Value::Object(inner)) = input.get_mut(*name) {
            change(inner);
        }
    }
}
