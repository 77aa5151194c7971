//! Expressions.

use dax_client::internals::op::{GetItem, PutItem, UpdateItem};
use serde_json::{Value, json};

use crate::{accept, check, put_if, update};

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
fn reserved_words_need_a_placeholder() {
    for (condition, word) in [
        ("name = :v", "name"),
        ("Status = :v", "Status"),
        ("a.url = :v", "url"),
        ("attribute_exists(data)", "data"),
        ("size(items) > :v", "items"),
        ("size > :v", "size"),
    ] {
        let mut put = put_if(condition);
        if condition.contains(":v") {
            put["ExpressionAttributeValues"] = json!({":v": {"N": "1"}});
        }
        let what = "Attribute name is a reserved keyword; reserved keyword:";
        check::<PutItem>(put, &format!("Invalid ConditionExpression: {what} {word}"));
    }
    let get = json!({"TableName": "h", "Key": {"pk": {"S": "a"}}, "ProjectionExpression": "a, name"});
    check::<GetItem>(get, "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name");
}

#[test]
fn each_section_of_an_update_comes_once() {
    for (expression, section) in [
        ("SET a = b SET c = d", "SET"),
        ("REMOVE a SET c = d remove b", "REMOVE"),
        ("ADD a :v ADD b :v", "ADD"),
        ("DELETE a :v SET b = c DELETE d :v", "DELETE"),
    ] {
        check::<UpdateItem>(
            update(expression),
            &format!(
                "Invalid UpdateExpression: The \"{section}\" section can only be used once in an update expression;"
            ),
        );
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
        with(Value::Null, json!({":w": {"N": "1"}})),
        "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :v",
    );
    check::<PutItem>(
        with(json!({"#y": "y", "#x": "x"}), json!({":v": {"N": "1"}})),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x, #y}",
    );
    check::<PutItem>(
        with(Value::Null, json!({":v": {"N": "1"}, ":w": {"N": "1"}})),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
    );
    check::<PutItem>(
        with(json!({"#a-b": "y"}), json!({":v": {"N": "1"}})),
        "ExpressionAttributeNames contains invalid key: Syntax error; key: \"#a-b\"",
    );
    check::<PutItem>(
        with(json!({"#b": "b", "#a": ""}), json!({":v": {"N": "1"}})),
        "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
    );
    check::<PutItem>(
        with(Value::Null, json!({":v": {"N": "x"}})),
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
        put_if(&format!("{}a = b", "(".repeat(4000))),
        "Invalid ConditionExpression: The expression is nested more than 600 levels deep",
    );
    check::<PutItem>(
        put_if(&vec!["a = b"; 151].join(" OR ")),
        "Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
    );
    check::<PutItem>(
        put_if(&format!("{}a = b", "NOT ".repeat(300))),
        "Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
    );
    accept::<PutItem>(put_if(&format!("{}a = b", "NOT ".repeat(299))));
    accept::<PutItem>(put_if(&format!("{}a = b{}", "NOT (".repeat(299), ")".repeat(299))));
    accept::<PutItem>(put_if(&format!("a = b{}{}", " OR (a = b".repeat(149), ")".repeat(149))));
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
