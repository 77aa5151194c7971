//! The embedded `DynamoDB`: `dynoxide` on a port of its own, behind a counter.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use lambda_local::serve::{Limits, Stop, serve};

/// How often expired items are deleted. `DynamoDB` itself takes up to 48 hours.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// Largest request that `DynamoDB` takes.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Far more than any local call takes; it only bounds the wait.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(60);

/// A table with a string hash key, billed on demand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub(crate) struct TableDefinition {
    pub(crate) name: &'static str,
    /// Name of the hash key.
    pub(crate) key_attribute: &'static str,
    /// Name of the attribute that holds the expiry time in Unix seconds, if items expire.
    pub(crate) ttl_attribute: Option<&'static str>,
    pub(crate) index: Option<IndexDefinition>,
}

/// A global secondary index that holds keys only.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub(crate) struct IndexDefinition {
    pub(crate) name: &'static str,
    /// Name of the hash key, a string.
    pub(crate) hash_attribute: &'static str,
    /// Name of the range key, a number.
    pub(crate) range_attribute: &'static str,
}

/// A store that cannot be opened or lacks its table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory cannot be made.
    #[error("cannot create {0}")]
    Directory(PathBuf, #[source] std::io::Error),
    /// The database cannot be opened.
    #[error("cannot open the database{}", .0.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    Open(Option<PathBuf>, #[source] DynoxideError),
    /// The table is missing and cannot be created.
    #[error("cannot create table {0}")]
    Table(&'static str, #[source] DynoxideError),
}

/// Opens the store in `directory`, or in memory.
pub(crate) fn open(directory: Option<&Path>) -> Result<Database, StoreError> {
    let Some(directory) = directory else {
        return Database::memory().map_err(|error| StoreError::Open(None, error));
    };
    std::fs::create_dir_all(directory).map_err(|error| StoreError::Directory(directory.to_owned(), error))?;
    let file = directory.join("dynamodb.sqlite");
    Database::new(&file.to_string_lossy()).map_err(|error| StoreError::Open(Some(file), error))
}

/// Creates the table with its TTL attribute unless it is there.
pub(crate) fn ensure_table(database: &Database, table: &TableDefinition) -> Result<(), StoreError> {
    create_unless_present(database, table).map_err(|error| StoreError::Table(table.name, error))
}

fn create_unless_present(database: &Database, table: &TableDefinition) -> Result<(), DynoxideError> {
    let described = database.describe_table(input(json!({ "TableName": table.name }))?);
    if described.is_ok() {
        return Ok(());
    }
    let mut attributes = vec![attribute(table.key_attribute, "S")];
    let mut indexes = Vec::new();
    if let Some(index) = &table.index {
        attributes.push(attribute(index.hash_attribute, "S"));
        attributes.push(attribute(index.range_attribute, "N"));
        indexes.push(json!({
            "IndexName": index.name,
            "KeySchema": [key(index.hash_attribute, "HASH"), key(index.range_attribute, "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }));
    }
    database.create_table(input(json!({
        "TableName": table.name,
        "KeySchema": [key(table.key_attribute, "HASH")],
        "AttributeDefinitions": attributes,
        "GlobalSecondaryIndexes": (!indexes.is_empty()).then_some(indexes),
        "BillingMode": "PAY_PER_REQUEST",
    }))?)?;
    if let Some(ttl_attribute) = table.ttl_attribute {
        database.update_time_to_live(input(json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "Enabled": true, "AttributeName": ttl_attribute },
        }))?)?;
    }
    Ok(())
}

fn attribute(name: &str, kind: &str) -> Value {
    json!({ "AttributeName": name, "AttributeType": kind })
}

fn key(name: &str, kind: &str) -> Value {
    json!({ "AttributeName": name, "KeyType": kind })
}

/// The store's input types have no builders; they are made to be read from JSON.
fn input<T: DeserializeOwned>(value: Value) -> Result<T, DynoxideError> {
    serde_json::from_value(value).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

/// A request counter in front of a store, so that a test can prove that something did no I/O.
#[derive(Debug)]
pub(crate) struct Endpoint {
    requests: AtomicU64,
    upstream: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Endpoint {
    /// Starts the store's HTTP server on `inner` and the counter on `outer`.
    pub(crate) fn start(
        database: Database,
        inner: TcpListener,
        outer: TcpListener,
        stop: &Stop,
        tasks: &mut JoinSet<()>,
    ) -> std::io::Result<Arc<Self>> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let endpoint = Arc::new(Self {
            requests: AtomicU64::new(0),
            upstream: inner.local_addr()?,
            client: Client::builder(TokioExecutor::new()).build(connector),
        });
        let mut stopped = stop.clone();
        tasks.spawn(async move {
            let stopped = async move { stopped.stopped().await };
            // It ends when told to; an accept error is retried inside.
            let _ = dynoxide::server::serve_with_shutdown(inner, database, stopped).await;
        });
        let answer = {
            let endpoint = Arc::clone(&endpoint);
            move |_peer, request| {
                let endpoint = Arc::clone(&endpoint);
                async move { endpoint.forward(request).await }
            }
        };
        tasks.spawn(serve(outer, Limits::OUTSIDE, stop.clone(), answer));
        Ok(endpoint)
    }

    /// Requests seen so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn forward(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(UPSTREAM_TIMEOUT, self.exchange(request)).await {
            Ok(Some(response)) => response,
            Ok(None) | Err(_) => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response
            }
        }
    }

    async fn exchange(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let (mut head, body) = request.into_parts();
        let body = Limited::new(body, MAX_REQUEST_BYTES).collect().await.ok()?.to_bytes();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("http://{}{path}", self.upstream).parse().ok()?;
        head.headers.remove(http::header::TRANSFER_ENCODING);
        let response = self.client.request(Request::from_parts(head, Full::new(body))).await.ok()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Response::from_parts(head, Full::new(body)))
    }
}

/// Deletes expired items every now and then until the stack stops.
pub(crate) async fn sweep(database: Database, mut stop: Stop) {
    let mut ticks = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.stopped() => return,
        }
        let database = database.clone();
        // A sweep that fails is tried again with the next tick.
        let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: TableDefinition =
        TableDefinition { name: "table", key_attribute: "id", ttl_attribute: Some("ttl"), index: None };

    fn put(database: &Database, id: &str, ttl: &str) {
        let item = json!({ "id": { "S": id }, "ttl": { "N": ttl } });
        let request = input(json!({ "TableName": TABLE.name, "Item": item })).unwrap();
        database.put_item(request).unwrap();
    }

    fn count(database: &Database) -> usize {
        let request = input(json!({ "TableName": TABLE.name })).unwrap();
        let response = serde_json::to_value(database.scan(request).unwrap()).unwrap();
        response["Items"].as_array().unwrap().len()
    }

    #[test]
    fn a_table_is_created_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        for items in [0, 1] {
            let database = open(Some(directory.path())).unwrap();
            ensure_table(&database, &TABLE).unwrap();
            assert_eq!(count(&database), items);
            put(&database, "a", "1");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = open(Some(&file.path().join("below"))).err().unwrap();
        assert!(matches!(error, StoreError::Directory(..)), "{error}");
    }

    #[tokio::test]
    async fn expired_items_are_swept() {
        let database = open(None).unwrap();
        ensure_table(&database, &TABLE).unwrap();
        put(&database, "expired", "1000000000");
        put(&database, "valid", "4000000000");
        let (stop, stopped) = Stop::channel();
        let sweeper = tokio::spawn(sweep(database.clone(), stopped));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while count(&database) > 1 {
            assert!(tokio::time::Instant::now() < deadline, "nothing is swept");
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        sweeper.await.unwrap();
        assert_eq!(count(&database), 1);
    }
}
