//! The bridge in front of a cluster and an embedded DynamoDB, as an AWS SDK and as a bare socket meet it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType,
    TransactWriteItem,
};
use dax_bridge::{Bridge, Mode};
use dax_server::{Backend, Cluster, ClusterConfig, Method};
use loopback_guard::{Guard, Stop, bind};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Everything between an SDK and the database, and the SDK.
struct World {
    address: SocketAddr,
    sdk: aws_sdk_dynamodb::Client,
    cluster: Cluster,
    _stop: watch::Sender<bool>,
}

impl World {
    /// With a table `tab`, made through the bridge.
    async fn start(mode: Mode) -> Self {
        let database = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dynamodb = format!("http://{}", database.local_addr().unwrap());
        let memory = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(database, memory, std::future::pending()));
        let cluster = ClusterConfig::new(Backend::local(&dynamodb)).start().await.unwrap();
        let config = dax_client::Config::new(&cluster.endpoints()[0]).unwrap().region("us-east-1");
        let dax = dax_client::Client::connect(config.credentials_provider(credentials())).await.unwrap();
        let (stop, stopped) = Stop::channel();
        let listener = bind(0).await.unwrap();
        let address = listener.local_addr().unwrap();
        let bridge = Bridge::new(dax, &config_of(&dynamodb), mode);
        tokio::spawn(bridge.serve(listener, Guard::for_programs(), stopped));
        let sdk = aws_sdk_dynamodb::Client::from_conf(config_of(&format!("http://{address}")));
        let world = Self { address, sdk, cluster, _stop: stop };
        world.create_table().await;
        world
    }

    async fn create_table(&self) {
        let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
        let pk = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
        let table = self.sdk.create_table().table_name("tab").billing_mode(BillingMode::PayPerRequest);
        table.key_schema(key).attribute_definitions(pk.build().unwrap()).send().await.unwrap();
    }

    /// Status and body of the response to one request, and whether the checksum is right.
    async fn post(&self, path: &str, operation: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\n\
             Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len(),
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(head.contains("content-type: application/x-amz-json-1.0"), "{head}");
        (status, serde_json::from_str(body).unwrap())
    }
}

fn config_of(endpoint: &str) -> aws_sdk_dynamodb::Config {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "test")
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn an_sdk_goes_through_dax(mode: Mode) {
    let world = World::start(mode).await;
    let World { sdk, cluster, .. } = &world;
    sdk.put_item().table_name("tab").item("pk", text("a")).send().await.unwrap();
    let got = sdk.get_item().table_name("tab").key("pk", text("a")).send().await.unwrap();
    assert_eq!(got.item.unwrap()["pk"], text("a"));
    let requests = cluster.counters(0).unwrap().requests;
    assert_eq!((requests[&Method::PutItem], requests[&Method::GetItem]), (1, 1), "both went through the cluster");
    assert_eq!(sdk.list_tables().send().await.unwrap().table_names(), ["tab"], "from DynamoDB");

    let put = sdk.put_item().table_name("tab").item("pk", text("a")).condition_expression("attribute_not_exists(pk)");
    assert!(put.send().await.unwrap_err().into_service_error().is_conditional_check_failed_exception());
    let missing = sdk.get_item().table_name("nowhere").key("pk", text("a")).send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let mistake = sdk.get_item().table_name("tab").key("pk", text("")).send().await.unwrap_err();
    assert_eq!(mistake.code(), Some("ValidationException"));
    let mistyped = Put::builder().table_name("tab").item("pk", AttributeValue::N("1".to_owned())).build().unwrap();
    let writes = sdk.transact_write_items().transact_items(TransactWriteItem::builder().put(mistyped).build());
    let cancelled = writes.send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = cancelled else { panic!("{cancelled}") };
    assert_eq!(cancelled.cancellation_reasons()[0].code(), Some("ValidationError"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sdk_goes_through_core() {
    an_sdk_goes_through_dax(Mode::Core).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sdk_goes_through_drop_in() {
    an_sdk_goes_through_dax(Mode::DropIn).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused() {
    let world = World::start(Mode::Core).await;
    let world = &world;
    let check = async |path: &str, operation: &str, body: &str, status: u16, kind: &str| {
        let (found, answer) = world.post(path, operation, body).await;
        assert_eq!(found, status, "{operation} {body}: {answer}");
        assert!(answer["__type"].as_str().unwrap().ends_with(kind), "{operation} {body}: {answer}");
    };
    let get = |member: &str, value: Value| {
        let mut get = json!({ "TableName": "tab", "Key": { "pk": { "S": "a" } } });
        get[member] = value;
        get.to_string()
    };
    assert_eq!(world.post("/", "GetItem", &get("ConsistentRead", json!(true))).await, (200, json!({})));
    check("/", "GetItem", "{", 400, "#SerializationException").await;
    check("/", "GetItem", "[]", 400, "#SerializationException").await;
    check("/", "GetItem", &get("Consistent", json!(true)), 400, "#SerializationException").await;
    check("/", "GetItem", &get("Key", json!({ "pk": { "X": "a" } })), 400, "#ValidationException").await;
    check("/", "GetItem", &get("TableName", Value::Null), 400, "#ValidationException").await;
    check("/", "FlyToTheMoon", "{}", 400, "#UnknownOperationException").await;
    check("/else", "GetItem", "{}", 404, "#UnknownOperationException").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_is_an_internal_error() {
    let world = World::start(Mode::Core).await;
    world.cluster.stop_node(0).await.unwrap();
    let get = json!({ "TableName": "tab", "Key": { "pk": { "S": "a" } } }).to_string();
    let (status, answer) = world.post("/", "GetItem", &get).await;
    assert_eq!((status, &answer["__type"]), (500, &json!("com.amazonaws.dynamodb.v20120810#InternalServerError")));
}
