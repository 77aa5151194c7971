//! Mistakes, as callers make them.

use serde_json::{Map, Value, json};

use super::Dice;

type Fields = Map<String, Value>;

const EXPRESSIONS: [&str; 5] =
    ["ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"];
/// Parameters whose conditions were written out before there were expressions.
const LEGACY: [&str; 4] = ["Expected", "KeyConditions", "QueryFilter", "ScanFilter"];
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
    match dice.below(27) {
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
        16 => within(input, &["ExpressionAttributeNames"], |names| set(names, "#n0", "".into())),
        17 => LEGACY.iter().any(|name| input.contains_key(*name)) && add(input, "ConditionalOperator", "OR"),
        // The embedded DynamoDB sees an empty list of attributes only when it has an item to cut down, unlike AWS.
        18 if !input.contains_key("Key") => false,
        18 => replace(input, "AttributesToGet", json!([])),
        19 => change(input, "AttributesToGet", |names| {
            // None, if the other mistake has emptied the list.
            let first = names.get(0).cloned();
            names.as_array_mut().into_iter().for_each(|names| names.extend(first.clone()));
        }),
        20 => conditions(input, |condition| _ = replace(condition, "ComparisonOperator", "eq")),
        21 => conditions(input, |condition| set(condition, "AttributeValueList", json!([{ "N": "1" }, { "S": "a" }]))),
        22 => conditions(input, |condition| _ = replace(condition, "AttributeValueList", json!([{ "M": {} }]))),
        23 => change(input, "UpdateExpression", |text| {
            *text = format!("{} REMOVE zz REMOVE yy", text.as_str().unwrap_or_default()).into();
        }),
        24 => within(input, &["AttributeUpdates"], |updates| {
            set(updates, "n", json!({ "Action": "put", "Value": { "N": "1" } }));
        }),
        25 => within(input, &["AttributeUpdates"], |updates| {
            set(updates, "n", json!({ "Action": "ADD", "Value": { "S": "a" } }));
        }),
        _ => EXPRESSIONS.iter().filter(|name| replace(input, name, "n = (")).count() > 0,
    }
}

fn replace(input: &mut Fields, name: &str, value: impl Into<Value>) -> bool {
    let place = input.get_mut(name);
    place.map(|place| *place = value.into()).is_some()
}

fn add(input: &mut Fields, name: &str, value: &str) -> bool {
    set(input, name, value.into());
    true
}

fn change(input: &mut Fields, name: &str, change: impl FnOnce(&mut Value)) -> bool {
    input.get_mut(name).map(change).is_some()
}

/// Changes the first condition of each kind.
fn conditions(input: &mut Fields, mut change: impl FnMut(&mut Fields)) -> bool {
    within(input, &LEGACY, |conditions| {
        if let Some((_, Value::Object(condition))) = conditions.iter_mut().next() {
            change(condition);
        }
    })
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
