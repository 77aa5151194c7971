//! Every field of every operation reads back as it was written.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aws_sdk_dynamodb::{
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput},
        delete_item::{DeleteItemInput, DeleteItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        scan::{ScanInput, ScanOutput},
        transact_get_items::{TransactGetItemsInput, TransactGetItemsOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::CancellationReason,
};
use dynamodb_json::{FromJson, Problem, ToJson};
use serde_json::{Value, json};

/// The JSON is read and written again without a difference.
fn check<T: FromJson + ToJson>(json: Value) {
    let value = T::from_json(&json).unwrap();
    assert_eq!(value.to_json().unwrap(), json);
}

/// The object with further members.
fn with(mut object: Value, more: Value) -> Value {
    let (Some(members), Value::Object(more)) = (object.as_object_mut(), more) else { panic!("objects") };
    members.extend(more);
    object
}

fn key() -> Value {
    json!({ "pk": { "S": "a" }, "sk": { "N": "1.50" } })
}

fn capacity() -> Value {
    let units = json!({ "CapacityUnits": 1.5, "ReadCapacityUnits": 0.5, "WriteCapacityUnits": 1.0 });
    json!({
        "TableName": "T", "CapacityUnits": 1.5, "ReadCapacityUnits": 0.5, "WriteCapacityUnits": 1.0, "Table": units,
        "LocalSecondaryIndexes": { "byTime": units }, "GlobalSecondaryIndexes": { "byOwner": units },
        "VectorIndexes": { "near": { "VectorSearchRequestBytes": 64.0, "VectorWriteRequestBytes": 32.0 } },
    })
}

fn metrics() -> Value {
    json!({ "ItemCollectionKey": { "pk": { "S": "a" } }, "SizeEstimateRangeGB": [0.0, 1.0] })
}

/// The condition of a write, and what it refers to.
fn condition() -> Value {
    json!({
        "ConditionExpression": "#n = :v",
        "ExpressionAttributeNames": { "#n": "name" },
        "ExpressionAttributeValues": { ":v": { "BOOL": true } },
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    })
}

/// What every single write may ask for.
fn single_write() -> Value {
    let expected = json!({
        "a": { "Exists": false },
        "b": { "Value": { "N": "1" } },
        "c": { "ComparisonOperator": "BETWEEN", "AttributeValueList": [{ "N": "1" }, { "N": "2" }] },
    });
    let wanted = json!({
        "TableName": "T",
        "Expected": expected,
        "ConditionalOperator": "OR",
        "ReturnValues": "ALL_OLD",
        "ReturnConsumedCapacity": "INDEXES",
        "ReturnItemCollectionMetrics": "SIZE",
    });
    with(wanted, condition())
}

/// What `Query` and `Scan` have in common.
fn page() -> Value {
    json!({
        "TableName": "T", "IndexName": "byTime", "Select": "COUNT", "Limit": 7, "ConsistentRead": true,
        "AttributesToGet": ["a"], "ConditionalOperator": "AND", "ReturnConsumedCapacity": "TOTAL",
        "ExclusiveStartKey": key(), "ProjectionExpression": "a, #n", "FilterExpression": "a = :v",
        "ExpressionAttributeNames": { "#n": "name" }, "ExpressionAttributeValues": { ":v": { "B": "AAH/" } },
    })
}

fn comparison() -> Value {
    json!({ "a": { "ComparisonOperator": "EQ", "AttributeValueList": [{ "S": "x" }] }, "b": { "ComparisonOperator": "NULL" } })
}

fn projected(more: Value) -> Value {
    let projection = json!({ "ProjectionExpression": "#n", "ExpressionAttributeNames": { "#n": "name" } });
    with(projection, more)
}

#[test]
fn inputs_of_single_items() {
    let get = json!({ "TableName": "T", "Key": key(), "AttributesToGet": ["a", "b"], "ConsistentRead": true });
    check::<GetItemInput>(projected(with(get, json!({ "ReturnConsumedCapacity": "TOTAL" }))));
    check::<PutItemInput>(with(single_write(), json!({ "Item": key() })));
    let updates = json!({ "a": { "Action": "ADD", "Value": { "N": "1" } }, "b": { "Action": "DELETE" } });
    let update = json!({ "Key": key(), "AttributeUpdates": updates, "UpdateExpression": "SET a = :v" });
    check::<UpdateItemInput>(with(single_write(), update));
    check::<DeleteItemInput>(with(single_write(), json!({ "Key": key() })));
}

#[test]
fn inputs_of_pages() {
    let query = json!({
        "KeyConditions": comparison(), "QueryFilter": comparison(), "ScanIndexForward": false,
        "KeyConditionExpression": "pk = :v",
    });
    check::<QueryInput>(with(page(), query));
    check::<ScanInput>(with(page(), json!({ "ScanFilter": comparison(), "TotalSegments": 4, "Segment": 3 })));
}

#[test]
fn inputs_of_batches() {
    let keys = projected(json!({ "Keys": [key(), key()], "AttributesToGet": ["a"], "ConsistentRead": false }));
    check::<BatchGetItemInput>(json!({ "RequestItems": { "T": keys }, "ReturnConsumedCapacity": "NONE" }));
    check::<BatchWriteItemInput>(json!({
        "RequestItems": { "T": [{ "PutRequest": { "Item": key() } }, { "DeleteRequest": { "Key": key() } }] },
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnItemCollectionMetrics": "SIZE",
    }));
}

#[test]
fn inputs_of_transactions() {
    let get = projected(json!({ "TableName": "T", "Key": key() }));
    check::<TransactGetItemsInput>(json!({ "TransactItems": [{ "Get": get }], "ReturnConsumedCapacity": "TOTAL" }));
    let write = |more| with(with(condition(), json!({ "TableName": "T" })), more);
    check::<TransactWriteItemsInput>(json!({
        "TransactItems": [
            { "ConditionCheck": write(json!({ "Key": key() })) },
            { "Put": write(json!({ "Item": key() })) },
            { "Delete": write(json!({ "Key": key() })) },
            { "Update": write(json!({ "Key": key(), "UpdateExpression": "REMOVE a" })) },
        ],
        "ReturnConsumedCapacity": "TOTAL",
        "ReturnItemCollectionMetrics": "SIZE",
        "ClientRequestToken": "once",
    }));
}

#[test]
fn outputs() {
    check::<GetItemOutput>(json!({ "Item": key(), "ConsumedCapacity": capacity() }));
    let write = json!({ "Attributes": key(), "ConsumedCapacity": capacity(), "ItemCollectionMetrics": metrics() });
    check::<PutItemOutput>(write.clone());
    check::<UpdateItemOutput>(write.clone());
    check::<DeleteItemOutput>(write);
    let page = json!({
        "Items": [key(), {}], "Count": 2, "ScannedCount": 9, "LastEvaluatedKey": key(), "ConsumedCapacity": capacity(),
    });
    check::<QueryOutput>(page.clone());
    check::<ScanOutput>(page);
    check::<BatchGetItemOutput>(json!({
        "Responses": { "T": [key()] }, "UnprocessedKeys": { "T": { "Keys": [key()] } }, "ConsumedCapacity": [capacity()],
    }));
    check::<BatchWriteItemOutput>(json!({
        "UnprocessedItems": { "T": [{ "DeleteRequest": { "Key": key() } }] },
        "ItemCollectionMetrics": { "T": [metrics()] },
        "ConsumedCapacity": [capacity()],
    }));
    check::<TransactGetItemsOutput>(json!({ "Responses": [{ "Item": key() }, {}], "ConsumedCapacity": [capacity()] }));
    check::<TransactWriteItemsOutput>(json!({
        "ItemCollectionMetrics": { "T": [metrics()] }, "ConsumedCapacity": [capacity()],
    }));
    check::<Vec<CancellationReason>>(json!([{ "Code": "None" }, { "Code": "X", "Message": "why", "Item": key() }]));
}

#[test]
fn fields_that_are_absent_stay_absent() {
    check::<GetItemInput>(json!({}));
    check::<GetItemOutput>(json!({}));
    check::<TransactWriteItemsInput>(json!({ "TransactItems": [{}] }));
    let input = GetItemInput::from_json(&json!({ "TableName": null })).unwrap();
    assert_eq!(input.to_json().unwrap(), json!({}));
    // The SDK has no absent count.
    assert_eq!(
        QueryOutput::from_json(&json!({})).unwrap().to_json().unwrap(),
        json!({ "Count": 0, "ScannedCount": 0 })
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    fn check<T: FromJson + std::fmt::Debug>(json: Value, expected: &str) {
        assert_eq!(T::from_json(&json).unwrap_err().to_string(), expected, "{json}");
    }
    check::<GetItemInput>(json!([]), "expected an object, found an array");
    check::<GetItemInput>(json!({ "Tablename": "T" }), "Tablename: unknown field");
    check::<GetItemInput>(json!({ "ConsistentRead": "yes" }), "ConsistentRead: expected a boolean, found a string");
    check::<QueryInput>(json!({ "Limit": 1_u64 << 40 }), "Limit: expected an integer of 32 bits, found a number");
    check::<PutItemInput>(json!({ "ReturnValues": 1 }), "ReturnValues: expected a string, found a number");
    check::<PutItemInput>(json!({ "Item": { "n": { "N": 1 } } }), "Item.n.N: expected a string, found a number");
    check::<TransactWriteItemsInput>(
        json!({ "TransactItems": [{}, { "Put": { "TableName": "T" } }] }),
        "TransactItems[1].Put.Item: missing",
    );
    let error = BatchGetItemInput::from_json(&json!({ "RequestItems": { "T": {} } })).unwrap_err();
    assert_eq!((error.path(), error.problem()), ("RequestItems.T.Keys", &Problem::Missing));
}
