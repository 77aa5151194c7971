//! Where links are stored: behind DAX if there is a cluster, else directly in the table.
//!
//! Writes never bypass DAX while there is a cluster, not even when it fails: DAX remembers that a slug does not exist,
//! so its readers would not see a link that was put directly into the table. While DAX fails, so do writes.

use std::collections::HashMap;

use jiff::civil::Date;
use links::{
    Change, ClickFolder, ClickReader, CountsTable, DaxStore, DynamoDbStore, Found, Freshness, HostChange, HostRules,
    HostStore, HostsChanged, KeysError, KeysTable, Link, LinkLister, LinkReader, LinkWriter, Page, Position, Put, Slug,
    StoreError, Whose,
    clicks::{DayCounts, Fold, Total},
};

use crate::Config;

/// The store that `Config` describes.
#[derive(Debug)]
pub struct Store {
    dax: Option<DaxStore>,
    dynamodb: DynamoDbStore,
    /// Holds the lists of hosts.
    keys: Option<KeysTable>,
    /// Holds what was counted.
    counts: Option<CountsTable>,
}

impl Store {
    /// Opens the store. Sends nothing yet.
    pub fn new(config: &Config) -> Self {
        let dax = config.dax.as_ref();
        let dynamodb = DynamoDbStore::new(&config.dynamodb);
        Self {
            dax: dax.map(|dax| DaxStore::new(dax, &config.dynamodb)),
            counts: config.clicks.as_ref().map(|clicks| dynamodb.counts(&clicks.table)),
            keys: config.keys_table.as_deref().map(|table| dynamodb.keys(table)),
            dynamodb,
        }
    }

    /// The keys table in the same account and region. Reads of it never go through DAX.
    pub(crate) fn keys(&self, table: &str) -> KeysTable {
        self.dynamodb.keys(table)
    }

    /// Connects to DAX, so that the first request finds the connection open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the first request tries again.
    pub async fn connect(&self) -> Result<(), StoreError> {
        match &self.dax {
            Some(dax) => dax.connect().await,
            None => Ok(()),
        }
    }
}

impl LinkReader for Store {
    async fn read(&self, slug: &Slug, freshness: Freshness) -> Result<Found, StoreError> {
        match &self.dax {
            Some(dax) => dax.read(slug, freshness).await,
            None => self.dynamodb.read(slug, freshness).await,
        }
    }
}

impl LinkWriter for Store {
    async fn create(&self, link: &Link) -> Result<Put, StoreError> {
        match &self.dax {
            Some(dax) => dax.create(link).await,
            None => self.dynamodb.create(link).await,
        }
    }

    async fn update(&self, before: &Link, after: &Link) -> Result<Change, StoreError> {
        match &self.dax {
            Some(dax) => dax.update(before, after).await,
            None => self.dynamodb.update(before, after).await,
        }
    }
}

impl LinkLister for Store {
    /// Never through DAX, which caches query results and does not invalidate them on writes.
    async fn list(&self, whose: Whose<'_>, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        self.dynamodb.list(whose, limit, after).await
    }
}

impl HostStore for Store {
    async fn host_rules(&self) -> Result<HostRules, KeysError> {
        match &self.keys {
            Some(keys) => keys.host_rules().await,
            None => Ok(HostRules::default()),
        }
    }

    async fn change_hosts(&self, change: &HostChange) -> Result<HostsChanged, KeysError> {
        match &self.keys {
            Some(keys) => keys.change_hosts(change).await,
            None => Ok(HostsChanged::NoTable),
        }
    }
}

/// Where nothing is counted, there is nothing.
impl ClickReader for Store {
    async fn days(&self, of: &str, first: Date, last: Date) -> Result<Vec<DayCounts>, StoreError> {
        match &self.counts {
            Some(counts) => counts.days(of, first, last).await,
            None => Ok(Vec::new()),
        }
    }

    async fn totals(&self, of: &[String]) -> Result<HashMap<String, Total>, StoreError> {
        match &self.counts {
            Some(counts) => counts.totals(of).await,
            None => Ok(HashMap::new()),
        }
    }
}

impl ClickFolder for Store {
    async fn fold(&self, of: &str, fold: &Fold) -> Result<Change, StoreError> {
        match &self.counts {
            Some(counts) => counts.fold(of, fold).await,
            None => Ok(Change::Outdated),
        }
    }
}
