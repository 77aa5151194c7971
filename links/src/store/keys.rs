//! The keys table. One trait per capability: the writer finds keys and notes their use, and cannot create any.

use std::{error::Error, future::Future, time::Duration};

use aws_sdk_dynamodb::Client;

use super::{
    Put,
    client::{DynamoDbSettings, LazyClient, is_condition_failed},
    requests,
};
use crate::{
    Timestamp,
    item::{self, Item, ItemError},
    key::{
        KeyHash, KeyId, KeyRecord,
        item::{HOSTS_KEY, KEY_ATTRIBUTE, KEY_ID, LAST_USED_ON, REVOKED_AT, key, to_record},
    },
};

/// Most keys that are listed, so that a table full of something else does not list for ever.
const MAX_LISTED: usize = 10_000;
/// Longest wait for a use to be noted. A note is not worth more.
const USE_TIMEOUT: Duration = Duration::from_millis(300);

/// Finds keys.
pub trait KeyReader: Send + Sync {
    /// The key of that hash, revoked or not, as it is in the table now.
    fn find(&self, hash: &KeyHash) -> impl Future<Output = Result<Option<KeyRecord>, KeysError>> + Send;
}

/// Notes the use of keys.
pub trait KeyUsage: Send + Sync {
    /// Notes that a key was used on a day; gives up soon. Never restores a key that is gone from the table, and never
    /// sets an earlier day than the noted one.
    fn note_use(&self, hash: &KeyHash, day: Timestamp) -> impl Future<Output = Result<(), KeysError>> + Send;
}

/// Creates, lists and revokes keys.
pub trait KeyManager: Send + Sync {
    /// Stores a new key, unless its hash is there already.
    fn create(&self, hash: &KeyHash, record: &KeyRecord) -> impl Future<Output = Result<Put, KeysError>> + Send;

    /// All keys, in no order.
    fn list(&self) -> impl Future<Output = Result<KeyList, KeysError>> + Send;

    /// Revokes the keys of that name from `now` on.
    fn revoke(&self, key_id: &KeyId, now: Timestamp) -> impl Future<Output = Result<Revoked, KeysError>> + Send;
}

/// What a listing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyRecord>,
    /// How many items of the table are not keys.
    pub unreadable: usize,
    /// Whether there are more keys than a listing has.
    pub is_cut_off: bool,
}

/// The outcome of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The key was valid and is revoked.
    Now,
    /// The key was revoked before.
    Before,
    /// There is no such key.
    Unknown,
}

/// A keys table that did not respond, or holds something else than a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The table could not be reached, refused, or took too long. A write may or may not have happened.
    #[error("{operation} failed")]
    Unavailable {
        /// DynamoDB's name for the operation.
        operation: &'static str,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The stored item is not a key.
    #[error("an item of the keys table is not a key")]
    Malformed {
        /// What is wrong with it.
        source: ItemError,
    },
}

impl KeysError {
    pub(super) fn unavailable<E: Error + Send + Sync + 'static>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unavailable { operation, source: Box::new(error) }
    }
}

/// A keys table behind the SDK's client: DynamoDB itself, never DAX, which caches absence and does not notice
/// revocations.
#[derive(Debug)]
pub struct KeysTable {
    table: String,
    client: LazyClient,
}

impl KeysTable {
    /// The keys table `table`, with the endpoint and the region of the links' table. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings, table: &str) -> Self {
        Self::from_lazy(LazyClient::new(settings), table)
    }

    /// The keys table `table`, behind an existing client.
    pub fn with_client(client: Client, table: &str) -> Self {
        Self::from_lazy(LazyClient::from_client(client), table)
    }

    pub(super) fn from_lazy(client: LazyClient, table: &str) -> Self {
        Self { table: table.to_owned(), client }
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }

    pub(super) fn client(&self) -> &Client {
        self.client.get()
    }

    /// Connects now instead of at the first look-up, by looking up a key that cannot exist.
    ///
    /// # Errors
    /// [`KeysError`]; the first look-up tries again.
    pub async fn connect(&self) -> Result<(), KeysError> {
        self.find(&KeyHash::NONE).await.map(drop)
    }

    /// Sets a time of an existing item if `condition` holds as well; whether it did.
    async fn set_time(&self, key: Item, attribute: &str, value: Timestamp, condition: &str) -> Result<bool, KeysError> {
        let request = requests::set_key_time(&self.table, key, attribute, value, condition);
        match Box::pin(request.send_with(self.client.get())).await {
            Ok(_) => Ok(true),
            Err(error) if is_condition_failed(&error) => Ok(false),
            Err(error) => Err(KeysError::unavailable("UpdateItem")(error)),
        }
    }

    /// Items of the table, all of them or those with that `key_id`, up to a limit; and whether there are more.
    async fn scan(&self, key_id: Option<&KeyId>) -> Result<(Vec<Item>, bool), KeysError> {
        let mut scan = self.client.get().scan().table_name(&self.table).consistent_read(true);
        if let Some(key_id) = key_id {
            scan = scan
                .filter_expression("#id = :id")
                .expression_attribute_names("#id", KEY_ID)
                .expression_attribute_values(":id", item::text(key_id.as_str()));
        }
        let mut pages = scan.into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            items.extend(page.map_err(KeysError::unavailable("Scan"))?.items.unwrap_or_default());
            if items.len() > MAX_LISTED {
                items.truncate(MAX_LISTED);
                return Ok((items, true));
            }
        }
        Ok((items, false))
    }
}

impl KeyReader for KeysTable {
    async fn find(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, KeysError> {
        // On the heap, because the SDK's futures are large and every request with a key waits for this one.
        let output = Box::pin(requests::find_key(&self.table, hash).send_with(self.client.get())).await;
        let item = output.map_err(KeysError::unavailable("GetItem"))?.item;
        item.map(to_record).transpose().map_err(|source| KeysError::Malformed { source })
    }
}

impl KeyUsage for KeysTable {
    async fn note_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), KeysError> {
        let newer = "attribute_not_exists(#attribute) OR #attribute < :value";
        let update = self.set_time(key(hash), LAST_USED_ON, day, newer);
        // If the condition fails, somebody else was faster, or the key is gone: nothing is left to do.
        tokio::time::timeout(USE_TIMEOUT, update).await.map_err(KeysError::unavailable("UpdateItem"))?.map(drop)
    }
}

impl KeyManager for KeysTable {
    async fn create(&self, hash: &KeyHash, record: &KeyRecord) -> Result<Put, KeysError> {
        match requests::create_key(&self.table, hash, record).send_with(self.client.get()).await {
            Ok(_) => Ok(Put::Stored),
            Err(error) if is_condition_failed(&error) => Ok(Put::Taken),
            Err(error) => Err(KeysError::unavailable("PutItem")(error)),
        }
    }

    async fn list(&self) -> Result<KeyList, KeysError> {
        let (mut items, is_cut_off) = self.scan(None).await?;
        // The table also holds the lists of hosts.
        items.retain(|item| item.get(KEY_ATTRIBUTE) != Some(&item::text(HOSTS_KEY)));
        let found = items.len();
        let keys: Vec<_> = items.into_iter().filter_map(|item| to_record(item).ok()).collect();
        Ok(KeyList { unreadable: found - keys.len(), keys, is_cut_off })
    }

    async fn revoke(&self, key_id: &KeyId, now: Timestamp) -> Result<Revoked, KeysError> {
        let (items, _) = self.scan(Some(key_id)).await?;
        let mut outcome = Revoked::Unknown;
        // Two keys of one name are as good as impossible; if there are, none of them may stay valid.
        for mut item in items {
            item.retain(|name, _| name == KEY_ATTRIBUTE);
            let unless_done = "attribute_not_exists(#attribute)";
            if self.set_time(item, REVOKED_AT, now, unless_done).await? {
                outcome = Revoked::Now;
            } else if outcome == Revoked::Unknown {
                outcome = Revoked::Before;
            }
        }
        Ok(outcome)
    }
}
