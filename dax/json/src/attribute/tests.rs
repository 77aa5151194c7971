use serde_json::json;

use super::*;

#[test]
fn every_type_reads_back_as_it_was_written() {
    let check = |json: Value| {
        let value = AttributeValue::from_json(&json).unwrap();
        assert_eq!(value.to_json().unwrap(), json);
    };
    check(json!({ "S": "ü\n\u{1f600}" }));
    check(json!({ "N": "-1.50E+30" }));
    check(json!({ "N": "12345678901234567890123456789012345678" }));
    check(json!({ "B": "AAH/" }));
    check(json!({ "BOOL": false }));
    check(json!({ "NULL": true }));
    check(json!({ "NULL": false }));
    check(json!({ "SS": ["b", "a"] }));
    check(json!({ "NS": ["2.5", "1"] }));
    check(json!({ "BS": ["AQ==", "AAH/"] }));
    check(json!({ "L": [{ "S": "" }, { "L": [] }] }));
    check(json!({ "M": { "a": { "N": "1" }, "b": { "M": {} } } }));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let check = |json: Value, expected: &str| {
        assert_eq!(AttributeValue::from_json(&json).unwrap_err().to_string(), expected, "{json}");
    };
    let attribute = "expected an attribute value, which is an object with one member";
    check(json!("text"), &format!("{attribute}, found a string"));
    check(json!({}), &format!("{attribute}, found an object"));
    check(json!({ "S": "a", "N": "1" }), &format!("{attribute}, found an object"));
    check(json!({ "X": "a" }), "X: unknown attribute type");
    check(json!({ "N": 1 }), "N: expected a string, found a number");
    check(json!({ "B": "?" }), "B: not base64");
    check(json!({ "B": [1] }), "B: expected a string of base64, found an array");
    check(json!({ "SS": ["a", 1] }), "SS[1]: expected a string, found a number");
    check(json!({ "L": {} }), "L: expected an array, found an object");
    check(json!({ "M": { "a": { "L": [{ "BOOL": "no" }] } } }), "M.a.L[0].BOOL: expected a boolean, found a string");
    check(json!({ "M": { "a": 1 } }), &format!("M.a: {attribute}, found a number"));
}

#[test]
fn equal_items_are_equal_text_in_canonical_form() {
    let set = AttributeValue::Ss(vec!["b".into(), "a".into()]);
    let list = AttributeValue::L(vec![set.clone()]);
    let item = HashMap::from([("c".to_owned(), set), ("a".to_owned(), list)]);
    let text = canonical(&item).unwrap().to_string();
    assert_eq!(text, r#"{"a":{"L":[{"SS":["a","b"]}]},"c":{"SS":["a","b"]}}"#);
}
