//! The parameters that expressions replaced. DAX does not have them; its client translates them to expressions.

use serde_json::{Map, Value, json};

use super::{
    Dice,
    value::{ATTRIBUTES, any, key_value, of_type},
};
use crate::tables::KeyAttribute;

type Fields = Map<String, Value>;

/// The percentage of requests that use them.
pub(super) const PERCENT: u32 = 12;

const COMPARISONS: [&str; 13] = [
    "EQ",
    "NE",
    "LE",
    "LT",
    "GE",
    "GT",
    "NOT_NULL",
    "NULL",
    "CONTAINS",
    "NOT_CONTAINS",
    "BEGINS_WITH",
    "IN",
    "BETWEEN",
];
const ORDERED: [&str; 3] = ["N", "S", "B"];

/// A condition on a write.
pub(super) fn expected(dice: &mut Dice, input: &mut Fields) {
    let count = dice.between(1, 3);
    let chosen = dice.some(ATTRIBUTES.to_vec(), count);
    let expected = chosen.into_iter().map(|(name, kind)| {
        let condition = match dice.below(6) {
            0 => json!({ "Exists": false }),
            1 => json!({ "Value": of_type(dice, kind, 2) }),
            2 => json!({ "Value": of_type(dice, kind, 2), "Exists": true }),
            _ => comparison(dice, kind),
        };
        (name.to_owned(), condition)
    });
    let expected: Fields = expected.collect();
    put(dice, input, "Expected", expected);
}

/// A filter of a query (`QueryFilter`) or scan (`ScanFilter`).
pub(super) fn filter(dice: &mut Dice, input: &mut Fields, parameter: &str) {
    let count = dice.between(1, 3);
    let chosen = dice.some(ATTRIBUTES.to_vec(), count);
    let filter = chosen.into_iter().map(|(name, kind)| (name.to_owned(), comparison(dice, kind)));
    let filter: Fields = filter.collect();
    put(dice, input, parameter, filter);
}

fn put(dice: &mut Dice, input: &mut Fields, parameter: &str, conditions: Fields) {
    if conditions.len() > 1 && dice.chance(40) {
        let operator = dice.pick(&["AND", "OR"]);
        input.insert("ConditionalOperator".to_owned(), operator.into());
    }
    input.insert(parameter.to_owned(), conditions.into());
}

fn comparison(dice: &mut Dice, kind: &str) -> Value {
    let operator = dice.pick(&COMPARISONS);
    let ordered = if ORDERED.contains(&kind) { kind } else { "N" };
    let values: Vec<Value> = match operator {
        "NULL" | "NOT_NULL" => Vec::new(),
        "EQ" | "NE" => vec![of_type(dice, kind, 2)],
        "BEGINS_WITH" => vec![of_type(dice, if kind == "B" { "B" } else { "S" }, 2)],
        "IN" => (0..dice.between(1, 3)).map(|_| of_type(dice, ordered, 2)).collect(),
        // In a filter the embedded DynamoDB takes reversed bounds and finds nothing, unlike AWS.
        "BETWEEN" => vec![of_type(dice, ordered, 2); 2],
        _ => vec![of_type(dice, ordered, 2)],
    };
    if values.is_empty() {
        json!({ "ComparisonOperator": operator })
    } else {
        json!({ "ComparisonOperator": operator, "AttributeValueList": values })
    }
}

/// The changes of an update.
pub(super) fn updates(dice: &mut Dice, input: &mut Fields) {
    let count = dice.between(1, 3);
    let chosen = dice.some(ATTRIBUTES.to_vec(), count);
    let updates = chosen.into_iter().map(|(name, kind)| {
        let strict = name == "status" || name == "amount";
        let update = match (kind, dice.below(6)) {
            (_, 0) => json!({ "Action": "DELETE" }),
            ("N" | "SS" | "NS" | "BS", 1 | 2) => {
                json!({ "Action": "ADD", "Value": of_type(dice, kind, 2) })
            }
            ("SS" | "NS" | "BS", 3) => {
                json!({ "Action": "DELETE", "Value": of_type(dice, kind, 2) })
            }
            (_, 4) => json!({ "Value": of_type(dice, kind, 2) }),
            _ if strict => json!({ "Action": "PUT", "Value": of_type(dice, kind, 2) }),
            _ => json!({ "Action": "PUT", "Value": any(dice, 2) }),
        };
        (name.to_owned(), update)
    });
    let updates: Fields = updates.collect();
    input.insert("AttributeUpdates".to_owned(), updates.into());
}

/// The key condition of a query.
pub(super) fn keys(dice: &mut Dice, input: &mut Fields, hash: KeyAttribute, range: Option<KeyAttribute>) {
    let equal = json!({ "ComparisonOperator": "EQ", "AttributeValueList": [key_value(dice, hash.1)] });
    let mut conditions = Fields::from_iter([(hash.0.to_owned(), equal)]);
    if let Some((name, kind)) = range.filter(|_| dice.chance(60)) {
        let text = ["EQ", "LE", "LT", "GE", "GT", "BETWEEN", "BEGINS_WITH"];
        let operators = if kind == "N" { &text[..6] } else { &text[..] };
        let operator = dice.pick(operators);
        let count = if operator == "BETWEEN" { 2 } else { 1 };
        let values: Vec<Value> = (0..count).map(|_| key_value(dice, kind)).collect();
        let condition = json!({ "ComparisonOperator": operator, "AttributeValueList": values });
        conditions.insert(name.to_owned(), condition);
    }
    input.insert("KeyConditions".to_owned(), conditions.into());
}

/// A projection.
pub(super) fn projection(dice: &mut Dice, input: &mut Fields) {
    let mut names: Vec<&str> = ATTRIBUTES.iter().map(|(name, _)| *name).collect();
    names.push("pk");
    let count = dice.between(1, 4);
    input.insert("AttributesToGet".to_owned(), dice.some(names, count).into());
}
