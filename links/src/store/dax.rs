//! Links in a DynamoDB table, read and written through a DAX cluster.

use std::time::Duration;

use aws_sdk_dynamodb::operation::{RequestId, get_item::GetItemOutput};
use dax_client::{Client, Config, Endpoint, Fallback, ReadRouting, Refresh, RetryPolicy};
use tokio::sync::OnceCell;

use super::{
    Change, Found, Freshness, LinkReader, LinkWriter, Put, Source, StoreError,
    client::{DynamoDbSettings, LazyClient, OPERATION_TIMEOUT},
    requests,
    salts::SaltTable,
};
use crate::{Link, Slug};

/// Longest wait for a connection. Function and cluster are in one network.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How old the list of nodes may get. A request that finds it older refreshes it, because nothing runs between requests.
const ROSTER_AGE: Duration = Duration::from_secs(10);
/// Longest time for DAX where the table is asked after it, whatever is configured: the function is stopped after 5 s, and
/// by then the table has to have been asked.
const LIMIT_WITH_FALLBACK: Duration = Duration::from_secs(2);

/// Where a DAX cluster is.
#[derive(Debug, Clone)]
pub struct DaxSettings {
    /// Its discovery endpoint.
    pub endpoint: Endpoint,
    /// Longest wait for one response.
    pub timeout: Duration,
}

impl DaxSettings {
    /// Longest time for an operation with all its retries and waits, and for connecting.
    #[must_use]
    pub fn total_timeout(&self) -> Duration {
        self.timeout.saturating_mul(3)
    }
}

/// A table of links behind a DAX cluster that can only be read.
#[derive(Debug)]
pub struct DaxReader {
    config: Config,
    table: String,
    client: OnceCell<Client>,
    /// For what does not go through the cluster.
    dynamodb: LazyClient,
}

impl DaxReader {
    /// The links of a table, read from the table itself while the cluster cannot answer. Nothing is sent yet, and the SDK's
    /// client is created when the table is first needed.
    pub fn with_fallback(dax: &DaxSettings, dynamodb: &DynamoDbSettings) -> Self {
        let mut reader = Self::new(dax, dynamodb);
        let table = reader.dynamodb.clone();
        let cluster_time = dax.total_timeout().min(LIMIT_WITH_FALLBACK);
        let fallback = Fallback::lazy(move || std::future::ready(table.get().clone()))
            .cluster_timeout(cluster_time)
            // An execution environment makes one call at a time: a second one would wait as long as the first.
            .open_after(1);
        reader.config = reader.config.total_timeout(cluster_time + OPERATION_TIMEOUT).fallback(fallback);
        reader
    }

    /// The links of a table. Nothing is sent yet.
    pub fn new(dax: &DaxSettings, dynamodb: &DynamoDbSettings) -> Self {
        let config = Config::for_endpoint(dax.endpoint.clone())
            .region(&dynamodb.region)
            .credentials_provider(dynamodb.credentials.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .lookup_timeout(dax.timeout)
            .request_timeout(dax.timeout)
            .total_timeout(dax.total_timeout())
            .read_routing(ReadRouting::StayConnected)
            .refresh(Refresh::OnUse(ROSTER_AGE))
            // Every write has a condition that it makes untrue itself, so it may be repeated when its outcome is
            // unknown: if it had happened, the repetition is refused, and what is stored is what was to be stored.
            .retry(RetryPolicy::new().repeat_unknown_writes(true));
        let config = if dynamodb.platform_trust { config.trust_platform() } else { config };
        Self { config, table: dynamodb.table.clone(), client: OnceCell::new(), dynamodb: LazyClient::new(dynamodb) }
    }

    /// The salts in the table `table` of the same account and region. They do not go through the cluster, which would cache
    /// their absence; their client is that of the fallback.
    pub fn salts(&self, table: &str) -> SaltTable {
        SaltTable::from_lazy(self.dynamodb.clone(), table)
    }

    /// Connects now instead of at the first operation, and learns the table's key. Call it before the first request
    /// has to wait.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the next operation tries again. With a fallback it goes to the table.
    pub async fn connect(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        client.warm_up(&self.table).await.map_err(StoreError::unavailable("DefineKeySchema"))
    }

    async fn client(&self) -> Result<&Client, StoreError> {
        let connect = || Client::connect(self.config.clone());
        self.client.get_or_try_init(connect).await.map_err(StoreError::unavailable("Endpoints"))
    }
}

impl LinkReader for DaxReader {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let input = requests::read(&self.table, slug, freshness).build();
        let input = input.map_err(StoreError::unavailable("GetItem"))?;
        let output = self.client().await?.get_item(input).await.map_err(StoreError::unavailable("GetItem"))?;
        let source = source(&output);
        Found::new(slug, output.item, source)
    }
}

/// Who answered: only DynamoDB numbers its answers.
fn source(output: &GetItemOutput) -> Source {
    if output.request_id().is_some() { Source::DynamoDb } else { Source::Dax }
}

/// A table of links behind a DAX cluster that can be read and written.
#[derive(Debug)]
pub struct DaxStore(DaxReader);

impl DaxStore {
    /// The links of a table. Nothing is sent yet.
    pub fn new(dax: &DaxSettings, dynamodb: &DynamoDbSettings) -> Self {
        Self(DaxReader::new(dax, dynamodb))
    }

    /// See [`DaxReader::connect`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the next operation tries again.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.0.connect().await
    }
}

impl LinkReader for DaxStore {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        self.0.read(slug, freshness).await
    }
}

impl LinkWriter for DaxStore {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        let input = requests::create(&self.0.table, link).build();
        let input = input.map_err(StoreError::unavailable("PutItem"))?;
        match self.0.client().await?.put_item(input).await {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.is_condition_failed() => Ok(Put::Taken),
            Err(error) => Err(StoreError::unavailable("PutItem")(error)),
        }
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        let input = requests::update(&self.0.table, before, after).build();
        let input = input.map_err(StoreError::unavailable("UpdateItem"))?;
        match self.0.client().await?.update_item(input).await {
            Ok(_) => Ok(Change::Stored),
            Err(error) if error.is_condition_failed() => Ok(Change::Outdated),
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }
}
