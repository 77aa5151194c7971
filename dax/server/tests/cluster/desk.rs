//! A cluster with a DynamoDB behind it, and a way past the cluster.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};
use dax_server::{Backend, Cluster, ClusterConfig, Counters};
use tokio::net::TcpListener;

use crate::peer::Peer;

/// Table of all tests: hash key `id` (S), one attribute `v` (S).
pub(crate) const TABLE: &str = "Links";

/// Everything must have happened by then.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct Desk {
    pub(crate) cluster: Cluster,
    pub(crate) dynamodb: Client,
}

impl Desk {
    /// A cluster with these settings in front of a fresh DynamoDB.
    pub(crate) async fn new(configure: impl FnOnce(&mut ClusterConfig)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
        let dynamodb = client(&endpoint);
        create_table(&dynamodb).await;
        let mut config = ClusterConfig::new(Backend::local(endpoint));
        configure(&mut config);
        Self { cluster: config.start().await.unwrap(), dynamodb }
    }

    /// A new connection to a node.
    pub(crate) async fn peer(&self, node: usize) -> Peer {
        Peer::connect(&self.cluster.endpoints()[node]).await
    }

    /// Writes past the cluster.
    pub(crate) async fn put_behind(&self, id: &str, v: &str) {
        let put = self.dynamodb.put_item().table_name(TABLE);
        let put = put.item("id", AttributeValue::S(id.into())).item("v", AttributeValue::S(v.into()));
        put.send().await.unwrap();
    }

    /// Reads past the cluster.
    pub(crate) async fn get_behind(&self, id: &str) -> Option<String> {
        let get = self.dynamodb.get_item().table_name(TABLE).key("id", AttributeValue::S(id.into()));
        let item = get.consistent_read(true).send().await.unwrap().item?;
        item.get("v").and_then(|v| v.as_s().ok()).cloned()
    }

    pub(crate) fn counters(&self, node: usize) -> Counters {
        self.cluster.counters(node).unwrap()
    }
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

async fn create_table(dynamodb: &Client) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let create = dynamodb.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(key).attribute_definitions(attribute.build().unwrap());
    create.send().await.unwrap();
}

/// Repeats a question until the answer is the one that is waited for.
pub(crate) async fn eventually<T: PartialEq + std::fmt::Debug>(expected: T, mut ask: impl AsyncFnMut() -> T) {
    let started = tokio::time::Instant::now();
    loop {
        let found = ask().await;
        if found == expected {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "still {found:?} instead of {expected:?} after {DEADLINE:?}");
        tokio::task::yield_now().await;
    }
}
