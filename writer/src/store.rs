//! Where links are written: through DAX if there is one, else straight to the table.
//!
//! There is no falling back from one to the other: DAX remembers that a slug does not exist, and a link that was put
//! past it would go on not existing for its readers. While DAX fails, so do writes.

use links::{
    DaxStore, DynamoDbStore, Found, Freshness, Link, LinkReader, LinkWriter, Put, Slug, StoreError,
};

use crate::Config;

/// The store that the settings describe.
#[derive(Debug)]
pub enum Store {
    /// Through a cluster.
    Dax(Box<DaxStore>),
    /// Without one.
    DynamoDb(DynamoDbStore),
}

impl Store {
    /// Nothing is sent yet.
    pub fn new(config: &Config) -> Self {
        match &config.dax {
            Some(dax) => Self::Dax(Box::new(DaxStore::new(dax, &config.dynamodb))),
            None => Self::DynamoDb(DynamoDbStore::new(config.dynamodb.clone())),
        }
    }

    /// Connects to DAX, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the first request tries again.
    pub async fn connect(&self) -> Result<(), StoreError> {
        match self {
            Self::Dax(store) => store.connect().await,
            Self::DynamoDb(_) => Ok(()),
        }
    }
}

impl LinkReader for Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        match self {
            Self::Dax(store) => store.read(slug, freshness).await,
            Self::DynamoDb(store) => store.read(slug, freshness).await,
        }
    }
}

impl LinkWriter for Store {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        match self {
            Self::Dax(store) => store.create(link).await,
            Self::DynamoDb(store) => store.create(link).await,
        }
    }
}
