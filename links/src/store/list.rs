//! Lists of links: those of an owner, from the index by owner, and all, from the table.
//!
//! The index holds keys only, and is read directly: DAX caches query results and does not notice writes. The links
//! themselves are then read from the table, so that a page shows them as they are. Links of the AWS sample are not in
//! the index, so the list of all links is a scan.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata as _, SdkError},
    operation::query::QueryError,
    types::{AttributeValue, KeysAndAttributes},
};

use super::{LinkLister, Page, Position, StoreError, Whose, batch, dynamodb::DynamoDbStore};
use crate::{
    Slug, Timestamp,
    item::{self, CREATED_AT_ATTRIBUTE, Item, KEY_ATTRIBUTE, OWNER_ATTRIBUTE, OWNER_INDEX},
};

/// Most links on a page of an owner's list: as many keys as one `BatchGetItem` takes.
pub const MAX_PAGE: usize = batch::MAX_KEYS;
/// Most items on a page of the list of all links. DynamoDB ends a page at 1 MB in any case.
pub(super) const MAX_SCAN: usize = 1_000;
impl LinkLister for DynamoDbStore {
    async fn list(&self, whose: Whose<'_>, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        match whose {
            Whose::Owner(owner) => self.of_owner(owner, limit.clamp(1, MAX_PAGE), after).await,
            Whose::Everyone => self.of_everyone(limit.clamp(1, MAX_SCAN), after).await,
        }
    }
}

impl DynamoDbStore {
    async fn of_owner(&self, owner: &str, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        // One more than requested tells whether there is a next page.
        let mut positions = self.positions(owner, limit + 1, after).await?;
        let has_more = positions.len() > limit;
        positions.truncate(limit);
        let next = positions.last().filter(|_| has_more).cloned();
        let mut items = self.items(&positions).await?;
        // An item that is missing was cleaned up between the two reads.
        let found = positions.iter().filter_map(|position| items.remove(&position.key));
        Ok(Page { next, ..page(found) })
    }

    async fn of_everyone(&self, limit: usize, after: Option<&Position>) -> Result<Page, StoreError> {
        let output = self
            .client()
            .scan()
            .table_name(self.table())
            // Whoever looks for links to close must find the one that was made a second ago.
            .consistent_read(true)
            .set_limit(i32::try_from(limit).ok())
            .set_exclusive_start_key(after.map(|position| item::raw_key(&position.key)))
            .send()
            .await
            .map_err(StoreError::unavailable("Scan"))?;
        let last = output.last_evaluated_key.as_ref().and_then(key_of);
        let next = last.map(|key| Position { created_at: Timestamp::from_unix_seconds(0), key });
        Ok(Page { next, ..page(output.items.unwrap_or_default()) })
    }

    async fn positions(
        &self,
        owner: &str,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<Vec<Position>, StoreError> {
        let output = self
            .client()
            .query()
            .table_name(self.table())
            .index_name(OWNER_INDEX)
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", OWNER_ATTRIBUTE)
            .expression_attribute_values(":owner", item::text(owner))
            .scan_index_forward(false)
            .set_limit(i32::try_from(limit).ok())
            .set_exclusive_start_key(after.map(|position| index_key(owner, position)))
            .send()
            .await
            .map_err(query_error)?;
        Ok(output.items().iter().filter_map(position).collect())
    }

    /// The items there, by key.
    async fn items(&self, positions: &[Position]) -> Result<HashMap<String, Item>, StoreError> {
        let keys = positions.iter().map(|position| item::raw_key(&position.key)).collect();
        let how = KeysAndAttributes::builder().consistent_read(true);
        let items = batch::read(self.client(), self.table(), keys, how).await;
        let items = items.map_err(StoreError::unavailable("BatchGetItem"))?;
        Ok(items.into_iter().filter_map(|item| Some((key_of(&item)?, item))).collect())
    }
}

/// The links that items are, in their order.
fn page(items: impl IntoIterator<Item = Item>) -> Page {
    let mut page = Page::default();
    for item in items {
        // An item whose key is not a slug was not created by this service, and no visitor can reach it.
        let Some(slug) = key_of(&item).and_then(|key| key.parse::<Slug>().ok()) else {
            continue;
        };
        match item::to_link(item) {
            Ok(link) => page.links.push(link),
            Err(source) => page.malformed.push(StoreError::Malformed { slug, source }),
        }
    }
    page
}

/// The table of the AWS sample has no index, and DynamoDB says so in words only.
fn query_error(error: SdkError<QueryError>) -> StoreError {
    let is_missing = error.code() == Some("ValidationException")
        && error.message().is_some_and(|message| message.contains("does not have the specified index"));
    if is_missing { StoreError::NoOwnerIndex } else { StoreError::unavailable("Query")(error) }
}

fn index_key(owner: &str, position: &Position) -> Item {
    let mut key = item::raw_key(&position.key);
    key.insert(OWNER_ATTRIBUTE.to_owned(), item::text(owner));
    key.insert(CREATED_AT_ATTRIBUTE.to_owned(), item::time(position.created_at));
    key
}

/// The position of an index entry. DynamoDB guarantees the types of its keys.
fn position(entry: &Item) -> Option<Position> {
    let created_at = entry.get(CREATED_AT_ATTRIBUTE)?.as_n().ok()?.parse().ok()?;
    Some(Position { created_at: Timestamp::from_unix_seconds(created_at), key: key_of(entry)? })
}

fn key_of(item: &Item) -> Option<String> {
    match item.get(KEY_ATTRIBUTE) {
        Some(AttributeValue::S(key)) => Some(key.clone()),
        _ => None,
    }
}
