//! Links in a DynamoDB table, asked through a DAX cluster.

use std::time::Duration;

use aws_sdk_dynamodb::operation::{get_item::GetItemInput, put_item::PutItemInput, update_item::UpdateItemInput};
use dax_client::{Client, Config, Endpoint, ReadRouting, Refresh, RetryPolicy};
use tokio::sync::OnceCell;

use crate::{
    DynamoDbSettings, Link, Slug, item,
    store::{Change, Found, Freshness, LinkReader, LinkWriter, Put, Source, StoreError},
    update::Update,
};

/// Longest wait for a connection. Function and cluster are in one network.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How old the list of nodes may get. Fetched by a request that finds it older, because nothing runs between requests.
const ROSTER_AGE: Duration = Duration::from_secs(10);

/// Where a DAX cluster is.
#[derive(Debug, Clone)]
pub struct DaxSettings {
    /// Its discovery endpoint.
    pub endpoint: Endpoint,
    /// Longest wait for one answer; an operation with its repeats takes at most three times that.
    pub timeout: Duration,
}

/// A table behind a DAX cluster.
#[derive(Debug)]
pub struct DaxStore {
    config: Config,
    table: String,
    client: OnceCell<Client>,
}

impl DaxStore {
    /// The links of a table. Nothing is sent yet.
    pub fn new(dax: &DaxSettings, dynamodb: &DynamoDbSettings) -> Self {
        let config = Config::for_endpoint(dax.endpoint.clone())
            .region(&dynamodb.region)
            .credentials_provider(dynamodb.credentials.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .lookup_timeout(dax.timeout)
            .request_timeout(dax.timeout)
            .total_timeout(3 * dax.timeout)
            .read_routing(ReadRouting::StayConnected)
            .refresh(Refresh::OnUse(ROSTER_AGE))
            // Every write has a condition that it makes untrue itself, so it may be repeated when its outcome is
            // unknown: if it had happened, the repetition is refused, and what is stored is what was to be stored.
            .retry(RetryPolicy::new().repeat_unknown_writes(true));
        Self { config, table: dynamodb.table.clone(), client: OnceCell::new() }
    }

    /// Connects now instead of at the first operation, and learns the table's key. To be called before the first
    /// request is waited for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the next operation tries again.
    pub async fn connect(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        client.warm_up(&self.table).await.map_err(|error| StoreError::unavailable("DefineKeySchema", error))
    }

    async fn client(&self) -> Result<&Client, StoreError> {
        let connect = || Client::connect(self.config.clone());
        self.client.get_or_try_init(connect).await.map_err(|error| StoreError::unavailable("Endpoints", error))
    }
}

impl LinkReader for DaxStore {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let input = GetItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(item::key(slug)))
            .consistent_read(freshness == Freshness::Strong)
            .build()
            .map_err(|error| StoreError::unavailable("GetItem", error))?;
        let answer = self.client().await?.get_item(input).await;
        let answer = answer.map_err(|error| StoreError::unavailable("GetItem", error))?;
        Found::new(slug, answer.item, Source::Dax)
    }
}

impl LinkWriter for DaxStore {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        let input = PutItemInput::builder()
            .table_name(&self.table)
            .set_item(Some(item::from_link(link)))
            .condition_expression(item::IS_NEW)
            .build()
            .map_err(|error| StoreError::unavailable("PutItem", error))?;
        match self.client().await?.put_item(input).await {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.is_condition_failed() => Ok(Put::Taken),
            Err(error) => Err(StoreError::unavailable("PutItem", error)),
        }
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        let update = Update::between(before, after);
        let input = UpdateItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(item::key(&before.slug)))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .build()
            .map_err(|error| StoreError::unavailable("UpdateItem", error))?;
        match self.client().await?.update_item(input).await {
            Ok(_) => Ok(Change::Stored),
            Err(error) if error.is_condition_failed() => Ok(Change::Outdated),
            Err(error) => Err(StoreError::unavailable("UpdateItem", error)),
        }
    }
}
