//! Links in a DynamoDB table, read and written directly.

use aws_sdk_dynamodb::Client;

use super::{
    Change, Found, Freshness, LinkReader, LinkWriter, Put, Source, StoreError,
    client::{DynamoDbSettings, LazyClient, is_condition_failed},
    keys::KeysTable,
    requests,
    salts::SaltTable,
};
use crate::{Link, Slug};

/// A table of links that can only be read. The SDK's client is created when it is first needed.
#[derive(Debug)]
pub struct DynamoDbReader {
    table: String,
    client: LazyClient,
}

impl DynamoDbReader {
    /// The links of a table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings) -> Self {
        Self { table: settings.table.clone(), client: LazyClient::new(settings) }
    }

    /// The salts in the table `table` of the same account and region, through the same client.
    pub fn salts(&self, table: &str) -> SaltTable {
        SaltTable::from_lazy(self.client.clone(), table)
    }
}

impl LinkReader for DynamoDbReader {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        let output = requests::read(&self.table, slug, freshness).send_with(self.client.get()).await;
        Found::new(slug, output.map_err(StoreError::unavailable("GetItem"))?.item, Source::DynamoDb)
    }
}

/// A table of links that can be read, written and listed.
#[derive(Debug)]
pub struct DynamoDbStore(DynamoDbReader);

impl DynamoDbStore {
    /// The links of a table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings) -> Self {
        Self(DynamoDbReader::new(settings))
    }

    /// The links of the table `table`, behind an existing client.
    pub fn with_client(client: Client, table: &str) -> Self {
        Self(DynamoDbReader { table: table.to_owned(), client: LazyClient::from_client(client) })
    }

    /// The keys table `table` in the same account and region, through the same client.
    pub fn keys(&self, table: &str) -> KeysTable {
        KeysTable::from_lazy(self.0.client.clone(), table)
    }

    pub(super) fn lazy_client(&self) -> LazyClient {
        self.0.client.clone()
    }

    pub(super) fn table(&self) -> &str {
        &self.0.table
    }

    pub(super) fn client(&self) -> &Client {
        self.0.client.get()
    }
}

impl LinkReader for DynamoDbStore {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        self.0.read(slug, freshness).await
    }
}

impl LinkWriter for DynamoDbStore {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        match requests::create(self.table(), link).send_with(self.client()).await {
            Ok(_) => Ok(Put::Stored),
            Err(error) if is_condition_failed(&error) => Ok(Put::Taken),
            Err(error) => Err(StoreError::unavailable("PutItem")(error)),
        }
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        match requests::update(self.table(), before, after).send_with(self.client()).await {
            Ok(_) => Ok(Change::Stored),
            Err(error) if is_condition_failed(&error) => Ok(Change::Outdated),
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }
}
