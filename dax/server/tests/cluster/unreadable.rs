//! Items that cannot be sent, because DynamoDB has them without their key.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::Credentials,
    operation::{batch_get_item::BatchGetItemInput, query::QueryInput, scan::ScanInput},
    types::{AttributeValue, KeysAndAttributes, TransactWriteItem, Update},
};

use crate::desk::{Desk, TABLE};

fn key(id: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("id".to_owned(), AttributeValue::S(id.into()))])
}

/// Items `a`, `b` and `c`, of which `b` has lost its key: the embedded DynamoDB lets a transaction do that.
async fn damaged() -> (Desk, dax_client::Client) {
    let desk = Desk::new(|_| {}).await;
    for id in ["a", "b", "c"] {
        desk.put_behind(id, "1").await;
    }
    let update = Update::builder().table_name(TABLE).set_key(Some(key("b"))).update_expression("REMOVE id");
    let update = TransactWriteItem::builder().update(update.build().unwrap()).build();
    desk.dynamodb.transact_write_items().transact_items(update).send().await.unwrap();
    let config = dax_client::Config::new(&desk.cluster.url()).unwrap().region("us-east-1");
    let config = config.credentials_provider(Credentials::new("local", "local", None, None, "test"));
    let dax = dax_client::Client::connect(config).await.unwrap();
    (desk, dax)
}

fn ids<'a>(items: impl IntoIterator<Item = &'a HashMap<String, AttributeValue>>) -> Vec<&'a str> {
    let mut ids: Vec<_> = items.into_iter().map(|item| item["id"].as_s().unwrap().as_str()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn one_item_without_its_key_does_not_spoil_a_page() {
    let (desk, dax) = damaged().await;
    let scan = ScanInput::builder().table_name(TABLE);
    let page = dax.scan(scan.clone().build().unwrap()).await.unwrap();
    assert_eq!((ids(page.items()), page.count(), page.scanned_count()), (vec!["a", "c"], 2, 3));
    assert_eq!(desk.counters(0).unreadable_items, 1);
    let parts = dax.scan(scan.projection_expression("v").build().unwrap()).await.unwrap();
    assert_eq!(parts.count(), 3, "nobody asked for the key");

    let query = |id: &str| {
        let query = QueryInput::builder().table_name(TABLE).key_condition_expression("id = :id");
        query.expression_attribute_values(":id", AttributeValue::S(id.into())).build().unwrap()
    };
    assert_eq!(dax.query(query("b")).await.unwrap().count(), 0);
    assert_eq!(dax.query(query("c")).await.unwrap().count(), 1);
}

#[tokio::test]
async fn one_item_without_its_key_does_not_spoil_a_batch() {
    let (desk, dax) = damaged().await;
    let keys = ["a", "b", "c", "missing"].map(key).to_vec();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).build().unwrap();
    let batch = || BatchGetItemInput::builder().request_items(TABLE, keys.clone()).build().unwrap();
    let got = dax.batch_get_item(batch()).await.unwrap();
    assert_eq!(ids(&got.responses().unwrap()[TABLE]), ["a", "c"]);
    assert!(got.unprocessed_keys().is_none_or(HashMap::is_empty));
    // What is not known to be missing is not remembered as missing.
    desk.put_behind("b", "2").await;
    let got = dax.batch_get_item(batch()).await.unwrap();
    assert_eq!(ids(&got.responses().unwrap()[TABLE]), ["a", "b", "c"]);
}
