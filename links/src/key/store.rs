//! The table of keys. One trait per capability: the writer finds keys and notes their use, and cannot make any.

use std::{future::Future, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    operation::{put_item::PutItemError, update_item::UpdateItemError},
};

use super::item::{self, KEY_ATTRIBUTE, KEY_ID, LAST_USED_ON, REVOKED_AT};
use crate::{
    DynamoDbSettings, Put, StoreError, Timestamp,
    dynamodb::LazyClient,
    item::{Item, text, time},
    key::{KeyHash, KeyId, KeyRecord},
};

/// Most keys that are listed, so that a table full of something else ends a listing.
const MAX_LISTED: usize = 10_000;
/// Longest wait for a use to be noted. Noting it is not worth more.
const USE_TIMEOUT: Duration = Duration::from_millis(300);

/// Finds keys.
pub trait KeyReader: Send + Sync {
    /// The key of that hash, revoked or not, as it is in the table now.
    fn find(&self, hash: &KeyHash) -> impl Future<Output = Result<Option<KeyRecord>, StoreError>> + Send;
}

/// Notes the use of keys.
pub trait KeyUsage: Send + Sync {
    /// Notes that a key was used on a day; gives up soon. Never brings a key back that is gone from the table, and
    /// never turns a noted day back.
    fn note_use(&self, hash: &KeyHash, day: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Makes, lists and revokes keys.
pub trait KeyManager: Send + Sync {
    /// Stores a new key, unless its hash is there already.
    fn create(&self, hash: &KeyHash, record: &KeyRecord) -> impl Future<Output = Result<Put, StoreError>> + Send;

    /// All keys, in no order.
    fn list(&self) -> impl Future<Output = Result<KeyList, StoreError>> + Send;

    /// Makes the key of that name open nothing from `now` on.
    fn revoke(&self, key_id: &KeyId, now: Timestamp) -> impl Future<Output = Result<Revoked, StoreError>> + Send;
}

/// What a listing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyRecord>,
    /// Items of the table that are no keys.
    pub unreadable: usize,
    /// Whether there are more than a listing has.
    pub is_cut_off: bool,
}

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The key opens nothing any more.
    Now,
    /// It did not before.
    Before,
    /// There is no such key.
    Unknown,
}

/// A table of keys behind the SDK's client: DynamoDB itself, never DAX, which remembers absence and does not hear of
/// revocations.
#[derive(Debug)]
pub struct KeyTable {
    table: String,
    client: LazyClient,
}

impl KeyTable {
    /// The table of keys `table`, wherever the settings say that the table of links is. Nothing is sent yet.
    pub fn new(settings: &DynamoDbSettings, table: &str) -> Self {
        Self::over(LazyClient::new(settings), table)
    }

    /// The table of keys `table`, behind a client made elsewhere.
    pub fn with_client(client: Client, table: &str) -> Self {
        Self::over(LazyClient::made(client), table)
    }

    pub(crate) fn over(client: LazyClient, table: &str) -> Self {
        Self { table: table.to_owned(), client }
    }

    /// Connects now instead of at the first question, by asking for a key that cannot exist.
    ///
    /// # Errors
    /// [`StoreError`]; the first question tries again.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.find(&KeyHash::NONE).await.map(drop)
    }

    /// Sets a time in an item that is there, if `condition` holds as well; whether it did.
    async fn set_time(
        &self,
        key: Item,
        attribute: &str,
        value: Timestamp,
        condition: &str,
    ) -> Result<bool, StoreError> {
        // An update of an item that is not there would make it.
        let condition = format!("attribute_exists(#hash) AND ({condition})");
        let answer = self
            .client
            .get()
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression("SET #attribute = :value")
            .condition_expression(condition)
            .expression_attribute_names("#hash", KEY_ATTRIBUTE)
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", time(value))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::unavailable("UpdateItem", error)),
        }
    }

    /// Items of the table, all of them or those that are named `key_id`, up to a limit; and whether there are more.
    async fn scan(&self, key_id: Option<&KeyId>) -> Result<(Vec<Item>, bool), StoreError> {
        let mut scan = self.client.get().scan().table_name(&self.table).consistent_read(true);
        if let Some(key_id) = key_id {
            scan = scan
                .filter_expression("#id = :id")
                .expression_attribute_names("#id", KEY_ID)
                .expression_attribute_values(":id", text(key_id.as_str()));
        }
        let mut pages = scan.into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| StoreError::unavailable("Scan", error))?;
            items.extend(page.items.unwrap_or_default());
            if items.len() > MAX_LISTED {
                items.truncate(MAX_LISTED);
                return Ok((items, true));
            }
        }
        Ok((items, false))
    }
}

impl KeyReader for KeyTable {
    async fn find(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, StoreError> {
        let answer = self
            .client
            .get()
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(hash)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::unavailable("GetItem", error))?;
        let record = answer.item.map(item::to_record).transpose();
        record.map_err(|source| StoreError::MalformedKey { source })
    }
}

impl KeyUsage for KeyTable {
    async fn note_use(&self, hash: &KeyHash, day: Timestamp) -> Result<(), StoreError> {
        let newer = "attribute_not_exists(#attribute) OR #attribute < :value";
        let update = self.set_time(item::key(hash), LAST_USED_ON, day, newer);
        // That the condition fails means that somebody else was faster, or that the key is gone: nothing left to do.
        tokio::time::timeout(USE_TIMEOUT, update)
            .await
            .map_err(|elapsed| StoreError::unavailable("UpdateItem", elapsed))?
            .map(drop)
    }
}

impl KeyManager for KeyTable {
    async fn create(&self, hash: &KeyHash, record: &KeyRecord) -> Result<Put, StoreError> {
        let answer = self
            .client
            .get()
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::from_record(hash, record)))
            .condition_expression("attribute_not_exists(#hash)")
            .expression_attribute_names("#hash", KEY_ATTRIBUTE)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Put::Stored),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Put::Taken)
            }
            Err(error) => Err(StoreError::unavailable("PutItem", error)),
        }
    }

    async fn list(&self) -> Result<KeyList, StoreError> {
        let (items, is_cut_off) = self.scan(None).await?;
        let found = items.len();
        let keys: Vec<_> = items.into_iter().filter_map(|item| item::to_record(item).ok()).collect();
        Ok(KeyList { unreadable: found - keys.len(), keys, is_cut_off })
    }

    async fn revoke(&self, key_id: &KeyId, now: Timestamp) -> Result<Revoked, StoreError> {
        let (items, _) = self.scan(Some(key_id)).await?;
        let mut outcome = Revoked::Unknown;
        // Two keys of one name are as good as impossible; if there are, no one of them may go on opening anything.
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
