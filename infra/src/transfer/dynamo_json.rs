//! Attribute values as DynamoDB itself writes them in JSON: `{"S": "text"}`, `{"N": "1.5"}`, `{"L": [...]}`.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The deepest nesting that DynamoDB stores.
const MAX_DEPTH: usize = 32;

/// The value in JSON; sets and maps are sorted, so that the same value is always the same text.
///
/// # Errors
/// If the value is of a type that this SDK does not know.
pub(crate) fn encode(value: &AttributeValue) -> Result<Value> {
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::Ss(texts) => json!({ "SS": sorted(texts) }),
        AttributeValue::Ns(numbers) => json!({ "NS": sorted(numbers) }),
        AttributeValue::Bs(blobs) => {
            let blobs: Vec<_> = blobs.iter().map(|bytes| STANDARD.encode(bytes)).collect();
            json!({ "BS": sorted(&blobs) })
        }
        AttributeValue::L(values) => {
            let values = values.iter().map(encode).collect::<Result<Vec<_>>>()?;
            json!({ "L": values })
        }
        AttributeValue::M(values) => json!({ "M": encode_map(values)? }),
        _ => bail!("a type of attribute that this program does not know"),
    })
}

/// The values of a map or of an item, sorted by name.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_map<'a>(values: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>) -> Result<Value> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by_key(|(name, _)| *name);
    let values = values.into_iter().map(|(name, value)| Ok((name.clone(), encode(value)?)));
    Ok(Value::Object(values.collect::<Result<Map<_, _>>>()?))
}

fn sorted(values: &[String]) -> Vec<&String> {
    let mut values: Vec<_> = values.iter().collect();
    values.sort_unstable();
    values
}

/// The values of an object, by name.
///
/// # Errors
/// If one is not an object with one known type and a value of that type, with its name.
pub(crate) fn decode_map(json: &Value) -> Result<HashMap<String, AttributeValue>> {
    decode_map_to(json, MAX_DEPTH)
}

fn decode_map_to(json: &Value, depth: usize) -> Result<HashMap<String, AttributeValue>> {
    let values = json.as_object().context("not an object")?;
    let values = values.iter().map(|(name, value)| {
        let value = decode_to(value, depth).with_context(|| format!("{name:?}"))?;
        Ok((name.clone(), value))
    });
    values.collect()
}

fn decode_to(json: &Value, depth: usize) -> Result<AttributeValue> {
    let object = json.as_object().context("not an attribute value")?;
    let mut members = object.iter();
    let (Some((kind, inner)), None) = (members.next(), members.next()) else {
        bail!("an attribute value has exactly one type");
    };
    let depth = depth.checked_sub(1).context("nested too deeply")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let decoded = match kind.as_str() {
        "S" => text(inner).map(AttributeValue::S),
        "N" => text(inner).filter(|digits| is_number(digits)).map(AttributeValue::N),
        "B" => blob(inner).map(AttributeValue::B),
        "BOOL" => inner.as_bool().map(AttributeValue::Bool),
        "NULL" => inner.as_bool().map(AttributeValue::Null),
        "SS" => all(inner, text).map(AttributeValue::Ss),
        "NS" => all(inner, |value| text(value).filter(|digits| is_number(digits))).map(AttributeValue::Ns),
        "BS" => all(inner, blob).map(AttributeValue::Bs),
        "L" => {
            let values = inner.as_array().context("\"L\" without a list")?;
            let values = values.iter().map(|value| decode_to(value, depth));
            Some(AttributeValue::L(values.collect::<Result<_>>()?))
        }
        "M" => Some(AttributeValue::M(decode_map_to(inner, depth)?)),
        _ => bail!("there is no type {kind:?} of attributes"),
    };
    decoded.with_context(|| format!("{kind:?} with a value of another type"))
}

fn all<T>(json: &Value, one: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(one).collect()
}

fn blob(json: &Value) -> Option<Blob> {
    STANDARD.decode(json.as_str()?).ok().map(Blob::new)
}

/// Digits with sign, point and exponent. How many there may be, the table decides.
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() && text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(json: &Value) -> Result<AttributeValue> {
        decode_to(json, MAX_DEPTH)
    }

    #[test]
    fn every_type_comes_back() {
        let check = |json: Value| {
            let value = decode(&json).unwrap();
            assert_eq!(encode(&value).unwrap(), json);
        };
        check(json!({"S": "ü\n\u{1f600}"}));
        check(json!({"N": "-1.5E+30"}));
        check(json!({"B": "AAH/"}));
        check(json!({"BOOL": false}));
        check(json!({"NULL": true}));
        check(json!({"SS": ["a", "b"]}));
        check(json!({"NS": ["1", "2.5"]}));
        check(json!({"BS": ["AAH/", "AQ=="]}));
        check(json!({"L": [{"S": ""}, {"L": []}]}));
        check(json!({"M": {"a": {"N": "1"}, "b": {"M": {}}}}));
    }

    #[test]
    fn sets_and_maps_have_one_order() {
        let set = AttributeValue::Ss(vec!["b".into(), "a".into()]);
        assert_eq!(encode(&set).unwrap(), json!({"SS": ["a", "b"]}));
        let map = HashMap::from(["c", "a", "b"].map(|name| (name.to_owned(), set.clone())));
        let text = encode_map(&map).unwrap().to_string();
        assert!(text.starts_with("{\"a\":") && text.find("\"b\":{") < text.find("\"c\":{"));
    }

    #[test]
    fn what_is_no_attribute_value_is_refused() {
        let check = |json: Value, expected: &str| {
            let message = format!("{:#}", decode(&json).unwrap_err());
            assert!(message.contains(expected), "{json}: {message}");
        };
        check(json!("text"), "not an attribute value");
        check(json!({}), "exactly one type");
        check(json!({"S": "a", "N": "1"}), "exactly one type");
        check(json!({"X": "a"}), "no type \"X\"");
        check(json!({"N": 1}), "another type");
        check(json!({"N": "one"}), "another type");
        check(json!({"N": "inf"}), "another type");
        check(json!({"B": "?"}), "another type");
        check(json!({"SS": [1]}), "another type");
        check(json!({"L": {}}), "without a list");
        check(json!({"M": {"a": 1}}), "\"a\": not an attribute value");
        let deep = (0..40).fold(json!({"S": ""}), |inner, _| json!({ "L": [inner] }));
        check(deep, "too deeply");
    }
}
