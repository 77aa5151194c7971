//! What holds for any attribute value.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use dynamodb_json::{FromJson as _, ToJson as _, canonical};
use proptest::{
    collection::{hash_map, vec},
    prelude::*,
};
use serde_json::Value;

fn blob() -> impl Strategy<Value = Blob> {
    vec(any::<u8>(), 0..20).prop_map(Blob::new)
}

fn value() -> impl Strategy<Value = AttributeValue> {
    let number = "-?[0-9]{1,38}(\\.[0-9]{1,10})?(E[+-]?[0-9]{1,3})?";
    let scalar = prop_oneof![
        any::<String>().prop_map(AttributeValue::S),
        number.prop_map(AttributeValue::N),
        blob().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<bool>().prop_map(AttributeValue::Null),
        vec(any::<String>(), 0..4).prop_map(AttributeValue::Ss),
        vec(number, 0..4).prop_map(AttributeValue::Ns),
        vec(blob(), 0..4).prop_map(AttributeValue::Bs),
    ];
    scalar.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(AttributeValue::L),
            hash_map(any::<String>(), inner, 0..6).prop_map(AttributeValue::M),
        ]
    })
}

/// Any JSON, often close to an attribute value.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z0-9+/=]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 30, 4, |inner| {
        let name = prop_oneof!["S|N|B|SS|NS|BS|L|M|BOOL|NULL", any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(name, inner, 0..3).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn a_value_reads_back_from_its_text(value in value()) {
        let text = value.to_json()?.to_string();
        let json: Value = serde_json::from_str(&text)?;
        prop_assert_eq!(AttributeValue::from_json(&json)?, value);
    }

    #[test]
    fn the_canonical_form_differs_in_the_order_of_sets_only(item in hash_map(any::<String>(), value(), 0..4)) {
        let text = canonical(&item)?.to_string();
        let read = HashMap::<String, AttributeValue>::from_json(&serde_json::from_str(&text)?)?;
        prop_assert_eq!(canonical(&read)?.to_string(), text);
        prop_assert_eq!(item.to_json()?.to_string().len(), canonical(&item)?.to_string().len());
    }

    #[test]
    fn what_is_accepted_is_written_as_it_was_read(json in json()) {
        if let Ok(value) = AttributeValue::from_json(&json) {
            prop_assert_eq!(value.to_json()?, json);
        }
    }
}
