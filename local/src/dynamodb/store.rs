//! The running store: its tables and its endpoint.

use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use dax_server::embedded::Endpoint;
use dynoxide::{Database, DynoxideError};
use loopback_guard::{Guard, Stop};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::tables::{StoreError, TableDefinition, delete_expired, ensure_table, input, open};

/// An embedded DynamoDB that serves its endpoint until it is stopped or dropped.
pub(crate) struct Store {
    address: SocketAddr,
    database: Database,
    endpoint: Arc<Endpoint>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Store {
    /// Opens the tables in `directory`, or in memory, deletes what has expired, and serves them on `listener` to whom
    /// `guard` admits.
    pub(crate) fn start(
        listener: TcpListener,
        guard: Guard,
        directory: Option<&Path>,
        tables: &[TableDefinition],
    ) -> Result<Self, StoreError> {
        let database = open(directory)?;
        for table in tables {
            ensure_table(&database, table)?;
        }
        delete_expired(&database)?;
        let address = listener.local_addr().map_err(StoreError::Endpoint)?;
        let (stop, stopped) = Stop::channel();
        let mut tasks = JoinSet::new();
        let endpoint = Endpoint::new(database.clone(), stopped.clone()).map_err(StoreError::Endpoint)?;
        tasks.spawn(Arc::clone(&endpoint).serve(listener, guard, stopped));
        Ok(Self { address, database, endpoint, stop, tasks })
    }

    /// URL of the endpoint, `http://127.0.0.1:{port}`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that the endpoint has received.
    pub(crate) fn requests(&self) -> u64 {
        self.endpoint.requests()
    }

    pub(crate) fn put_item(&self, table: &str, item: &Value) -> Result<(), StoreError> {
        self.call(json!({ "TableName": table, "Item": item }), Database::put_item).map(drop)
    }

    pub(crate) fn get_item(&self, table: &str, key: &Value) -> Result<Option<Value>, StoreError> {
        let response = self.call(json!({ "TableName": table, "Key": key }), Database::get_item)?;
        Ok(response.get("Item").cloned())
    }

    pub(crate) fn scan(&self, table: &str) -> Result<Vec<Value>, StoreError> {
        let response = self.call(json!({ "TableName": table }), Database::scan)?;
        Ok(response.get("Items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Carries out a request in DynamoDB JSON, past the endpoint.
    fn call<I: DeserializeOwned, O: Serialize>(
        &self,
        request: Value,
        operation: impl FnOnce(&Database, I) -> Result<O, DynoxideError>,
    ) -> Result<Value, StoreError> {
        let output = input(request).and_then(|input| operation(&self.database, input));
        let output = output.map_err(|error| StoreError::Refused(error.into()))?;
        serde_json::to_value(output).map_err(|error| StoreError::Refused(error.into()))
    }

    /// Lets requests in flight finish for up to two seconds.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Debug for Store {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("address", &self.address).finish_non_exhaustive()
    }
}
