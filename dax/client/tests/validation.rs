//! What is refused before anything is sent, and in which words: what, and where. DynamoDB's own, where it has some.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "fields of JSON objects are made by indexing")]

use dax_client::internals::codec::{EncodeStop, KeyAttribute, KeySchema, Metadata};
use dax_client::internals::op::{
    BatchGetItem, BatchWriteItem, DeleteItem, GetItem, Operation, PutItem, Query, Scan, TransactGetItems,
    TransactWriteItems, UpdateItem,
};
use dax_client::{Error, Retry};
use dax_protocol::KeyType;
use dynamodb_json::FromJson;
use serde_json::{Value, json};

/// Prepares and encodes a call against the tables `t` (hash key `pk`, S) and `r` (`pk` S, `sk` N).
fn refusal<O: Operation>(input: &Value) -> Option<String>
where
    O::Input: FromJson,
{
    let mut metadata = Metadata::default();
    let hash = || KeyAttribute::new("pk", KeyType::S);
    metadata.insert_key_schema("t", KeySchema::new(hash(), None));
    metadata.insert_key_schema("r", KeySchema::new(hash(), Some(KeyAttribute::new("sk", KeyType::N))));
    metadata.insert_attribute_list_id(&["v"], 7);
    let prepared = O::prepare(O::Input::from_json(input).unwrap(), &mut || 0);
    let encoded = prepared.map_err(EncodeStop::Invalid).and_then(|call| call.encode(&metadata, &mut Vec::new()));
    match encoded {
        Ok(()) => None,
        Err(EncodeStop::Invalid(error)) => {
            assert_eq!(error.retry(), Retry::Never);
            assert!(error.is_validation() && !error.outcome_unknown());
            let Error::Validation { method, message } = error else { panic!("{error:?}") };
            assert_eq!(method, O::METHOD);
            Some(message)
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
fn conditions_name_the_token_and_the_place() {
    for (condition, what) in [
        ("a == :v", r#"Syntax error; token: "=", near: "== :v", at character 4"#),
        ("a = 5", r#"Syntax error; token: "5", near: "= 5", at character 5"#),
        ("a = 'x y'", r#"Syntax error; token: "'x y'", near: "= 'x y'", at character 5"#),
        ("a = :v )", r#"Syntax error; token: ")", near: ":v )", at character 8"#),
        ("a = ", r#"Syntax error; token: "<EOF>", near: "= ", at character 5"#),
        ("a", r#"Syntax error; token: "<EOF>", near: "a", at character 2"#),
        ("_a = :v", r#"Syntax error; token: "_", near: "_a", at character 1"#),
        ("é = :v", r#"Syntax error; token: "é", near: "é =", at character 1"#),
        ("a[-1] = :v", r#"Syntax error; token: "-", near: "[-1", at character 3"#),
        ("a[01] = :v", r#"Syntax error; token: "1", near: "01]", at character 4"#),
        ("a.and = :v", r#"Syntax error; token: "and", near: ".and =", at character 3"#),
        ("a BETWEEN :v OR :v", r#"Syntax error; token: "OR", near: ":v OR :v", at character 14"#),
        ("NOT a", r#"Syntax error; token: "<EOF>", near: "a", at character 6"#),
        ("a = :v AND b", r#"Syntax error; token: "<EOF>", near: "b", at character 13"#),
        ("(a = :v", r#"Syntax error; token: "<EOF>", near: ":v", at character 8"#),
        ("a = (b = :v)", r#"Syntax error; token: "<EOF>", near: ")", at character 13"#),
        ("size() = :v", r#"Syntax error; token: ")", near: "() =", at character 6"#),
        ("a IN ()", r#"Syntax error; token: ")", near: "()", at character 7"#),
        ("a[4294967296] = :v", "List index is not within the allowable range; index: [4294967296]"),
    ] {
        let mut put = put_if(condition);
        put["ExpressionAttributeValues"] = json!({":v": {"N": "1"}});
        check::<PutItem>(put, &format!("Invalid ConditionExpression: {what}"));
    }
}

#[test]
fn functions_are_checked() {
    let misuse = "The function is not allowed to be used this way in an expression; function:";
    let operands = "Incorrect number of operands for operator or function; operator or function:";
    let path = "Operator or function requires a document path; operator or function:";
    for (condition, what) in [
        ("frobnicate(a)", "Invalid function name; function: frobnicate".to_owned()),
        ("size(a)", format!("{misuse} size")),
        ("attribute_exists(a) = attribute_exists(b)", format!("{misuse} attribute_exists")),
        ("attribute_exists(begins_with(a, b))", format!("{misuse} begins_with")),
        ("begins_with(a)", format!("{operands} begins_with, number of operands: 1")),
        ("attribute_exists(a, b)", format!("{operands} attribute_exists, number of operands: 2")),
        ("attribute_exists(size(a))", format!("{path} attribute_exists")),
        (
            "if_not_exists(a, b) = c",
            "The function is not allowed in a condition expression; function: if_not_exists".into(),
        ),
        ("((a = b))", "The expression has redundant parentheses;".to_owned()),
        ("((a)) = b", "The expression has redundant parentheses;".to_owned()),
        ("", "The expression can not be empty;".to_owned()),
        (" \t", "The expression can not be empty;".to_owned()),
    ] {
        check::<PutItem>(put_if(condition), &format!("Invalid ConditionExpression: {what}"));
    }
    for fine in ["contains(a, size(b))", "((a) = b)", "NOT (a = b AND (c = d))", "SIZE(a) in (b, (c))", "not not a = b"]
    {
        accept::<PutItem>(put_if(fine));
    }
}

#[test]
fn updates_name_the_token_and_the_place() {
    let misuse = "The function is not allowed to be used this way in an expression; function: list_append";
    for (expression, what) in [
        ("SET a = a + :v + :v", r#"Syntax error; token: "+", near: ":v + :v", at character 16"#),
        ("SET a = (a + :v) - :v", r#"Syntax error; token: "-", near: ") - :v", at character 18"#),
        ("SET", r#"Syntax error; token: "<EOF>", near: "SET", at character 4"#),
        ("a = :v", r#"Syntax error; token: "a", near: "a =", at character 1"#),
        ("ADD a b", r#"Syntax error; token: "b", near: "a b", at character 7"#),
        ("REMOVE a, ", r#"Syntax error; token: "<EOF>", near: ", ", at character 11"#),
        ("SET a = list_append(list_append(a, :v), :v)", misuse),
        ("SET a = list_append(a, :v) + :v", misuse),
        ("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        ("SET a = ((b + :v))", "The expression has redundant parentheses;"),
    ] {
        check::<UpdateItem>(update(expression), &format!("Invalid UpdateExpression: {what}"));
    }
    accept::<UpdateItem>(update("set a = (b - :v), c = list_append(if_not_exists(c, :v), :v) remove d[1].e add f :v"));
}

#[test]
fn placeholders_have_to_be_defined_and_used() {
    check::<PutItem>(
        json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "ConditionExpression": "#a = :v"}),
        "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute \
         name: #a",
    );
    let with = |names: Value, values: Value| {
        json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "ConditionExpression": "a = :v",
               "ExpressionAttributeNames": names, "ExpressionAttributeValues": values})
    };
    check::<PutItem>(
        with(json!({}), json!({":w": {"N": "1"}})),
        "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v",
    );
    check::<PutItem>(
        with(json!({"#y": "y", "#x": "x"}), json!({":v": {"N": "1"}})),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x, #y}",
    );
    check::<PutItem>(
        with(json!({}), json!({":v": {"N": "1"}, ":w": {"N": "1"}})),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
    );
    check::<PutItem>(
        with(json!({"#a-b": "y"}), json!({":v": {"N": "1"}})),
        "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\"",
    );
    check::<PutItem>(
        with(json!({}), json!({":v": {"N": "x"}})),
        "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for \
         key :v",
    );
    check::<GetItem>(
        json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "ExpressionAttributeNames": {"#a": "a"}}),
        "ExpressionAttributeNames can only be specified when using expressions",
    );
}

#[test]
fn limits_of_expressions_hold() {
    let long = format!("a = b{}", " ".repeat(4092));
    check::<PutItem>(
        put_if(&long),
        "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097",
    );
    check::<PutItem>(
        put_if(&format!("{}a = b", "(".repeat(200))),
        "Invalid ConditionExpression: The expression is nested more than 100 levels deep",
    );
    check::<PutItem>(
        put_if(&vec!["a = b"; 151].join(" OR ")),
        "Invalid ConditionExpression: The expression contains more operators and functions than allowed; maximum: 300",
    );
    accept::<PutItem>(put_if(&vec!["a = b"; 150].join(" OR ")));
    check::<PutItem>(
        put_if(&format!("a{} = b", ".a".repeat(32))),
        "Invalid ConditionExpression: The document path has too many nesting elements; nesting levels: 33",
    );
}

#[test]
fn projections_must_not_overlap() {
    let get = |paths: &str| json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "ProjectionExpression": paths});
    let invalid = "Invalid ProjectionExpression: Two document paths";
    let advice = "must remove or rewrite one of these paths";
    check::<GetItem>(
        get("a, b.c, a"),
        &format!("{invalid} overlap with each other; {advice}; path one: [a], path two: [a]"),
    );
    check::<GetItem>(
        get("b.c[1].d, b.c"),
        &format!("{invalid} overlap with each other; {advice}; path one: [b, c, [1], d], path two: [b, c]"),
    );
    check::<GetItem>(
        get("a.b, a[0]"),
        &format!("{invalid} conflict with each other; {advice}; path one: [a, b], path two: [a, [0]]"),
    );
    accept::<GetItem>(get("a.b, a.c[0], a.c[1].d, a.c[1].e"));
}

#[test]
fn keys_have_to_fit_the_table() {
    let get = |table: &str, key: Value| json!({"TableName": table, "Key": key});
    let mismatch = "The provided key element does not match the schema:";
    check::<GetItem>(get("r", json!({"pk": {"S": "a"}})), &format!("{mismatch} missing key attribute sk"));
    check::<GetItem>(
        get("t", json!({"pk": {"S": "a"}, "v": {"S": "b"}})),
        &format!("{mismatch} v is not a key attribute"),
    );
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
        "The parameter cannot be converted to a numeric value: one; key: sk",
    );
    check::<PutItem>(
        json!({"TableName": "t", "Item": {"v": {"S": "b"}}}),
        "One or more parameter values were invalid: Missing the key pk in the item",
    );
    check::<Scan>(
        json!({"TableName": "r", "ExclusiveStartKey": {"pk": {"S": "a"}}}),
        &format!("The provided starting key is invalid: {mismatch} missing key attribute sk"),
    );
}

#[test]
fn values_have_to_be_storable() {
    let put = |value: Value| json!({"TableName": "t", "Item": {"pk": {"S": "a"}, "v": value}});
    let invalid = "One or more parameter values were invalid:";
    for (value, expected) in [
        (json!({"SS": []}), format!("{invalid} A string set may not be empty; attribute: v")),
        (
            json!({"NULL": false}),
            format!("{invalid} Null attribute value types must have the value of true; attribute: v"),
        ),
        (
            json!({"N": "1e126"}),
            "Number overflow. Attempting to store a number with magnitude larger than supported range; attribute: v"
                .into(),
        ),
        (
            json!({"N": "1".repeat(39)}),
            "Attempting to store more than 38 significant digits in a Number; attribute: v".into(),
        ),
        (
            (0..33).fold(json!({"S": ""}), |value, _| json!({"L": [value]})),
            "Nesting Levels have exceeded supported limits: more than 32 levels of lists and maps; attribute: v".into(),
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
    check::<PutItem>(
        json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "Expected": {"a": {"Exists": true}}}),
        "One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: a",
    );
    check::<Query>(
        json!({"TableName": "t", "KeyConditions": {"pk": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "a"}]}}}),
        "Attempted conditional constraint is not an indexable operation: NE",
    );
    check::<Scan>(
        json!({"TableName": "t", "ScanFilter": {"a": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "a"}]}}}),
        "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator; \
         Attribute: a, arguments: 1",
    );
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
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than \
         TotalSegments: 2",
    );
    check::<Scan>(
        json!({"TableName": "t", "Select": "COUNT", "ProjectionExpression": "a"}),
        "Cannot specify the AttributesToGet or ProjectionExpression when choosing to get COUNT",
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
        "TransactItems can only contain one of ConditionCheck, Put, Update or Delete",
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
