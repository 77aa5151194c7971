//! What is refused before anything is sent, and in which words: what, and where. DynamoDB's own, where it has some.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "fields of JSON objects are made by indexing")]

mod expressions;
mod legacy;
mod transactions;

use dax_client::internals::codec::{EncodeStop, KeyAttribute, KeySchema, Metadata};
use dax_client::internals::op::{
    BatchGetItem, BatchWriteItem, DeleteItem, GetItem, Operation, PutItem, Query, Scan, TransactGetItems,
    TransactWriteItems, UpdateItem,
};
use dax_client::{Error, Retry};
use dax_protocol::{KeyType, Method};
use dynamodb_json::FromJson;
use serde_json::{Value, json};

/// The tables `t` and `r`.
fn tables() -> Metadata {
    let mut metadata = Metadata::default();
    let hash = || KeyAttribute::new("pk", KeyType::S);
    metadata.insert_key_schema("t", KeySchema::new(hash(), None));
    metadata.insert_key_schema("r", KeySchema::new(hash(), Some(KeyAttribute::new("sk", KeyType::N))));
    metadata.insert_attribute_list_id(&["v"], 7);
    metadata
}

/// What DynamoDB puts before most messages about single writes; [`single_writes_have_an_envelope`] checks where.
const ENVELOPE: &str = "1 validation error detected: ";

/// Prepares and encodes a call against the tables `t` (hash key `pk`, S) and `r` (`pk` S, `sk` N).
fn refusal<O: Operation>(input: &Value) -> Option<String>
where
    O::Input: FromJson,
{
    let metadata = tables();
    let prepared = O::prepare(O::Input::from_json(input).unwrap(), &mut || 0);
    let encoded = prepared.map_err(EncodeStop::Invalid).and_then(|call| call.encode(&metadata, &mut Vec::new()));
    match encoded {
        Ok(()) => None,
        Err(EncodeStop::Invalid(error) | EncodeStop::Unfit { error, .. }) => {
            assert_eq!(error.retry(), Retry::Never);
            assert!(error.is_validation() && !error.outcome_unknown());
            let Error::Validation { method, message, .. } = error else { panic!("{error:?}") };
            assert_eq!(method, O::METHOD);
            let is_single = matches!(method, Method::PutItem | Method::UpdateItem | Method::DeleteItem);
            let message = if is_single { message.strip_prefix(ENVELOPE).unwrap_or(&message) } else { &message };
            Some(message.to_owned())
        }
        Err(other) => panic!("{input}: {other:?}"),
    }
}

#[track_caller]
fn check<O: Operation>(input: Value, expected: &str)
where
    O::Input: FromJson,
{
    match refusal::<O>(&input) {
        Some(message) => assert_eq!(message, expected, "{input}"),
        None => panic!("{input} was not refused"),
    }
}

#[track_caller]
fn accept<O: Operation>(input: Value)
where
    O::Input: FromJson,
{
    assert_eq!(refusal::<O>(&input), None, "{input}");
}

/// A put with this condition, `#n` and `:v` defined.
fn put_if(condition: &str) -> Value {
    let mut put = json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "ConditionExpression": condition});
    if condition.contains("#n") {
        put["ExpressionAttributeNames"] = json!({"#n": "name"});
    }
    if condition.contains(":v") {
        put["ExpressionAttributeValues"] = json!({":v": {"N": "1"}});
    }
    put
}

/// An update with this expression, `:v` defined.
fn update(expression: &str) -> Value {
    let mut update = json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "UpdateExpression": expression});
    if expression.contains(":v") {
        update["ExpressionAttributeValues"] = json!({":v": {"N": "1"}});
    }
    update
}

#[test]
fn keys_have_to_fit_the_table() {
    let get = |table: &str, key: Value| json!({"TableName": table, "Key": key});
    let mismatch = "The provided key element does not match the schema";
    check::<GetItem>(get("r", json!({"pk": {"S": "a"}})), mismatch);
    check::<GetItem>(get("t", json!({"pk": {"S": "a"}, "v": {"S": "b"}})), mismatch);
    check::<GetItem>(
        get("t", json!({"pk": {"N": "1"}})),
        "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
    );
    check::<GetItem>(
        get("t", json!({"pk": {"S": ""}})),
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         string value. Key: pk",
    );
    check::<GetItem>(
        get("r", json!({"pk": {"S": "a"}, "sk": {"N": "one"}})),
        "The parameter cannot be converted to a numeric value: one",
    );
    check::<PutItem>(
        json!({"TableName": "t", "Item": {"v": {"S": "b"}}}),
        "One or more parameter values were invalid: Missing the key pk in the item",
    );
    check::<Scan>(
        json!({"TableName": "r", "ExclusiveStartKey": {"pk": {"S": "a"}}}),
        &format!("The provided starting key is invalid: {mismatch}"),
    );
}

#[test]
fn values_have_to_be_storable() {
    let put = |value: Value| json!({"TableName": "t", "Item": {"pk": {"S": "a"}, "v": value}});
    let invalid = "One or more parameter values were invalid:";
    for (value, expected) in [
        (json!({"SS": []}), format!("{invalid} An string set  may not be empty")),
        (
            json!({"NULL": false}),
            format!("{invalid} Null attribute value types must have the value of true"),
        ),
        (json!({"M": {"": {"S": "a"}}}), "Empty attribute name".into()),
        (
            json!({"N": "1e126"}),
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
                .into(),
        ),
        (
            json!({"N": "1".repeat(39)}),
            "Attempting to store more than 38 significant digits in a Number".into(),
        ),
        (
            (0..33).fold(json!({"S": ""}), |value, _| json!({"L": [value]})),
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported \
             limit"
                .into(),
        ),
    ] {
        check::<PutItem>(put(value), &expected);
    }
    accept::<PutItem>(put((0..32).fold(json!({"S": ""}), |value, _| json!({"L": [value]}))));
}

#[test]
fn what_dax_cannot_carry_is_refused() {
    let expected = "ReturnValuesOnConditionCheckFailure cannot be carried by DAX for a single write; use \
                    TransactWriteItems, or read the item after the failure";
    let mut put = put_if("a = :v");
    put["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    check::<PutItem>(put.clone(), expected);
    put["ReturnValuesOnConditionCheckFailure"] = json!("NONE");
    accept::<PutItem>(put);
    let key = json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"});
    check::<UpdateItem>(key.clone(), expected);
    check::<DeleteItem>(key, expected);
}

#[test]
fn old_and_new_parameters_do_not_mix() {
    let expected = |old: &str, new: &str| {
        format!(
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
             {{{old}}} Expression parameters: {{{new}}}"
        )
    };
    check::<GetItem>(
        json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "ProjectionExpression": "n", "AttributesToGet": ["n"]}),
        &expected("AttributesToGet", "ProjectionExpression"),
    );
    let keys = json!([{"pk": {"S": "a"}}]);
    check::<BatchGetItem>(
        json!({"RequestItems": {"t": {"Keys": keys, "ProjectionExpression": "n"},
                                "u": {"Keys": keys, "AttributesToGet": ["n"]}}}),
        &expected("AttributesToGet", "ProjectionExpression"),
    );
    check::<UpdateItem>(
        json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "REMOVE a",
               "Expected": {"a": {"Exists": false}}}),
        &expected("Expected", "UpdateExpression"),
    );
    // An empty one is there, too.
    check::<Query>(
        json!({"TableName": "t", "KeyConditionExpression": "pk = :v", "KeyConditions": {},
               "ExpressionAttributeValues": {":v": {"S": "a"}}}),
        &expected("KeyConditions", "KeyConditionExpression"),
    );
    check::<Scan>(
        json!({"TableName": "t", "FilterExpression": "attribute_exists(a)", "ScanFilter": {}}),
        &expected("ScanFilter", "FilterExpression"),
    );
    check::<UpdateItem>(
        json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "UpdateExpression": "REMOVE a", "AttributeUpdates": {}}),
        &expected("AttributeUpdates", "UpdateExpression"),
    );
}

#[test]
fn single_writes_have_an_envelope() {
    let check = |input: Value, enveloped: bool| {
        let call = PutItem::prepare(FromJson::from_json(&input).unwrap(), &mut || 0);
        let stop = call.map_err(EncodeStop::Invalid).and_then(|call| call.encode(&tables(), &mut Vec::new()));
        let Err(EncodeStop::Invalid(error) | EncodeStop::Unfit { error, .. }) = stop else { panic!("{stop:?}") };
        let Error::Validation { message, .. } = error else { panic!("{error:?}") };
        assert_eq!(message.matches(ENVELOPE).count(), usize::from(enveloped), "{message}");
    };
    check(put_if("a = "), true);
    check(json!({"TableName": "t", "Item": {"pk": {"S": "a"}, "v": {"SS": []}}}), true);
    check(json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "Expected": {"a": {}}}), true);
    check(json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "ReturnValues": "SOME"}), true);
    check(json!({"TableName": "t", "Item": {"pk": {"N": "1"}}}), false);
    check(json!({"TableName": "t", "Item": {}, "ConditionExpression": "a = b", "Expected": {}}), false);
}

#[test]
fn pages_have_sensible_bounds() {
    let constraint = "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value \
                      greater than or equal to 1";
    check::<Scan>(json!({"TableName": "t", "Limit": 0}), constraint);
    check::<Query>(
        json!({"TableName": "t"}),
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
    check::<Scan>(
        json!({"TableName": "t", "Segment": 2, "TotalSegments": 2}),
        "The Segment parameter is zero-based and must be less than parameter TotalSegments",
    );
    check::<Scan>(
        json!({"TableName": "t", "Select": "COUNT", "ProjectionExpression": "a"}),
        "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get only the Count",
    );
    check::<Scan>(
        json!({"TableName": "t", "Select": "SOME"}),
        "1 validation error detected: Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value \
         set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
    );
}

#[test]
fn batches_and_transactions_are_counted() {
    let key = |name: &str| json!({"pk": {"S": name}});
    let delete = |name: &str| json!({"DeleteRequest": {"Key": key(name)}});
    let many: Vec<Value> = (0..26).map(|n| delete(&n.to_string())).collect();
    check::<BatchWriteItem>(
        json!({"RequestItems": {"t": many}}),
        "1 validation error detected: Value '[26 members]' at 'requestItems.member' failed to satisfy constraint: Member \
         must have length less than or equal to 25",
    );
    check::<BatchWriteItem>(
        json!({"RequestItems": {"t": [delete("a"), {"PutRequest": {"Item": key("a")}}]}}),
        "Provided list of item keys contains duplicates",
    );
    check::<BatchGetItem>(
        json!({"RequestItems": {"r": {"Keys": [
            {"pk": {"S": "a"}, "sk": {"N": "1"}}, {"pk": {"S": "a"}, "sk": {"N": "1.0"}}]}}}),
        "Provided list of item keys contains duplicates",
    );
    check::<BatchGetItem>(
        json!({"RequestItems": {}}),
        "1 validation error detected: Value '[0 members]' at 'requestItems' failed to satisfy constraint: Member must have \
         length greater than or equal to 1",
    );
    check::<TransactGetItems>(json!({"TransactItems": [{}]}), "Every element of TransactItems must have a Get");
    let delete = json!({"Delete": {"TableName": "t", "Key": key("a")}});
    check::<TransactWriteItems>(
        json!({"TransactItems": [delete, {"Put": {"TableName": "t", "Item": key("a")}}]}),
        "Transaction request cannot include multiple operations on one item",
    );
    let both = json!({"Delete": delete["Delete"], "Put": {"TableName": "t", "Item": key("b")}});
    check::<TransactWriteItems>(
        json!({"TransactItems": [both]}),
        "TransactItems can only contain one of Check, Put, Update or Delete",
    );
    check::<TransactWriteItems>(
        json!({"TransactItems": [delete], "ClientRequestToken": "x".repeat(37)}),
        &format!(
            "1 validation error detected: Value '{}' at 'clientRequestToken' failed to satisfy constraint: Member must have \
             length between 1 and 36",
            "x".repeat(37)
        ),
    );
}

#[test]
fn a_transaction_without_a_token_gets_a_random_one() {
    let input = || {
        let input = json!({"TransactItems": [{"Delete": {"TableName": "t", "Key": {"pk": {"S": "a"}}}}]});
        FromJson::from_json(&input).unwrap()
    };
    let mut metadata = Metadata::default();
    metadata.insert_key_schema("t", KeySchema::new(KeyAttribute::new("pk", KeyType::S), None));
    let call = TransactWriteItems::prepare(input(), &mut || u128::MAX).unwrap();
    let mut requests = [Vec::new(), Vec::new()];
    for request in &mut requests {
        call.encode(&metadata, request).unwrap();
    }
    let token = b"ffffffff-ffff-4fff-bfff-ffffffffffff";
    assert!(requests[0].windows(token.len()).any(|window| window == token));
    assert_eq!(requests[0], requests[1], "repeating the call repeats its token");
}
