//! The test that dax-client's README shows, as it stands there.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use dax_client::{Client, Config};
use dax_server::ClusterConfig;
use serde_json::json;

#[tokio::test]
async fn names_are_taken_once() {
    let names = json!({
        "TableName": "names",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    // Free ports, all in memory, until it is dropped.
    let cluster = ClusterConfig { create_tables: vec![names], ..ClusterConfig::default() }.start().await.unwrap();
    let config = Config::new(&cluster.url())
        .unwrap()
        .region("us-east-1")
        .credentials_provider(Credentials::new("local", "local", None, None, "local"));
    let client = Client::connect(config).await.unwrap();

    let put = PutItemInput::builder()
        .table_name("names")
        .item("id", AttributeValue::S("kay".to_owned()))
        .condition_expression("attribute_not_exists(id)")
        .build()
        .unwrap();
    client.put_item(put.clone()).await.unwrap();
    assert!(client.put_item(put).await.unwrap_err().is_condition_failed());
}
