//! A cluster in the process of a test, with all that it brings along.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod engine;
mod helpers;
mod settings;

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use dax_server::{Cluster, ClusterConfig};
use serde_json::{Value, json};

/// The settings of a cluster with the tables `Links` (hash key `id`) and `Visits` (hash key `id`, range key `at`).
fn with_tables() -> ClusterConfig {
    let table = |name: &str, range: Option<&str>| {
        let mut attributes = vec![json!({ "AttributeName": "id", "AttributeType": "S" })];
        let mut keys = vec![json!({ "AttributeName": "id", "KeyType": "HASH" })];
        if let Some(range) = range {
            attributes.push(json!({ "AttributeName": range, "AttributeType": "N" }));
            keys.push(json!({ "AttributeName": range, "KeyType": "RANGE" }));
        }
        json!({
            "TableName": name, "AttributeDefinitions": attributes, "KeySchema": keys, "BillingMode": "PAY_PER_REQUEST",
        })
    };
    let create_tables = vec![table("Links", None), table("Visits", Some("at"))];
    ClusterConfig { create_tables, ..ClusterConfig::default() }
}

/// Items of the two tables, as `RequestItems`.
fn items(table: &str, items: impl IntoIterator<Item = Value>) -> Value {
    let put = |item: Value| json!({ "PutRequest": { "Item": item } });
    json!({ table: items.into_iter().map(put).collect::<Vec<_>>() })
}

/// The SDK through DAX.
async fn through_dax(cluster: &Cluster) -> Client {
    let credentials = Credentials::new("local", "local", None, None, "test");
    let config = dax_client::Config::new(&cluster.url()).unwrap();
    let config = config.region("us-east-1").credentials_provider(credentials.clone());
    let client = dax_client::Client::connect(config).await.unwrap();
    let sdk = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(cluster.dynamodb_url())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    client.to_sdk_client(&sdk.build())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn key(id: &str) -> Option<HashMap<String, AttributeValue>> {
    Some(HashMap::from([("id".to_owned(), text(id))]))
}

#[tokio::test]
async fn a_line_starts_a_cluster() {
    let cluster = Cluster::start().await.unwrap();
    assert_eq!(cluster.endpoints(), [cluster.url()]);
    assert!(cluster.dynamodb().list_tables().send().await.unwrap().table_names().is_empty());
    let (dax, dynamodb) = (cluster.url().replace("dax://", ""), cluster.dynamodb_url().replace("http://", ""));
    drop(cluster);
    for address in [dax, dynamodb] {
        let gone = async {
            while tokio::net::TcpStream::connect(&address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    }
}

#[tokio::test]
async fn tables_and_items_are_there_at_the_start() {
    let links = (0..60).map(|n| json!({ "id": { "S": format!("k{n}") }, "n": { "N": n.to_string() } }));
    let visits = [json!({ "id": { "S": "k1" }, "at": { "N": "1" } })];
    let put_items = vec![items("Links", links), items("Visits", visits)];
    let cluster = ClusterConfig { put_items, tls: true, nodes: 2, ..with_tables() }.start().await.unwrap();
    assert!(cluster.url().starts_with("daxs://") && cluster.endpoints().len() == 2);
    assert_eq!(cluster.dynamodb().scan().table_name("Links").send().await.unwrap().count(), 60);
    assert_eq!(cluster.dynamodb().scan().table_name("Visits").send().await.unwrap().count(), 1);
    cluster.stop().await;
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let error = async |config: ClusterConfig| format!("{:#}", config.start().await.unwrap_err());
    let none = ClusterConfig { nodes: 0, ..ClusterConfig::default() };
    assert!(error(none).await.contains("at least one node"));
    let nameless = ClusterConfig { create_tables: vec![json!({})], ..ClusterConfig::default() };
    assert!(error(nameless).await.contains("has no TableName"));
    let keyless = ClusterConfig { create_tables: vec![json!({ "TableName": "Links" })], ..ClusterConfig::default() };
    let keyless = error(keyless).await;
    assert!(
        keyless.starts_with("cannot create table Links: ") && keyless.ends_with("(ValidationException)"),
        "{keyless}"
    );
    assert!(keyless.len() < 350 && !keyless.contains('{'), "one sentence, not the debug output: {keyless}");
    let homeless = ClusterConfig { put_items: vec![items("Nowhere", [json!({})])], ..ClusterConfig::default() };
    let homeless = error(homeless).await;
    assert!(homeless.starts_with("cannot put items into table Nowhere: "), "{homeless}");
    assert!(homeless.ends_with("(ResourceNotFoundException)"), "{homeless}");
    let odd = ClusterConfig { put_items: vec![items("Links", [json!({ "id": { "N": "1" } })])], ..with_tables() };
    let odd = error(odd).await;
    assert!(odd.starts_with("cannot put items into table Links: ") && odd.ends_with("(ValidationException)"), "{odd}");
    let silent = Some(dax_server::Backend::local("http://127.0.0.1:1"));
    let silent = error(ClusterConfig { backend: silent, ..with_tables() }).await;
    assert!(silent.contains("Connection refused") && silent.len() < 250, "{silent}");
    let no_url = Some(dax_server::Backend::local("localhost:8000"));
    let no_url = error(ClusterConfig { backend: no_url, ..ClusterConfig::default() }).await;
    assert!(no_url.ends_with("such as http://localhost:8000"), "{no_url}");
    let backend = Some(dax_server::Backend::local("http://127.0.0.1:1"));
    let elsewhere = ClusterConfig { backend, persist: Some("x".into()), ..ClusterConfig::default() };
    assert!(error(elsewhere).await.contains("only an embedded DynamoDB"));
}

#[tokio::test]
async fn the_readme_s_tables_and_items_are_taken() {
    let readme = include_str!("../../README.md");
    let mut files = readme.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut next = || serde_json::from_str::<Value>(files.next().unwrap()).unwrap();
    let config = ClusterConfig { create_tables: vec![next()], put_items: vec![next()], ..ClusterConfig::default() };
    let cluster = config.start().await.unwrap();
    let dax = through_dax(&cluster).await;
    let found = dax.get_item().table_name("links").set_key(key("k3")).send().await.unwrap();
    assert_eq!(found.item.unwrap()["url"], text("https://example.com/"));
}
