//! What the embedded DynamoDB is asked, it answers as DynamoDB does, and survives.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::ProvideErrorMetadata as _,
    types::{AttributeValue, ComparisonOperator, Condition, ConditionCheck, TransactWriteItem, Update},
};
use dax_server::ClusterConfig;
use serde_json::json;

use crate::{items, key, number, text, through_dax, with_tables};

/// `NOT` 300 times, the most operators that DynamoDB takes; a comparison is one more each, so 150 of them joined; and as
/// many parentheses as 4096 bytes can have.
fn valid() -> [String; 5] {
    [
        format!("{}attribute_exists(n)", "NOT ".repeat(298)),
        format!("{}attribute_exists(n){}", "NOT (".repeat(298), ")".repeat(298)),
        vec!["n<>m"; 150].join(" AND "),
        vec!["n=m"; 150].join(" OR "),
        format!("{}n<>m{}", "(n<>m AND ".repeat(149), ")".repeat(149)),
    ]
}

fn invalid() -> [String; 4] {
    ["(".repeat(4096), "(".repeat(5000), "NOT ".repeat(1024), format!("{}n=m", "(".repeat(155))]
}

/// Sends an expression in every place that takes one, and returns the code of each error.
async fn everywhere(client: &Client, expression: &str) -> Vec<Option<String>> {
    macro_rules! code {
        ($call:expr) => {
            $call.send().await.err().map(|error| error.code().unwrap_or("no answer").to_owned())
        };
    }
    let check = ConditionCheck::builder().table_name("Links").set_key(key("a")).condition_expression(expression);
    let check = TransactWriteItem::builder().condition_check(check.build().unwrap()).build();
    let query = client.query().table_name("Links").key_condition_expression("id = :id");
    let update = client.update_item().table_name("Links").set_key(key("b")).update_expression("SET z = id");
    vec![
        code!(client.scan().table_name("Links").filter_expression(expression)),
        code!(query.filter_expression(expression).expression_attribute_values(":id", text("a"))),
        code!(client.put_item().table_name("Links").set_item(key("b")).condition_expression(expression)),
        code!(client.delete_item().table_name("Links").set_key(key("b")).condition_expression(expression)),
        code!(update.condition_expression(expression)),
        code!(client.transact_write_items().transact_items(check)),
        code!(client.query().table_name("Links").key_condition_expression(expression)),
        code!(client.update_item().table_name("Links").set_key(key("b")).update_expression(expression)),
        code!(client.get_item().table_name("Links").set_key(key("b")).projection_expression(expression)),
    ]
}

/// On the thread of this test, and of the runtime, whose stacks are small.
#[tokio::test]
async fn no_expression_ends_the_process() {
    let put_items = vec![items("Links", [json!({ "id": { "S": "a" }, "n": { "N": "1" } })])];
    let cluster = ClusterConfig { put_items, ..with_tables() }.start().await.unwrap();
    for client in [cluster.dynamodb(), through_dax(&cluster).await] {
        for expression in valid() {
            let codes = everywhere(&client, &expression).await;
            let [conditions @ .., _, _, _] = codes.as_slice() else { panic!("nine places") };
            let taken = |code: &Option<String>| match code.as_deref() {
                None | Some("ConditionalCheckFailedException" | "TransactionCanceledException") => true,
                Some(_) => false,
            };
            assert!(conditions.iter().all(taken), "{codes:?}: {expression}");
        }
        for expression in invalid() {
            let codes = everywhere(&client, &expression).await;
            let refused = |code: &Option<String>| {
                matches!(code.as_deref(), Some("ValidationException" | "TransactionCanceledException"))
            };
            assert!(codes.iter().all(refused), "{codes:?}: {expression}");
        }
    }
}

/// Filters without expressions become expressions; documents nest.
#[tokio::test]
async fn no_filter_and_no_document_ends_the_process() {
    let cluster = with_tables().start().await.unwrap();
    let condition = Condition::builder().comparison_operator(ComparisonOperator::NotNull).build().unwrap();
    let filter = |count: u32| (0..count).map(|n| (format!("a{n}"), condition.clone())).collect::<HashMap<_, _>>();
    let nested = |depth| (0..depth).fold(number(1), |inner, _| AttributeValue::L(vec![inner]));
    for client in [cluster.dynamodb(), through_dax(&cluster).await] {
        client.scan().table_name("Links").set_scan_filter(Some(filter(140))).send().await.unwrap();
        let refused = client.scan().table_name("Links").set_scan_filter(Some(filter(20_000))).send().await;
        assert_eq!(refused.unwrap_err().code(), Some("ValidationException"));
        for (depth, code) in [(31, None), (32, Some("ValidationException")), (900, Some("ValidationException"))] {
            let put = client.put_item().table_name("Links").set_item(key("d")).item("v", nested(depth)).send().await;
            assert_eq!(put.err().and_then(|error| error.code().map(str::to_owned)).as_deref(), code, "{depth} levels");
        }
    }
}

/// What the server writes is no longer than what the user wrote.
#[tokio::test]
async fn long_expressions_arrive() {
    let cluster = with_tables().start().await.unwrap();
    let long = |count: usize| {
        let name = |n: usize| format!("attribute{n}");
        let names: HashMap<_, _> = (0..count).map(|n| (format!("#{n}"), name(n))).collect();
        let values: HashMap<_, _> = (0..count).map(|n| (format!(":{n}"), text("v"))).collect();
        let actions: Vec<_> = (0..count).map(|n| format!("#{n}=:{n}")).collect();
        (format!("SET {}", actions.join(",")), names, values)
    };
    for client in [cluster.dynamodb(), through_dax(&cluster).await] {
        for count in [288, 301, 430] {
            let (expression, names, values) = long(count);
            assert!(expression.len() <= 4096);
            let update = client.update_item().table_name("Links").set_key(key("a")).update_expression(expression);
            let update =
                update.set_expression_attribute_names(Some(names)).set_expression_attribute_values(Some(values));
            update.send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn no_transaction_changes_a_key() {
    let put_items = vec![items("Visits", [json!({ "id": { "S": "a" }, "at": { "N": "1" } })])];
    let cluster = ClusterConfig { put_items, ..with_tables() }.start().await.unwrap();
    let dax = through_dax(&cluster).await;
    for client in [cluster.dynamodb(), dax.clone()] {
        for (expression, named) in [
            ("REMOVE #at", "at"),
            ("SET z = :v, #at = :v", "at"),
            ("ADD z :v, #at :v", "at"),
            ("SET z = :v REMOVE id", "id"),
        ] {
            let update = Update::builder().table_name("Visits").set_key(key("a")).key("at", number(1));
            let mut update = update.update_expression(expression);
            if expression.contains(":v") {
                update = update.expression_attribute_values(":v", number(2));
            }
            if expression.contains("#at") {
                update = update.expression_attribute_names("#at", "at");
            }
            let other = Update::builder().table_name("Links").set_key(key("a")).update_expression("REMOVE z");
            let sent = client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().update(other.build().unwrap()).build())
                .transact_items(TransactWriteItem::builder().update(update.build().unwrap()).build());
            let error = sent.send().await.unwrap_err().into_service_error();
            let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
                cancelled,
            ) = error
            else {
                panic!("{expression}: {error:?}");
            };
            let [first, second] = cancelled.cancellation_reasons() else { panic!("{cancelled:?}") };
            assert_eq!((first.code(), second.code()), (Some("None"), Some("ValidationError")), "{expression}");
            assert!(second.message().unwrap().contains(&format!("Cannot update attribute {named}.")), "{second:?}");
        }
    }
    let left = dax.scan().table_name("Visits").send().await.unwrap();
    assert_eq!(left.items(), [HashMap::from([("id".to_owned(), text("a")), ("at".to_owned(), number(1))])]);
    assert_eq!(dax.scan().table_name("Links").send().await.unwrap().count(), 0, "nothing of it was done");
}
