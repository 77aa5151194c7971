//! DynamoDB JSON of items that a table is to hold: stricter than the format itself.

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_json::FromJson as _;
pub(crate) use dynamodb_json::canonical as encode_map;
use links::item::Item;
use serde_json::Value;

/// The deepest nesting that DynamoDB stores.
const MAX_DEPTH: usize = 32;

/// Reads attributes by name.
///
/// # Errors
/// If the JSON is not DynamoDB's, a number is not a number, or a value is nested too deeply.
pub(crate) fn decode_map(json: &Value) -> Result<Item> {
    let item = Item::from_json(json)?;
    for (name, value) in &item {
        check(value, MAX_DEPTH).with_context(|| format!("{name:?}"))?;
    }
    Ok(item)
}

fn check(value: &AttributeValue, depth: usize) -> Result<()> {
    let inner = depth.checked_sub(1).context("nested too deeply")?;
    match value {
        AttributeValue::N(digits) => check_number(digits),
        AttributeValue::Ns(numbers) => numbers.iter().try_for_each(|digits| check_number(digits)),
        AttributeValue::L(values) => values.iter().try_for_each(|value| check(value, inner)),
        AttributeValue::M(values) => values.values().try_for_each(|value| check(value, inner)),
        _ => Ok(()),
    }
}

/// Digits with sign, point and exponent. The table decides how many there may be.
fn check_number(text: &str) -> Result<()> {
    if text.parse::<f64>().is_err() || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        bail!("{text:?} is not a number");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_no_table_holds_are_refused() {
        let check = |value: Value, expected: &str| {
            let message = format!("{:#}", decode_map(&json!({ "a": value })).unwrap_err());
            assert!(message.contains(expected), "{value}: {message}");
        };
        check(json!(1), "a: expected an attribute value");
        check(json!({"N": 1}), "a.N: expected a string");
        check(json!({"N": "one"}), "\"a\": \"one\" is not a number");
        check(json!({"N": "inf"}), "\"inf\" is not a number");
        check(json!({"NS": ["1", ""]}), "\"\" is not a number");
        check(json!({"M": {"n": {"L": [{"N": "1."}, {"N": "x"}]}}}), "\"x\" is not a number");
        let nested = |levels: usize| (1..levels).fold(json!({"S": ""}), |inner, _| json!({ "L": [inner] }));
        assert!(decode_map(&json!({ "a": nested(MAX_DEPTH) })).is_ok());
        check(nested(MAX_DEPTH + 1), "too deeply");
    }
}
