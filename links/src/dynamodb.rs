//! Links in a DynamoDB table, asked directly.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::{
    KeyTable, Link, Slug, item,
    store::{Change, Found, Freshness, LinkReader, LinkWriter, Put, Source, StoreError},
    update::Update,
};

/// Longest wait for a connection. Table and function are in one region.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest wait for one answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(700);
/// Longest wait for one operation with its repeats, so that two of them fit into the timeout of
/// either function.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_000);

/// Where a table is, and whose rights to use.
#[derive(Clone)]
pub struct DynamoDbSettings {
    /// The table's name.
    pub table: String,
    /// An endpoint other than the region's, such as an emulator's.
    pub endpoint_url: Option<String>,
    /// The table's region.
    pub region: String,
    /// Credentials that outlive the process.
    pub credentials: Credentials,
}

impl DynamoDbSettings {
    fn connect(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new();
        let http = match &self.endpoint_url {
            // No TLS for an emulator: reading the root certificates would be the largest part of a cold start.
            Some(url) if url.starts_with("http://") => http.build_http(),
            _ => http.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
        };
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(http)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        config.set_endpoint_url(self.endpoint_url.clone());
        Client::from_conf(config.build())
    }
}

impl fmt::Debug for DynamoDbSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbSettings")
            .field("table", &self.table)
            .field("endpoint_url", &self.endpoint_url)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// An SDK client that is made when it is first needed, because making one for HTTPS costs three times the rest of a cold
/// start. Its clones are one client, with one set of connections.
#[derive(Debug, Clone)]
pub(crate) struct LazyClient(Arc<LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>>);

impl LazyClient {
    pub(crate) fn new(settings: &DynamoDbSettings) -> Self {
        let settings = settings.clone();
        Self(Arc::new(LazyLock::new(Box::new(move || settings.connect()))))
    }

    /// One that is made already.
    pub(crate) fn made(client: Client) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(move || client))))
    }

    pub(crate) fn get(&self) -> &Client {
        &self.0
    }
}

/// A table behind the SDK's client, which is made when it is first needed.
#[derive(Debug)]
pub struct DynamoDbStore {
    table: String,
    client: LazyClient,
}

impl DynamoDbStore {
    /// The links of a table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings) -> Self {
        Self { table: settings.table.clone(), client: LazyClient::new(settings) }
    }

    /// The table of keys `table` in the same account and region, through the same client.
    pub fn keys(&self, table: &str) -> KeyTable {
        KeyTable::over(self.client.clone(), table)
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn client(&self) -> &Client {
        self.client.get()
    }
}

impl LinkReader for DynamoDbStore {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let answer = self
            .client()
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(slug)))
            .consistent_read(freshness == Freshness::Strong)
            .send()
            .await
            .map_err(|error| StoreError::unavailable("GetItem", error))?;
        Found::new(slug, answer.item, Source::DynamoDb)
    }
}

impl LinkWriter for DynamoDbStore {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        let answer = self
            .client()
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::from_link(link)))
            .condition_expression(item::IS_NEW)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(Put::Taken)
            }
            Err(error) => Err(StoreError::unavailable("PutItem", error)),
        }
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        let update = Update::between(before, after);
        let answer = self
            .client()
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&before.slug)))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Change::Stored),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(Change::Outdated)
            }
            Err(error) => Err(StoreError::unavailable("UpdateItem", error)),
        }
    }
}
