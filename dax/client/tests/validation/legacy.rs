//! Parameters from before there were expressions.

use dax_client::internals::op::{BatchGetItem, DeleteItem, GetItem, PutItem, Query, Scan, UpdateItem};
use serde_json::{Value, json};

use crate::{ENVELOPE, accept, check};

const INVALID: &str = "One or more parameter values were invalid:";

fn put(expected: Value) -> Value {
    json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "Expected": {"a": expected}})
}

/// A condition on `a` with an operator, as all three kinds of conditions have it.
fn compare(operator: &str, values: Value) -> Value {
    json!({"ComparisonOperator": operator, "AttributeValueList": values})
}

#[test]
fn operators_take_some_types_and_numbers_of_values() {
    let invalid = |what: &str| format!("{INVALID} {what}");
    let arguments =
        |operator: &str| invalid(&format!("Invalid number of argument(s) for the {operator} ComparisonOperator"));
    let kind = |operator: &str, kind: &str| {
        invalid(&format!("ComparisonOperator {operator} is not valid for {kind} AttributeValue type"))
    };
    let (s, n, list) = (json!({"S": "a"}), json!({"N": "1"}), json!({"L": []}));
    let reversed = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound";
    for (operator, values, expected) in [
        ("eq", json!([s]), invalid("Invalid comparison operator")),
        ("DOG", json!([]), invalid("Invalid comparison operator")),
        ("EQ", json!([]), arguments("EQ")),
        ("LT", json!([s, s]), arguments("LT")),
        ("NULL", json!([s]), arguments("NULL")),
        ("BETWEEN", json!([n]), arguments("BETWEEN")),
        ("IN", json!([]), arguments("IN")),
        ("LE", json!([list]), kind("LE", "L")),
        ("IN", json!([s, list]), kind("IN", "L")),
        ("BETWEEN", json!([n, {"BOOL": true}]), kind("BETWEEN", "BOOL")),
        ("BEGINS_WITH", json!([n]), kind("BEGINS_WITH", "N")),
        ("CONTAINS", json!([list]), kind("CONTAINS", "L")),
        ("NOT_CONTAINS", json!([{"SS": ["a"]}]), kind("NOT_CONTAINS", "SS")),
        ("IN", json!([n, s]), invalid("AttributeValues inside AttributeValueList must be of same type")),
        ("BETWEEN", json!([n, s]), invalid("AttributeValues inside AttributeValueList must be of same type")),
        ("BETWEEN", json!([{"N": "10"}, {"N": "9"}]), reversed.to_owned()),
        ("BETWEEN", json!([{"S": "b"}, {"S": "a"}]), reversed.to_owned()),
    ] {
        let condition = compare(operator, values);
        check::<PutItem>(put(condition.clone()), &expected);
        check::<Scan>(json!({"TableName": "t", "ScanFilter": {"a": condition}}), &expected);
        let mut query = json!({"TableName": "t", "QueryFilter": {"a": condition}});
        query["KeyConditions"] = json!({"pk": compare("EQ", json!([s]))});
        check::<Query>(query, &expected);
    }
    for (operator, values) in [
        ("BETWEEN", json!([{"N": "-2"}, {"N": "1e1"}])),
        ("BETWEEN", json!([{"N": "1.0"}, {"N": "1"}])),
        ("CONTAINS", json!([{"BOOL": true}])),
        ("EQ", json!([list])),
        ("IN", json!([n, {"N": "2"}])),
        ("NOT_NULL", json!([])),
    ] {
        accept::<PutItem>(put(compare(operator, values)));
    }
}

#[test]
fn expectations_are_whole() {
    for (expected, what) in [
        (json!({}), "Value must be provided when Exists is null for Attribute: a"),
        (json!({"Exists": true}), "Value must be provided when Exists is true for Attribute: a"),
        (json!({"Exists": false, "Value": {"N": "1"}}), "Value cannot be used when Exists is false for Attribute: a"),
        (
            json!({"ComparisonOperator": "EQ"}),
            "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a",
        ),
        (
            json!({"ComparisonOperator": "EQ", "Exists": false, "Value": {"N": "1"}}),
            "Exists and ComparisonOperator cannot be used together for Attribute: a",
        ),
        (
            json!({"AttributeValueList": [{"N": "1"}]}),
            "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
        ),
        (
            json!({"AttributeValueList": [{"N": "1"}], "Value": {"N": "1"}}),
            "Value and AttributeValueList cannot be used together for Attribute: a",
        ),
    ] {
        check::<PutItem>(put(expected), &format!("{INVALID} {what}"));
    }
    accept::<PutItem>(put(json!({"ComparisonOperator": "NULL"})));
}

#[test]
fn a_conditional_operator_joins_at_least_two_conditions() {
    let none = "ConditionalOperator cannot be used without Filter or Expected";
    let one = "ConditionalOperator can only be used when Filter or Expected has two or more elements";
    let unknown = "Value 'and' at 'conditionalOperator' failed to satisfy constraint: Member \
                   must satisfy enum value set: [OR, AND]";
    let key = json!({"pk": {"S": "a"}});
    let exists = json!({"Exists": false});
    for (expected, operator, what) in [
        (Value::Null, "OR", none),
        (json!({}), "AND", none),
        (json!({"a": exists}), "AND", one),
        (json!({"a": exists, "b": exists}), "and", unknown),
    ] {
        check::<PutItem>(
            json!({"TableName": "t", "Item": key, "Expected": expected, "ConditionalOperator": operator}),
            what,
        );
        let write = json!({"TableName": "t", "Key": key, "Expected": expected, "ConditionalOperator": operator});
        check::<UpdateItem>(write.clone(), what);
        check::<DeleteItem>(write, what);
    }
    let unknown = &format!("{ENVELOPE}{unknown}");
    let absent = compare("NULL", json!([]));
    for (filter, operator, what) in [
        (Value::Null, "OR", none),
        (json!({}), "AND", none),
        (json!({"a": absent}), "OR", one),
        (json!({"a": absent, "b": absent}), "and", unknown),
    ] {
        check::<Scan>(json!({"TableName": "t", "ScanFilter": filter, "ConditionalOperator": operator}), what);
        let conditions = json!({"pk": compare("EQ", json!([{"S": "a"}]))});
        check::<Query>(
            json!({"TableName": "t", "KeyConditions": conditions, "QueryFilter": filter,
                   "ConditionalOperator": operator}),
            what,
        );
    }
    accept::<Scan>(json!({"TableName": "t", "ScanFilter": {"a": absent, "b": absent}, "ConditionalOperator": "OR"}));
}

#[test]
fn attributes_to_get_are_some_and_distinct() {
    let none = "1 validation error detected: Value '[]' at 'attributesToGet' failed to satisfy constraint: Member must have \
                length greater than or equal to 1";
    let twice = format!("{INVALID} Duplicate value in attribute name: a");
    let key = json!({"pk": {"S": "a"}});
    for (attributes, what) in
        [(json!([]), none), (json!([""]), "Empty attribute name"), (json!(["a", "b", "a"]), &twice)]
    {
        check::<GetItem>(json!({"TableName": "t", "Key": key, "AttributesToGet": attributes}), what);
        check::<Scan>(json!({"TableName": "t", "AttributesToGet": attributes}), what);
        check::<BatchGetItem>(json!({"RequestItems": {"t": {"Keys": [key], "AttributesToGet": attributes}}}), what);
        let conditions = json!({"pk": compare("EQ", json!([{"S": "a"}]))});
        check::<Query>(json!({"TableName": "t", "KeyConditions": conditions, "AttributesToGet": attributes}), what);
    }
}

#[test]
fn updates_fit_their_actions() {
    let update =
        |update: Value| json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "AttributeUpdates": {"a": update}});
    let action = "Member must satisfy enum value set: [ADD, DELETE, PUT] for Action";
    check::<UpdateItem>(update(json!({"Action": "put", "Value": {"N": "1"}})), action);
    for (wrong, what) in [
        (json!({"Action": "ADD", "Value": {"S": "a"}}), "ADD action is not supported for the type S"),
        (json!({"Action": "ADD", "Value": {"M": {}}}), "ADD action is not supported for the type M"),
        (json!({"Action": "DELETE", "Value": {"L": []}}), "DELETE action with value is not supported for the type L"),
        (json!({"Action": "PUT"}), "Only DELETE action is allowed when no attribute value is specified"),
    ] {
        check::<UpdateItem>(update(wrong), &format!("{INVALID} {what}"));
    }
    for right in [
        json!({"Action": "ADD", "Value": {"L": []}}),
        json!({"Action": "DELETE", "Value": {"SS": ["a"]}}),
        json!({"Action": "DELETE"}),
        json!({"Value": {"M": {}}}),
    ] {
        accept::<UpdateItem>(update(right));
    }
    let nameless = json!({"TableName": "t", "Key": {"pk": {"S": "a"}}, "AttributeUpdates": {"": {"Action": "DELETE"}}});
    check::<UpdateItem>(nameless, "Empty attribute name");
    check::<PutItem>(
        json!({"TableName": "t", "Item": {"pk": {"S": "a"}}, "Expected": {"": {"Exists": false}}}),
        "Empty attribute name",
    );
}

#[test]
fn key_conditions_have_operators_of_indexes() {
    let query =
        |operator: &str| json!({"TableName": "t", "KeyConditions": {"pk": compare(operator, json!([{"S": "a"}]))}});
    check::<Query>(query("NE"), "Attempted conditional constraint is not an indexable operation: NE");
    check::<Query>(query("eq"), &format!("{INVALID} Invalid comparison operator"));
    check::<Query>(
        json!({"TableName": "t", "KeyConditions": {}}),
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
}
