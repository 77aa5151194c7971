//! The tables of a stack and their DynamoDB endpoint.

use std::fmt::{self, Debug, Formatter};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use lambda_local::serve::{Stop, bind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::dynamodb::{self, Endpoint, TableDefinition};
use crate::error::{Port, StartError};

/// The embedded DynamoDB refused a request.
#[derive(Debug, thiserror::Error)]
#[error("the embedded DynamoDB refused the request")]
pub struct TableError(#[source] DynoxideError);

/// An embedded DynamoDB that serves its endpoint until it is stopped or dropped.
pub(super) struct Store {
    address: SocketAddr,
    database: Database,
    endpoint: Arc<Endpoint>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Store {
    /// Opens the tables in `directory`, or in memory, and serves them on `listener`.
    pub(super) async fn start(
        listener: TcpListener,
        directory: Option<&Path>,
        tables: &[TableDefinition],
    ) -> Result<Self, StartError> {
        let database = dynamodb::open(directory)?;
        for table in tables {
            dynamodb::ensure_table(&database, table)?;
        }
        Self::serve(listener, database).await.map_err(|source| StartError::Port {
            port: Port::DynamoDb,
            number: 0,
            source,
        })
    }

    async fn serve(listener: TcpListener, database: Database) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = Stop::channel();
        let mut tasks = JoinSet::new();
        let endpoint = Endpoint::start(database.clone(), bind(0).await?, listener, &stopped, &mut tasks)?;
        tasks.spawn(dynamodb::sweep(database.clone(), stopped));
        Ok(Self { address, database, endpoint, stop, tasks })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that the endpoint has received.
    pub(super) fn requests(&self) -> u64 {
        self.endpoint.requests()
    }

    pub(super) fn put_item(&self, table: &str, item: &Value) -> Result<(), TableError> {
        self.call(json!({ "TableName": table, "Item": item }), Database::put_item).map(drop)
    }

    pub(super) fn get_item(&self, table: &str, key: &Value) -> Result<Option<Value>, TableError> {
        let response = self.call(json!({ "TableName": table, "Key": key }), Database::get_item)?;
        Ok(response.get("Item").cloned())
    }

    pub(super) fn scan(&self, table: &str) -> Result<Vec<Value>, TableError> {
        let response = self.call(json!({ "TableName": table }), Database::scan)?;
        Ok(response.get("Items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Carries out a request in DynamoDB JSON.
    fn call<I: DeserializeOwned, O: Serialize>(
        &self,
        request: Value,
        operation: impl FnOnce(&Database, I) -> Result<O, DynoxideError>,
    ) -> Result<Value, TableError> {
        let malformed = |error: serde_json::Error| TableError(DynoxideError::SerializationException(error.to_string()));
        let input = serde_json::from_value(request).map_err(malformed)?;
        let output = operation(&self.database, input).map_err(TableError)?;
        serde_json::to_value(output).map_err(malformed)
    }

    /// Lets requests in flight finish for up to two seconds.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Debug for Store {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("address", &self.address).finish_non_exhaustive()
    }
}
