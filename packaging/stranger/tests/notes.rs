//! With a cluster inside the test.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use dax_client::{Client, Config};
use dax_server::{Cluster, ClusterConfig, FaultAction, FaultRule};
use serde_json::json;
use stranger::{count, days, read, write};

/// A cluster with an empty table.
async fn cluster() -> Cluster {
    let notes = json!({
        "TableName": "notes",
        "AttributeDefinitions": [
            { "AttributeName": "author", "AttributeType": "S" },
            { "AttributeName": "day", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "author", "KeyType": "HASH" },
            { "AttributeName": "day", "KeyType": "RANGE" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    ClusterConfig { nodes: 3, create_tables: vec![notes], ..ClusterConfig::default() }.start().await.unwrap()
}

async fn client(cluster: &Cluster) -> Client {
    let credentials = Credentials::new("any", "any", None, None, "test");
    let config = Config::new(&cluster.url()).unwrap().region("us-east-1").credentials_provider(credentials);
    Client::connect(config).await.unwrap()
}

#[tokio::test]
async fn notes_are_written_and_read() {
    let cluster = cluster().await;
    let dax = client(&cluster).await;
    assert_eq!(read(&dax, "ada", "monday").await.unwrap(), None);
    for day in ["monday", "tuesday", "wednesday"] {
        write(&dax, "ada", day, "sunny").await.unwrap();
    }
    assert_eq!(read(&dax, "ada", "monday").await.unwrap().as_deref(), Some("sunny"));
    assert_eq!(days(&dax, "ada", 2).await.unwrap(), ["monday", "tuesday", "wednesday"]);
}

#[tokio::test]
async fn the_sdk_does_not_know_that_dax_is_behind_it() {
    let cluster = cluster().await;
    let dax = client(&cluster).await;
    write(&dax, "ada", "monday", "sunny").await.unwrap();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .build();
    assert_eq!(count(&dax.to_sdk_client(&config)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_node_that_closes_connections_is_no_failure() {
    let cluster = cluster().await;
    let dax = client(&cluster).await;
    write(&dax, "ada", "monday", "sunny").await.unwrap();
    let mut rule = FaultRule::new(FaultAction::Close);
    rule.node = Some(0);
    cluster.add_fault(rule).unwrap();
    for _ in 0..10 {
        assert_eq!(read(&dax, "ada", "monday").await.unwrap().as_deref(), Some("sunny"));
    }
}
