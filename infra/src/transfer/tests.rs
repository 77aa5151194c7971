//! Export over connections that break, and throttling, with scripted responses.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use links::item::Item;
use serde_json::{Value, json};

use super::dump::dump;
use super::part::Part;
use super::table::{Table, Written};

/// Requests that get through before the connection breaks.
#[derive(Debug, Clone)]
struct Flaky {
    inner: SharedHttpConnector,
    left: Arc<AtomicUsize>,
}

impl HttpConnector for Flaky {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            self.inner.call(request)
        } else {
            HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
        }
    }
}

/// Statuses and bodies, one after another.
#[derive(Debug, Clone)]
struct Scripted(Arc<Mutex<VecDeque<(u16, Value)>>>);

impl HttpConnector for Scripted {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.0.lock().unwrap().pop_front().expect("the script is over");
        let response = http::Response::builder().status(status).body(SdkBody::from(body.to_string())).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::try_from(response).unwrap()))
    }
}

fn table(connector: impl HttpConnector + Clone + 'static, endpoint: &str, attempts: u32) -> Table {
    let connector = SharedHttpConnector::new(connector);
    let credentials = Credentials::new("id", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .endpoint_url(endpoint)
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Table::new(aws_sdk_dynamodb::Client::new(&config), "links")
}

/// A table with `links` links, and its endpoint.
async fn filled(links: usize) -> String {
    let database = Database::memory().unwrap();
    let create = json!({
        "TableName": "links",
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    database.create_table(serde_json::from_value(create).unwrap()).unwrap();
    for number in 0..links {
        let item = json!({ "id": { "S": format!("l{number}") }, "target": { "S": "https://example.com" } });
        let put = json!({ "TableName": "links", "Item": item });
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    endpoint
}

#[tokio::test]
async fn an_export_that_broke_off_goes_on_without_a_line_lost_or_doubled() {
    let endpoint = filled(100).await;
    let flaky = |requests: usize| Flaky {
        inner: SharedHttpConnector::new(Connector::builder().build_http()),
        left: Arc::new(AtomicUsize::new(requests)),
    };
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));

    let mut part = Part::unnamed().unwrap();
    let all = table(flaky(usize::MAX), &endpoint, 1);
    dump(&all, &mut part, None, |_| {}, |_, _| {}).await.unwrap();
    part.merge(std::fs::File::create(&whole).unwrap()).unwrap();

    // Fifteen pages of seven links: three get through, then none, then four, then the rest.
    for (requests, items, resume) in [(3, 21, false), (0, 21, true), (4, 49, true)] {
        let mut part = Part::open(&broken, "links", "eu-central-1", resume).unwrap();
        let table = table(flaky(requests), &endpoint, 1);
        let error = dump(&table, &mut part, Some(7), |_| {}, |_, _| {}).await.unwrap_err();
        assert!(format!("{error:#}").contains("cannot read table links"), "{error:#}");
        assert_eq!(part.items, items);
        assert!(!broken.exists());
    }
    let mut part = Part::open(&broken, "links", "eu-central-1", true).unwrap();
    let mut seen = Vec::new();
    dump(&all, &mut part, Some(7), |items| seen.push(items), |_, _| {}).await.unwrap();
    assert_eq!((seen.first(), seen.last()), (Some(&49), Some(&100)));
    assert_eq!(part.finish(&broken, "").unwrap(), 100);
    assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&broken).unwrap());
}

fn throttled() -> (u16, Value) {
    let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    (400, json!({ "__type": kind, "message": "slower" }))
}

fn item() -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    Item::from([("id".to_owned(), text("a")), ("target".to_owned(), text("u"))])
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out() {
    let script = |throttles: usize| {
        let answers = std::iter::repeat_n(throttled(), throttles).chain([(200, json!({}))]);
        table(Scripted(Arc::new(Mutex::new(answers.collect()))), "http://localhost", 1)
    };
    let put = async |throttles: usize| script(throttles).put(&"a".parse().unwrap(), &item(), false).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(put(5).await.unwrap(), Written::Created);
    assert_eq!(begun.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16);
    let error = put(100).await.unwrap_err();
    assert!(format!("{error:#}").contains("slower"), "{error:#}");
}

#[tokio::test]
async fn a_conflict_without_the_item_is_looked_at() {
    let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    let refused = (400, json!({ "__type": kind, "message": "The conditional request failed" }));
    let check = async |found: Value, expected: Written| {
        let answers = [refused.clone(), (200, json!({ "Item": found }))];
        let script = Scripted(Arc::new(Mutex::new(answers.into())));
        let table = table(script, "http://localhost", 1);
        let written = table.put(&"a".parse().unwrap(), &item(), false).await.unwrap();
        assert_eq!(written, expected);
    };
    check(json!({ "id": { "S": "a" }, "target": { "S": "u" } }), Written::Present).await;
    check(json!({ "id": { "S": "a" }, "target": { "S": "v" } }), Written::Taken).await;
}
