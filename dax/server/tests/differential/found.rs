//! Requests with two mistakes that random seeds have found, and what each side names.

use serde_json::{Value, json};

use crate::{
    generate::Request,
    order,
    sides::{Sides, Way},
};

const INVALID: &str = "ValidationException";
const NOT_FOUND: &str = "ResourceNotFoundException";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_mistakes_each_side_names_the_first_it_meets() {
    let sides = Sides::start(1).await;
    let sides = &sides;
    let check = async |operation, input: Value, dax: &str, dynamodb: &str| {
        let request = Request { operation, input, pages: false };
        let named = |code: &str| json!([{ "error": code }]);
        for way in [Way::Core, Way::DropIn, Way::Bridge] {
            assert_eq!(sides.ask(way, &request).await, named(dax), "{way:?}: {request:?}");
        }
        assert_eq!(sides.ask(Way::Direct, &request).await, named(dynamodb), "{request:?}");
        assert!(order::agree(&request, &named(dax), &named(dynamodb)), "{request:?}");
    };

    // A value that no item can have.
    let item = json!({ "pk": { "S": "a" }, "n": { "N": "NaN" } });
    check("PutItem", json!({ "TableName": "Nowhere", "Item": item }), NOT_FOUND, INVALID).await;
    check("PutItem", json!({ "TableName": "HashN", "Item": item }), INVALID, INVALID).await;
    // An expression of a write.
    let key = json!({ "pk": { "S": "a" } });
    let syntax = json!({ "TableName": "Nowhere", "Key": key, "ConditionExpression": "n = (" });
    check("DeleteItem", syntax, INVALID, INVALID).await;
    // An expression of a read.
    let syntax = json!({ "TableName": "Nowhere", "Key": key, "ProjectionExpression": "n = (" });
    check("GetItem", syntax, INVALID, NOT_FOUND).await;
    let undefined = json!({
        "TableName": "Nowhere", "KeyConditionExpression": "pk = :v0 AND sk = :v1",
        "ExpressionAttributeValues": { ":v1": { "B": "YQ==" } },
    });
    check("Query", undefined, INVALID, NOT_FOUND).await;
    let unused = json!({
        "TableName": "Nowhere", "FilterExpression": "n = :v0",
        "ExpressionAttributeValues": { ":v0": { "N": "1" }, ":unused": { "S": "" } },
    });
    check("Scan", unused, INVALID, NOT_FOUND).await;
    // A key of the wrong form, which nobody can see without the table.
    check("GetItem", json!({ "TableName": "Nowhere", "Key": { "more": { "S": "a" } } }), NOT_FOUND, NOT_FOUND).await;
}
