//! Mistakes, as callers make them.

use serde_json::{Map, Value, json};

use super::Dice;

type Fields = Map<String, Value>;

const EXPRESSIONS: [&str; 5] =
    ["ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"];
/// The percentage of spoiled requests that have two mistakes.
const PAIRS_PERCENT: u32 = 40;
/// How many mistakes to try until enough of them apply to the request.
const TRIES: usize = 40;

/// Makes one mistake in a request, or two.
pub(super) fn spoil(dice: &mut Dice, input: &mut Fields) {
    let mut wanted = if dice.chance(PAIRS_PERCENT) { 2 } else { 1 };
    for _ in 0..TRIES {
        wanted -= usize::from(mistake(dice, input));
        if wanted == 0 {
            return;
        }
    }
}

/// Makes a mistake, if the request has a place for it.
fn mistake(dice: &mut Dice, input: &mut Fields) -> bool {
    match dice.below(17) {
        0 | 1 => replace(input, "TableName", "Nowhere"),
        2 => replace(input, "IndexName", "nowhere"),
        3 => within(input, &["Key", "Item"], |key| set(key, "pk", json!({ "BOOL": true }))),
        4 => within(input, &["Key", "Item"], |key| _ = key.remove("pk")),
        5 => within(input, &["Key"], |key| set(key, "more", json!({ "S": "than the key" }))),
        6 => within(input, &["ExpressionAttributeValues"], |values| set(values, ":unused", json!({ "S": "" }))),
        // In a filter the embedded DynamoDB misses a term only when it evaluates it, unlike AWS.
        7 | 8 if input.contains_key("FilterExpression") => false,
        7 => within(input, &["ExpressionAttributeValues"], |values| _ = values.remove(":v0")),
        8 => within(input, &["ExpressionAttributeNames"], |names| _ = names.remove("#n0")),
        9 => within(input, &["Key", "Item"], |key| set(key, "pk", json!({ "S": "" }))),
        10 => within(input, &["Item"], |item| set(item, "ss", json!({ "SS": ["a", "b", "a"] }))),
        11 => within(input, &["Item"], |item| set(item, "ns", json!({ "NS": [] }))),
        12 => within(input, &["Item"], |item| set(item, "z", json!({ "NULL": false }))),
        13 => replace(input, "Limit", 0),
        14 => replace(input, "Segment", 7),
        15 => replace(input, "ReturnValues", "SOMETHING"),
        _ => EXPRESSIONS.iter().filter(|name| replace(input, name, "n = (")).count() > 0,
    }
}

fn replace(input: &mut Fields, name: &str, value: impl Into<Value>) -> bool {
    let place = input.get_mut(name);
    place.map(|place| *place = value.into()).is_some()
}

fn within(input: &mut Fields, names: &[&str], mut change: impl FnMut(&mut Fields)) -> bool {
    let mut made = false;
    for name in names {
        if let Some(Value::Object(inner)) = input.get_mut(*name) {
            change(inner);
            made = true;
        }
    }
    made
}

fn set(fields: &mut Fields, name: &str, value: Value) {
    fields.insert(name.to_owned(), value);
}
