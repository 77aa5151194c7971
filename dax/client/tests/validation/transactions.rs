//! Keys that do not fit their tables, in transactions: each cancels its transaction with a reason.

use dax_client::Error;
use dax_client::internals::codec::EncodeStop;
use dax_client::internals::op::{Operation, TransactGetItems, TransactWriteItems};
use dynamodb_json::{FromJson, ToJson as _};
use serde_json::{Value, json};

use crate::{check, tables};

#[track_caller]
fn check_reasons<O: Operation>(items: &Value, reasons: Value)
where
    O::Input: FromJson,
{
    let input = O::Input::from_json(&json!({ "TransactItems": items })).unwrap();
    let encoded = O::prepare(input, &mut || 0).unwrap().encode(&tables(), &mut Vec::new());
    let Err(EncodeStop::Unfit { error: Error::Server(error), .. }) = encoded else {
        panic!("{items}: {encoded:?}");
    };
    assert_eq!(error.code(), "TransactionCanceledException");
    assert!(!error.outcome_unknown());
    let codes: Vec<&str> = error.cancellation_reasons.iter().filter_map(|reason| reason.code()).collect();
    let what = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    assert_eq!(error.message, format!("{what} [{}]", codes.join(", ")));
    assert_eq!(Value::from_iter(error.cancellation_reasons.iter().map(|reason| reason.to_json().unwrap())), reasons);
}

#[test]
fn a_key_that_does_not_fit_cancels_the_transaction() {
    let wrong = |message: &str| json!({ "Code": "ValidationError", "Message": message });
    let right = json!({ "Code": "None" });
    let mistyped = "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N";
    let put = |key: Value| json!({"Put": {"TableName": "t", "Item": {"pk": key}}});
    check_reasons::<TransactWriteItems>(&json!([put(json!({"N": "1"}))]), json!([wrong(mistyped)]));
    check_reasons::<TransactWriteItems>(
        &json!([
            put(json!({"S": "a"})),
            {"Put": {"TableName": "t", "Item": {"v": {"S": "a"}}}},
            {"Delete": {"TableName": "r", "Key": {"pk": {"S": "a"}}}},
            {"Update": {"TableName": "t", "Key": {"pk": {"N": "1"}}, "UpdateExpression": "REMOVE a"}},
            {"ConditionCheck": {"TableName": "t", "Key": {"pk": {"S": "b"}},
                                "ConditionExpression": "attribute_exists(a)"}},
        ]),
        json!([
            right,
            wrong("One or more parameter values were invalid: Missing the key pk in the item"),
            wrong("The provided key element does not match the schema"),
            wrong(mistyped),
            right,
        ]),
    );
    let get = |key: Value| json!({"Get": {"TableName": "t", "Key": key}});
    check_reasons::<TransactGetItems>(
        &json!([get(json!({"pk": {"S": "a"}})), get(json!({"pk": {"S": "a"}, "v": {"S": "a"}}))]),
        json!([right, wrong("The provided key element does not match the schema")]),
    );
}

#[test]
fn a_value_that_no_key_can_have_concerns_the_whole_request() {
    let delete = |key: Value| json!({"TransactItems": [{"Delete": {"TableName": "r", "Key": key}}]});
    check::<TransactWriteItems>(
        delete(json!({"pk": {"S": ""}, "sk": {"N": "1"}})),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string \
         value. Key: pk",
    );
    check::<TransactWriteItems>(
        delete(json!({"pk": {"S": "a"}, "sk": {"N": "one"}})),
        "The parameter cannot be converted to a numeric value: one",
    );
}
